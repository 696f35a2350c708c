# SPDX-License-Identifier: LGPL-2.1-or-later
"""What limits stand on users' slices, as the kernel and as systemd see it."""

import threading
import time

from .cgroup import Cgroup
from .command import run, wait_for


def user_slices():
    return Cgroup("user.slice").groups_below("user-*.slice")


def quotas():
    """The quota (in CPUs) of each slice that has one."""
    return {group.name: group.cpu_quota() for group in user_slices() if group.cpu_quota() is not None}


def no_quota_stands():
    return not quotas()


def quotas_stand(users):
    return all(user.cgroup.cpu_quota() is not None for user in users)


def wait_for_quotas(users):
    return wait_for(lambda: quotas_stand(users), 20, f"a quota for each of {users}")


def property_of(unit, name):
    """As systemd tells it."""
    return run("systemctl", "show", f"--property={name}", "--value", unit).stdout.strip()


class Watch:
    """Calls read() all the time, and keeps each value that differs from the one before, with its time."""

    PAUSE = 0.005

    def __init__(self, read):
        self._read = read
        self._changes = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        last = object()
        while not self._ended.wait(self.PAUSE):
            try:
                value = self._read()
            except OSError:
                value = None
            if value != last:
                self._changes.append((time.time(), value))
                last = value

    def values(self):
        return [value for _, value in list(self._changes)]

    def first(self, wanted, after=0.0):
        """When the value first became what was wanted, or None."""
        return next((when for when, value in list(self._changes) if when >= after and wanted(value)), None)

    def last(self, value):
        """When it last became this value; ValueError if it never was."""
        return max(when for when, seen in list(self._changes) if seen == value)

    def longest(self, value):
        """For how long it was this value at most, in seconds."""
        changes = [*self._changes, (time.time(), None)]
        return max((end - begin for (begin, seen), (end, _) in zip(changes, changes[1:]) if seen == value), default=0.0)

    def wait_for(self, wanted, timeout, what, after=0.0):
        """Waits until the value has become what was wanted; returns when (time.time()) it did."""
        wait_for(lambda: self.first(wanted, after) is not None, timeout, what)
        return self.first(wanted, after)

    def close(self):
        self._ended.set()
        self._thread.join()
