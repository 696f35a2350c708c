# SPDX-License-Identifier: LGPL-2.1-or-later
"""How soon something is done about what users do, with the default configuration."""

import contextlib
import functools
import itertools
import re
import subprocess
import time

from harness import CPUS, MIB, THRESHOLD, Failure, journal, run, wait_for
from harness.cgroup import Cgroup
from harness.limits import property_of
from harness.loads import Load, allocate
from harness.machine import EMULATED, KIND, SYSTEMD, VERSION_1
from harness.service import Service, write_drop_in

from .clock import sleep_until, urgent
from .programs import Result, program
from .writes import wait_for_write

# Looking takes CPU time itself, and much of it where each instruction is emulated.
POLL = 0.01 if EMULATED else 0.002
# Contention that comes back within five seconds is another thing. The part of a second is so that the beginnings are
# spread over all phases of what looks four times a second.
ON, OFF = 3.03, 9.11 if EMULATED else 7.11
MEMORY_MAX = 64
MEMORY_OF_ALL = f"[Memory]\nMemoryMax={MEMORY_MAX}M\n"
LAST_WAIT = 10
FIRST_VISITOR = 61500
LOGIND = "org.freedesktop.login1"
START_SECONDS = 10.0 if EMULATED else 3.0  # for both users' programs to be there
# So many that each is away for longer than any quota is kept for those who come and go, 40 s (engine/policy.c).
NEWCOMERS = "bcdef"

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


