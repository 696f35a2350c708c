# SPDX-License-Identifier: LGPL-2.1-or-later
"""How soon something is done about what users do, with the default configuration."""

import contextlib
import itertools
import re
import time

from harness import CPUS, MIB, journal, wait_for
from harness.cgroup import Cgroup
from harness.limits import quotas
from harness.loads import Load, allocate
from harness.machine import KIND, SYSTEMD
from harness.service import Service, write_drop_in

from .clock import sleep_until, urgent
from .programs import Result, program

POLL = 0.002
# Contention that comes back within five seconds is another thing. The part of a second is so that the beginnings are
# spread over all phases of what looks four times a second.
ON, OFF = 3.03, 7.11
MEMORY_MAX = 64
LAST_WAIT = 10
FIRST_VISITOR = 61500

_visitors = itertools.count(FIRST_VISITOR)


def poll(condition, timeout=LAST_WAIT):
    """When (time.monotonic()) it first was true, or None."""
    end = time.monotonic() + timeout
    with urgent():
        while (now := time.monotonic()) < end:
            with contextlib.suppress(OSError):
                if condition():
                    return time.monotonic()
            time.sleep(max(0.0, now + POLL - time.monotonic()))
    return None


@contextlib.contextmanager
def service(text=""):
    running = Service()
    running.reset()
    write_drop_in("50-benchmark", text)
    try:
        running.start()
        yield running
    finally:
        running.reset()


def busy(cleanup, user, threads, *schedule):
    result = Result(user)
    cleanup.callback(result.remove)
    load = Load(user, program("hog"), result.path, threads, *schedule)
    cleanup.callback(load.stop)


def contention(users, times):
    """A user with half of the CPUs, and another one who wants all of them for three seconds, again and again."""
    with contextlib.ExitStack() as cleanup:
        cleanup.enter_context(service())
        a, b = (users.staying(letter) for letter in "ab")
        start = time.monotonic() + 3
        busy(cleanup, a, max(1, CPUS // 2))
        busy(cleanup, b, CPUS, start, ON, OFF)
        for number in range(times.reactions):
            begin = start + number * (ON + OFF)
            sleep_until(begin)
            capped = poll(quotas, ON)
            yield "contention to first quota", capped and capped - begin
            sleep_until(begin + ON)
            if quotas():  # or there is nothing to be lifted
                lifted = poll(lambda: not quotas(), OFF)
                yield "end of contention to no quota", lifted and lifted - begin - ON


class Visitor:
    """A user without a name who was never here before. With systemd, root starts what is in the slice."""

    name = "root"

    def __init__(self):
        self.uid = next(_visitors)
        self.slice = f"user-{self.uid}.slice"

    def __str__(self):
        return str(self.uid)


def login(users, times):
    """From the start of a user's first process until the limit is in the kernel's file."""
    with contextlib.ExitStack() as cleanup:
        cleanup.enter_context(service(f"[Memory]\nMemoryMax={MEMORY_MAX}M\n"))
        time.sleep(1)
        for _ in range(times.reactions):
            user = users.new() if KIND in SYSTEMD else Visitor()
            group = Cgroup(f"user.slice/{user.slice}")
            begin = time.monotonic()
            load = Load(user, "busy", 1)
            stands = poll(lambda group=group: group.memory_max() == MEMORY_MAX * MIB)
            load.stop()
            yield "first process to memory limit", stands and stands - begin
            if KIND in SYSTEMD:
                user.leave()


def kill(users, times):
    """From a kill, as the kernel counts it, until there is a record."""
    user = users.staying("a")
    with contextlib.ExitStack() as cleanup:
        running = cleanup.enter_context(service(f"[User {user.name}]\nMemoryMax={MEMORY_MAX}M\n"))
        wait_for(lambda: user.cgroup.memory_max() == MEMORY_MAX * MIB, 10, "the limit")
        for _ in range(times.reactions):
            seen, kills = _records(running, user), user.kills()
            load = allocate(user, 2 * MEMORY_MAX)
            killed = poll(lambda kills=kills: user.kills() > kills, 30)
            recorded = poll(lambda seen=seen: _records(running, user) > seen) if killed else None
            load.stop()
            yield "kill to record", recorded and recorded - killed
            time.sleep(1)


def _records(running, user):
    """How many the service has written, wherever it writes."""
    if KIND in SYSTEMD:
        return sum(record.get("SLICE") == user.slice for record in journal.out_of_memory_records(0))
    return len(re.findall(rf"{re.escape(user.name)}.*killed", running.said(0)))


def measurements(users, times):
    """Functions that yield (name, seconds or None)."""
    return [lambda: contention(users, times), lambda: login(users, times), lambda: kill(users, times)]
