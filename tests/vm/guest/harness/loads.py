# SPDX-License-Identifier: LGPL-2.1-or-later
"""What users do: transient services in their slices, or plain processes where there is no systemd."""

import functools
import itertools
import os
import pathlib
import signal
import subprocess
import tempfile
import time

from .cgroup import Cgroup, groups_of
from .command import run, wait_for
from .machine import KIND, WITHOUT_SYSTEMD

PROGRAMS = pathlib.Path(__file__).parent.parent / "programs"

_numbers = itertools.count(1)


class UnitLoad:
    """A program that runs in a user's slice, as that user."""

    def __init__(self, user, program, *arguments, groups=()):
        if groups:
            raise ValueError("a unit has a group of its own")
        self.unit = f"load-{next(_numbers)}-{pathlib.Path(program).name}.service"
        self.cgroup = Cgroup(f"user.slice/{user.slice}/{self.unit}")
        run("systemd-run", "--quiet", "--collect", f"--unit={self.unit}",
            f"--uid={user.name}", f"--slice={user.slice}", "--property=KillSignal=SIGKILL",
            "--property=OOMPolicy=continue", PROGRAMS / program, *arguments)

    def kill(self):
        """Ends it at once; returns the time (monotonic) when the last process was gone."""
        self.cgroup.kill()
        wait_for(lambda: not self.is_running(), 10, f"end of {self.unit}", pause=0.005)
        return time.monotonic()

    def is_running(self):
        return self.cgroup.is_populated()

    def stop(self):
        run("systemctl", "stop", self.unit, check=False)

    def where(self):
        """For a message."""
        return f"{self.unit} {'runs' if self.is_running() else 'has no process'}"

    def output(self):
        return run("journalctl", "--output=cat", f"--unit={self.unit}").stdout


def _is_alive_in(process_group, path):
    try:
        state, _, group = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[:3]
    except OSError:
        return False
    return int(group) == process_group and state not in "ZX"


def _join(groups):
    os.setpgid(0, 0)
    for group in groups:
        (group / "cgroup.procs").write_text("0", encoding="ascii")


class ChildLoad:
    """A program that runs as a user, as a child of ours with a process group of its own.

    `groups` are directories of cgroups that it is put into, where there is no service to do that. It then stays in our
    session: the kernel may share out the CPUs by session (sched_autogroup_enabled), and that is not to be taken for
    what a limit does.
    """

    def __init__(self, user, program, *arguments, groups=()):
        self.name = f"{program} of {user}"
        self._output = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            ["setpriv", f"--reuid={user.uid}", f"--regid={user.uid}", "--clear-groups", PROGRAMS / program,
             *map(str, arguments)],
            stdin=subprocess.DEVNULL, stdout=self._output, stderr=subprocess.DEVNULL, start_new_session=not groups,
            preexec_fn=functools.partial(_join, groups) if groups else None)
        self.pid = self._process.pid

    def kill(self):
        """Ends it at once; returns the time (monotonic) when the last process was gone."""
        if self.is_running():
            os.killpg(self.pid, signal.SIGKILL)
            wait_for(lambda: not self.is_running(), 10, f"end of {self.name}", pause=0.005)
        gone = time.monotonic()
        self._process.wait()
        return gone

    def is_running(self):
        """Any of its processes; when PID 1 collects those that have ended is not ours to say."""
        return any(_is_alive_in(self.pid, path) for path in pathlib.Path("/proc").glob("[0-9]*/stat"))

    def stop(self):
        self.kill()

    def where(self):
        """For a message."""
        try:
            return f"PID {self.pid} is in {groups_of(self.pid)}" if self.is_running() else f"PID {self.pid} has ended"
        except FileNotFoundError:
            return f"PID {self.pid} has ended"

    def output(self):
        self._output.seek(0)
        return self._output.read()


Load = ChildLoad if KIND in WITHOUT_SYSTEMD else UnitLoad


def busy(user, processes):
    return Load(user, "busy", processes)


def steady(user, percent):
    return Load(user, "steady", percent)


def allocate(user, mebibytes, *seconds):
    return Load(user, "allocate", mebibytes, *seconds)


def run_out(user, times, mebibytes, pause):
    return Load(user, "run-out", times, mebibytes, pause)
