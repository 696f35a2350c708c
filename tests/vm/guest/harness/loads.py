# SPDX-License-Identifier: LGPL-2.1-or-later
"""What users do: transient services in their slices."""

import itertools
import pathlib
import time

from .cgroup import Cgroup
from .command import run, wait_for

PROGRAMS = pathlib.Path(__file__).parent.parent / "programs"

_numbers = itertools.count(1)


class Load:
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
        wait_for(lambda: not self.cgroup.is_populated(), 10, f"end of {self.unit}", pause=0.005)
        return time.monotonic()

    def stop(self):
        run("systemctl", "stop", self.unit, check=False)

    def output(self):
        return run("journalctl", "--output=cat", f"--unit={self.unit}").stdout


def busy(user, processes):
    return Load(user, "busy", processes)


def steady(user, percent):
    return Load(user, "steady", percent)


def allocate(user, mebibytes, *seconds):
    return Load(user, "allocate", mebibytes, *seconds)
