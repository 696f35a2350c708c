# SPDX-License-Identifier: LGPL-2.1-or-later
"""What users do: transient services in their slices, or plain processes where there is no systemd."""

import itertools
import os
import pathlib
import signal
import subprocess
import tempfile
import time

from .cgroup import Cgroup
from .command import run, wait_for
from .machine import KIND, WITHOUT_SYSTEMD

PROGRAMS = pathlib.Path(__file__).parent.parent / "programs"

_numbers = itertools.count(1)


class UnitLoad:
    """A program that runs in a user's slice, as that user."""

    def __init__(self, user, program, *arguments):
        self.unit = f"load-{next(_numbers)}-{program}.service"
        self.cgroup = Cgroup(f"user.slice/{user.slice}/{self.unit}")
        run("systemd-run", "--quiet", "--collect", f"--unit={self.unit}",
            f"--uid={user.name}", f"--slice={user.slice}", "--property=KillSignal=SIGKILL",
            PROGRAMS / program, *arguments)

    def kill(self):
        """Ends it at once; returns the time (monotonic) when the last process was gone."""
        self.cgroup.kill()
        wait_for(lambda: not self.is_running(), 10, f"end of {self.unit}", pause=0.005)
        return time.monotonic()

    def is_running(self):
        return self.cgroup.is_populated()

    def stop(self):
        run("systemctl", "stop", self.unit, check=False)

    def output(self):
        return run("journalctl", "--output=cat", f"--unit={self.unit}").stdout


class ChildLoad:
    """A program that runs as a user, as a child of ours with a process group of its own."""

    def __init__(self, user, program, *arguments):
        self.name = f"{program} of {user}"
        self._output = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            ["setpriv", f"--reuid={user.uid}", f"--regid={user.uid}", "--clear-groups", PROGRAMS / program,
             *map(str, arguments)],
            stdin=subprocess.DEVNULL, stdout=self._output, stderr=subprocess.DEVNULL, start_new_session=True)
        self.pid = self._process.pid

    def kill(self):
        """Ends it at once; returns the time (monotonic) when the last process was gone."""
        if self.is_running():
            os.killpg(self.pid, signal.SIGKILL)
            wait_for(lambda: not self.is_running(), 10, f"end of {self.name}", pause=0.005)
        return time.monotonic()

    def is_running(self):
        """Any of its processes; those that we did not start are collected by PID 1."""
        self._process.poll()
        try:
            os.killpg(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def stop(self):
        self.kill()

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
