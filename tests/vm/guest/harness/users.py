# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real users with real slices."""

import contextlib
import os
import pwd
import signal
import subprocess

from . import kernel
from .cgroup import Cgroup
from .command import run, wait_for
from .machine import KIND, WITHOUT_SYSTEMD


def exists(name):
    """As after a reboot."""
    with contextlib.suppress(KeyError):
        return bool(pwd.getpwnam(name))
    return False


class AnyUser:
    def __init__(self, name):
        if not exists(name):
            run("useradd", "--create-home", "--shell", "/bin/bash", name)
        self.name = name
        self.uid = pwd.getpwnam(name).pw_uid
        self.slice = f"user-{self.uid}.slice"
        self.cgroup = Cgroup(f"user.slice/{self.slice}")
        self._killed_before = len(kernel.victims(self.uid))  # of another user who had this UID

    def __repr__(self):
        return f"{self.name} ({self.uid})"

    def kills(self):
        """How many of the user's processes were killed for memory."""
        return len(kernel.victims(self.uid)) - self._killed_before


class SystemdUser(AnyUser):
    def linger(self):
        """Lets logind start the user's manager, and waits for it to be up."""
        run("loginctl", "enable-linger", self.name)
        wait_for(self.cgroup.exists, 30, f"cgroup of {self.slice}")
        wait_for(self._manager_is_up, 60, f"user manager of {self.name}", pause=0.2)

    def _manager_is_up(self):
        return run("systemctl", "is-active", f"user@{self.uid}.service", check=False).returncode == 0

    def leave(self):
        """Ends all that the user runs, and waits for the slice to be gone."""
        run("loginctl", "disable-linger", self.name, check=False)
        run("loginctl", "terminate-user", self.name, check=False)
        run("systemctl", "stop", self.slice, check=False)
        wait_for(lambda: not self._has_slice(), 60, f"end of {self.slice}", pause=0.1)

    def _has_slice(self):
        return run("systemctl", "is-active", self.slice, check=False).returncode == 0


class PlainUser(AnyUser):
    """Has a slice while a process of theirs runs and the service does."""

    def __init__(self, name):
        super().__init__(name)
        self._lingering = None

    def linger(self):
        """Leaves a process there that does nothing."""
        self._lingering = subprocess.Popen(["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups",
                                            "sleep", "infinity"])

    def processes(self):
        return [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and self._owns(pid)]

    def _owns(self, pid):
        try:
            return os.stat(f"/proc/{pid}").st_uid == self.uid
        except OSError:
            return False

    def leave(self):
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if self._lingering:
            self._lingering.wait()
        wait_for(lambda: not self.processes(), 10, f"end of all that {self} runs")


User = PlainUser if KIND in WITHOUT_SYSTEMD else SystemdUser


class Users:
    """Three users, a, b and c, who stay, and new ones for single cases."""

    def __init__(self):
        self._staying = {}
        self._count = 0

    def staying(self, letter):
        if letter not in self._staying:
            user = User(f"staying-{letter}")
            user.linger()
            self._staying[letter] = user
        return self._staying[letter]

    def new(self):
        """A user who has no slice yet."""
        self._count += 1
        return User(f"visitor-{self._count}")