class Quotas:
    """Those of users."""

    def __init__(self, users):
        self._groups = [user.cgroup for user in users]
        names = ("cpu.cfs_quota_us", "cpu.cfs_period_us") if KIND in VERSION_1 else ("cpu.max",)
        self.files = [group.file(name) for group in self._groups for name in names]

    def any(self):
        return any(group.cpu_quota() is not None for group in self._groups)

    def none(self):
        return not self.any()

    def leave(self, cpus):
        """Whether each may use so many CPUs."""
        quotas = [group.cpu_quota() for group in self._groups]
        return all(quota is None or quota >= cpus for quota in quotas)

    def wait_for(self, condition, timeout):
        return wait_for_write(self.files, condition, timeout)


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
        start = time.monotonic() + START_SECONDS
        wanted = max(1, CPUS // 2)
        busy(cleanup, a, wanted)
        busy(cleanup, b, CPUS, start, ON, OFF)
        if time.monotonic() > start:
            raise Failure("it took so long to start both users' programs that the first contention is over")
        quotas, first = Quotas([a, b]), Quotas([a])
        for begin in _beginnings(start, times.reactions, lambda _: quotas.none()):
            capped = quotas.wait_for(quotas.any, ON)
            yield "contention to first quota", capped and capped - begin
            sleep_until(begin + ON)
            if first.leave(wanted):  # there is nothing to be lent back
                continue
            lent = first.wait_for(lambda: first.leave(wanted), OFF)
            yield "end of contention to lend-back", lent and lent - begin - ON
            lifted = first.wait_for(first.none, OFF)
            yield "end of contention to the first one's quota lifted", lifted and lifted - begin - ON
            # The second user's own quota, which keeps nobody from anything, may stay until there are calls to be made anyway.
            lifted = quotas.wait_for(quotas.none, OFF)
            yield "end of contention to no quota", lifted and lifted - begin - ON


def second_hog(users, times):
    """A user who wants all CPUs has the budget, and half of it while there is another one like that. These are several by turns:
    who was there a moment ago may have kept the quota."""
    with contextlib.ExitStack() as cleanup:
        cleanup.enter_context(service())
        a, *others = (users.staying(letter) for letter in ("a", *NEWCOMERS))
        start = time.monotonic() + START_SECONDS
        busy(cleanup, a, CPUS)
        for number, user in enumerate(others):
            busy(cleanup, user, CPUS, start + number * (ON + OFF), ON, len(others) * (ON + OFF) - ON)
        if time.monotonic() > start:
            raise Failure("it took so long to start all users' programs that the second hog has begun")
        first, newcomers, much = Quotas([a]), [Quotas([user]) for user in others], 0.75 * CPUS * THRESHOLD

        def is_ready(number):
            return first.any() and first.leave(much) and newcomers[number % len(newcomers)].none()
        for begin in _beginnings(start, times.reactions, is_ready):
            held = first.wait_for(lambda: not first.leave(much), ON)
            yield "second hog to the first one's quota", held and held - begin
            sleep_until(begin + ON)
            if first.leave(much):
                continue
            lent = first.wait_for(lambda: first.leave(much), OFF)
            yield "end of the second hog to lend-back", lent and lent - begin - ON


def _beginnings(start, times, is_ready):
    """The moments at which the second user begins, just as they come; those before which is_ready(how many there were) says
    that other quotas stand than without that user do not count, since something else on this host has left the users too
    little. There are at most twice as many in all."""
    for number in range(2 * times):
        if times == 0:
            return
        begin = start + number * (ON + OFF)
        if time.monotonic() > begin - POLL:  # what was waited for before took too long
            continue
        sleep_until(begin - POLL)
        if is_ready(number):
            times -= 1
            sleep_until(begin)
            yield begin


def wait_for_limit(group):
    return wait_for_write([group.file(group.MEMORY_MAX)], lambda: group.memory_max() == MEMORY_MAX * MIB, LAST_WAIT)


class Visitor:
    """A user without a name who was never here before. With systemd, root starts what is in the slice."""

    name = "root"

    def __init__(self):
        self.uid = next(_visitors)
        self.slice = f"user-{self.uid}.slice"

    def __str__(self):
        return str(self.uid)


def first_process(_users, times):
    """From the start of a user's first process until the limit is in the kernel's file."""
    with service(MEMORY_OF_ALL):
        time.sleep(1)
        for _ in range(times.reactions):
            user = Visitor()
            group = Cgroup(f"user.slice/{user.slice}")
            begin = time.monotonic()
            load = Load(user, "busy", 1)
            stands = wait_for_limit(group)
            load.stop()
            yield "first process to memory limit", stands and stands - begin


def login(users, times):
    """From when logind has a new user, which it then tells, until the limit is in the kernel's file; and until PID 1 has
    started the user's manager, for which a login waits anyway."""
    with service(MEMORY_OF_ALL):
        for _ in range(times.reactions):
            user = users.new()
            with subprocess.Popen(["loginctl", "enable-linger", user.name]):
                stands = wait_for_limit(user.cgroup)
            user.linger()
            arrival = _arrival(user)
            yield "login to memory limit", stands and stands - arrival
            yield "login to the user's manager", _manager_started(user) - arrival
            user.leave()


def _arrival(user):
    """By logind's own clock, as time.monotonic()."""
    path = run("busctl", "call", LOGIND, "/org/freedesktop/login1", f"{LOGIND}.Manager", "GetUser", "u", user.uid)
    value = run("busctl", "get-property", LOGIND, path.stdout.split('"')[1], f"{LOGIND}.User", "TimestampMonotonic")
    return int(value.stdout.split()[1]) / 1e6


def _manager_started(user):
    return int(property_of(f"user@{user.uid}.service", "ActiveEnterTimestampMonotonic")) / 1e6


def kill(users, times):
    """From a kill, as the kernel counts it, until there is a record."""
    user = users.staying("a")
    with contextlib.ExitStack() as cleanup:
        running = cleanup.enter_context(service(f"[User {user.name}]\nMemoryMax={MEMORY_MAX}M\n"))
        wait_for(lambda: user.cgroup.memory_max() == MEMORY_MAX * MIB, 10, "the limit")
        recorded = _journal_record if KIND in SYSTEMD else _line_said
        for _ in range(times.reactions):
            seen, kills = len(_lines_said(running, user)), _kills(user)
            load = allocate(user, 2 * MEMORY_MAX)
            killed = poll(lambda kills=kills: _kills(user) > kills, 30) and time.time()
            yield "kill to record", killed and recorded(running, user, killed, seen)
            load.stop()
            time.sleep(1)


def _kills(user):
    """Read in next to no time, where the kernel has a counter for that."""
    return user.kills() if KIND in VERSION_1 else user.cgroup.read_keys("memory.events")["oom_kill"]


def _journal_record(_running, user, killed, _seen):
    """Seconds from then until journald had it, as journald says; asking it takes longer than that."""
    end = time.monotonic() + LAST_WAIT
    while time.monotonic() < end:
        had = [int(record["__REALTIME_TIMESTAMP"]) / 1e6 for record in journal.out_of_memory_records(killed - 1)
               if record.get("SLICE") == user.slice]
        if had:
            # The kill may have been up to a POLL before it was seen.
            return max(0.0, had[-1] - killed)
        time.sleep(0.2)
    return None


def _line_said(running, user, killed, seen):
    return poll(lambda: len(_lines_said(running, user)) > seen) and time.time() - killed


def _lines_said(running, user):
    return re.findall(rf"{re.escape(user.name)}.*killed", running.said(0)) if KIND not in SYSTEMD else []


def measurements(users, times):
    """Functions that yield (name, seconds or None)."""
    limits = login if KIND in SYSTEMD else first_process
    halves = [contention] if CPUS > 1 else []  # one CPU has none: the first user would be held back alone
    return [functools.partial(measure, users, times) for measure in (*halves, second_hog, limits, kill)]
