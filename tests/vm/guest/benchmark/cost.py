# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the service itself takes."""

import contextlib
import os
import pathlib
import resource
import signal
import subprocess
import time

from harness import CPUS, run, wait_for
from harness.bus import SET_UNIT_PROPERTIES, Monitor
from harness.limits import quotas, quotas_stand
from harness.loads import Load
from harness.machine import EMULATED, KIND, SYSTEMD, WITHOUT_SYSTEMD

from . import looks, process
from .clock import sleep_until
from .crowd import Crowd
from .programs import Result, program
from .reaction import Visitor, busy, service

# What the service holds open of each slice without a quota, and besides: eventfds, of which there are 512 at most.
DESCRIPTORS_PER_SLICE, OTHER_DESCRIPTORS = 1, 800
CHANGING = 20  # of the crowd, where calls of PID 1 are counted
QUOTA, NO_QUOTA = "CPUQuotaPerSecUSec", (1 << 64) - 1
IDLE = "/usr/bin/sleep", "infinity"
IDLE_UNIT = pathlib.Path("/run/systemd/system/fairslice-idle@.service")
# Until the first of them is busy, so that it keeps nobody from starting the others.
FIRST_CHANGE = 40.0 if EMULATED else 5.0
HALVES = 2.5, 5.0, 10.0  # each is busy for so long, and idle for so long
# When the service has just begun it reads the limits of all slices back more often, so many of them in a second.
BEGINS, READ_BACK_A_SECOND = 6.0, 400
SETTLED = 6  # times the seconds of a round, until an idle service does no more than it always does
BEFORE = 20.0  # until it has been going on for a while


def one_size(users, size, times):
    """With so many idle slices, and two users who are busy, so that the service looks all the time."""
    with contextlib.ExitStack() as cleanup:
        crowd = Crowd(size)
        cleanup.callback(crowd.remove)
        crowd.make()
        running = cleanup.enter_context(service())
        busy_users = [users.staying(letter) for letter in "ab"]
        for user in busy_users:
            busy(cleanup, user, CPUS)
        pid, files = running.main_pid(), crowd.files_of_a_look(busy_users)
        with contextlib.suppress(Exception):  # a host that is busy itself has no contention among users
            wait_for(lambda: quotas_stand(busy_users), 10, "contention")
        time.sleep(BEGINS + size / READ_BACK_A_SECOND)
        for _ in range(times.rounds):
            time.sleep(1)
            found = {"slices": size,
                     "service": looks.service(pid, times.cost_seconds, lambda: quotas_stand(busy_users)),
                     "resident": process.resident_bytes(pid), "private": process.private_bytes(pid),
                     "descriptors": process.descriptors(pid)}
            with process.stopped(pid):
                found["bare"] = looks.bare_loop(files, times.cost_seconds)
                found["python"], found["python_resident"] = looks.python_loop(times.cost_seconds, size)
                found["cgtop"], found["cgtop_resident"] = looks.cgtop(times.cost_seconds, size)
            yield f"slices {size}", found


def allow_descriptors():
    """As many as the kernel has for one process, to what is started from now on. Not everybody's root may say so."""
    most = int(pathlib.Path("/proc/sys/fs/nr_open").read_text(encoding="ascii"))
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[0], most))


def can_be_had(size):
    return DESCRIPTORS_PER_SLICE * size + OTHER_DESCRIPTORS <= resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def sizes(users, times):
    allow_descriptors()
    for size in times.sizes:
        if can_be_had(size):
            yield from one_size(users, size, times)
        else:
            yield f"slices {size}", {"slices": size, "descriptors_allowed": resource.getrlimit(resource.RLIMIT_NOFILE)[1]}


@contextlib.contextmanager
def idle_processes(visitors):
    started = []
    try:
        for visitor in visitors:
            started.append(subprocess.Popen(["setpriv", f"--reuid={visitor.uid}", f"--regid={visitor.uid}", "--clear-groups",
                                             *IDLE], start_new_session=True))
        yield
    finally:
        for process_ in started:
            os.killpg(process_.pid, signal.SIGKILL)
            process_.wait()


@contextlib.contextmanager
def idle_units(visitors):
    """Of one template, so that they are started and stopped in one call: one by one, hundreds take minutes."""
    units = [IDLE_UNIT.name.replace("@", f"@{visitor.uid}") for visitor in visitors]
    IDLE_UNIT.write_text(f"[Service]\nSlice=user-%i.slice\nExecStart={' '.join(IDLE)}\nKillSignal=SIGKILL\n", encoding="ascii")
    run("systemctl", "daemon-reload")
    try:
        run("systemctl", "start", *units, timeout=600)
        yield
    finally:
        run("systemctl", "stop", *units, check=False, timeout=600)
        IDLE_UNIT.unlink()
        run("systemctl", "daemon-reload")


@contextlib.contextmanager
def idle_users(count):
    """Each with a process that does nothing, and is so small that memory does not run short."""
    visitors = [Visitor() for _ in range(count)]
    with (idle_processes if KIND in WITHOUT_SYSTEMD else idle_units)(visitors):
        yield visitors


def idle(visitors, times):
    """Nobody does anything."""
    with service() as running:
        time.sleep(SETTLED * times.idle_seconds)  # limits are read back after a start, and ever more seldom
        pid = running.main_pid()
        for _ in range(times.rounds):
            used, woken = process.cpu_seconds(pid), process.wake_ups(pid)
            time.sleep(times.idle_seconds)
            found = {"users": len(visitors), "seconds": times.idle_seconds, "cpu": process.cpu_seconds(pid) - used,
                     "wake_ups": process.wake_ups(pid) - woken}
            found["system_calls"] = process.system_calls(pid, times.idle_seconds)
            yield "idle", found


def stop_units(loads):
    """All at once."""
    if loads:
        run("systemctl", "stop", *(load.unit for load in loads), check=False, timeout=600)


def calls(visitors, times, half):
    """What PID 1 hears while some of very many users begin and end to be busy all the time."""
    with contextlib.ExitStack() as cleanup:
        cleanup.enter_context(service())
        start, loads = time.monotonic() + FIRST_CHANGE, []
        cleanup.callback(lambda: stop_units(loads))
        for number, user in enumerate(visitors[:CHANGING]):
            result = Result(user)
            cleanup.callback(result.remove)
            phase = start + number * 2 * half / CHANGING
            loads.append(Load(user, program("hog"), result.path, 1, phase, half, half))
        monitor = Monitor(SET_UNIT_PROPERTIES)
        cleanup.callback(monitor.close)
        sleep_until(start + BEFORE)
        for _ in range(times.rounds):
            capped = len(quotas())
            before, used, begin = len(monitor.property_calls()), process.cpu_seconds(1), time.monotonic()
            time.sleep(times.idle_seconds)
            used, seconds = process.cpu_seconds(1) - used, time.monotonic() - begin
            made = monitor.property_calls()[before:]
            yield "calls", {"users": len(visitors), "changing": CHANGING, "half": half, "seconds": seconds, "calls": len(made),
                            "lifts": sum(call.properties.get(QUOTA) == NO_QUOTA for call in made), "capped": capped,
                            "cpu_of_pid_1": used, "made": [repr(call) for call in made]}


def among_many(times):
    with idle_users(times.crowd) as visitors:
        yield from idle(visitors, times)
        if KIND in SYSTEMD:
            for half in HALVES[:times.rhythms]:
                yield from calls(visitors, times, half)


def measurements(users, times):
    """Functions that yield (name, numbers)."""
    functions = [lambda: among_many(times)]
    if KIND not in SYSTEMD:
        functions.append(lambda: sizes(users, times))
    return functions
