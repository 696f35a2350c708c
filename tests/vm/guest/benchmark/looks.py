# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a look at all slices costs: the service's, and that of what people use or write instead."""

import collections
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import time

from harness import run
from harness.machine import EMULATED

from . import process
from .crowd import USER_SLICE, usage_counter
from .programs import Result, program

PAUSE = 0.25  # the service's own, by default
SEEN_EACH = 0.05  # how often it is looked how much memory somebody else has

# CPU time of one look, and how much memory was resident at most; None is not known.
Cost = collections.namedtuple("Cost", "seconds resident")


def service(pid, seconds, contended):
    """Over so many seconds of looks, with all that it does besides: while the host is contended they come once in a pause.
    None if it is not when this begins and ends: the service looks at next to nothing then."""
    looks, before = contended(), process.cpu_seconds(pid)
    time.sleep(seconds)
    used = process.cpu_seconds(pid) - before
    return used * PAUSE / seconds if looks and contended() else None


# With more slices than this, one round of what is slow takes longer than the pause, and fewer of them do.
MANY_SLICES = 100
# More than these take systemd-cgtop minutes each time where its instructions are emulated.
MOST_EMULATED = 1000


def _rounds(seconds, slices):
    return max(2, round(seconds / PAUSE * min(1, MANY_SLICES / slices)))


def bare_loop(files, seconds):
    """pread() of each file on a descriptor that is held: less is not possible."""
    names, result = Result(), Result()
    names.path.write_text("".join(f"{file}\n" for file in files), encoding="ascii")
    rounds = max(2, round(seconds / PAUSE))
    try:
        run(program("pread-loop"), names.path, result.path, PAUSE, rounds, timeout=60 + 20 * seconds)
        return int(result.words()[0]) / 1e9 / rounds
    finally:
        names.remove()
        result.remove()


def python_loop(seconds, slices):
    rounds = _rounds(seconds, slices)
    script = pathlib.Path(__file__).with_name("python_loop.py")
    done = run(sys.executable, script, PAUSE, rounds, *usage_counter(), timeout=60 + 60 * seconds)
    used, resident = map(int, done.stdout.split())
    return Cost(used / 1e9 / rounds, resident)


def _until_it_ends(child):
    """(Status, what it has used, the most memory that was seen to be resident). What the kernel says of a child's memory
    afterwards has that of who has started it in it."""
    resident = None
    while True:
        pid, status, used = os.wait4(child.pid, os.WNOHANG)
        if pid:
            return status, used, resident
        with contextlib.suppress(AttributeError):  # it has just ended
            resident = process.most_resident_bytes(child.pid)
        time.sleep(SEEN_EACH)


def _cgtop(iterations):
    with subprocess.Popen(["systemd-cgtop", "--batch", "--raw", "--depth=2", f"--iterations={iterations}",
                           f"--delay={PAUSE}", f"/{USER_SLICE}"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as child:
        status, used, resident = _until_it_ends(child)
        child.returncode = os.waitstatus_to_exitcode(status)
    return Cost(used.ru_utime + used.ru_stime, resident) if child.returncode == 0 else Cost(None, None)


def cgtop(seconds, slices):
    """Without its start; unknown where it is not installed, fails, would take too long, or takes less than can be told from
    its start."""
    if not shutil.which("systemd-cgtop") or (EMULATED and slices > MOST_EMULATED):
        return Cost(None, None)
    rounds = _rounds(seconds, slices)
    several, one = _cgtop(rounds + 1), _cgtop(1)
    if several.seconds is None or one.seconds is None or several.seconds <= one.seconds:
        return Cost(None, several.resident)
    return Cost((several.seconds - one.seconds) / rounds, several.resident)
