# SPDX-License-Identifier: LGPL-2.1-or-later
"""What users used of the CPUs over a while."""

import os
import time

from .cgroup import Cgroup
from .machine import KIND, VERSION_1

CPUS = os.cpu_count()
_HOST_USAGE = os.environ.get("FAIRSLICE_HOST_USAGE")


def jain(values):
    """Jain's index of fairness: 1 if all are equal, 1/n if one has all."""
    squares = sum(value * value for value in values)
    return sum(values) ** 2 / (len(values) * squares) if squares else 1.0


def all_tasks_cpu_seconds():
    """The CPU time of all tasks of the machine, since boot.

    The kernel keeps the root's cpu.stat by counting ticks, of which a virtual
    machine misses some while its host has no time for it. This one is exact,
    and so is version 1's cpuacct.usage, which does where the kernel has no
    schedstat. Where groups are seen from one of our own (in-own-group), that
    of the real root is handed in.
    """
    if _HOST_USAGE:
        return int(os.pread(int(_HOST_USAGE), 64, 0)) / 1e9
    if KIND in VERSION_1 and not os.path.exists("/proc/schedstat"):
        return Cgroup().cpu_seconds()
    with open("/proc/schedstat", encoding="ascii") as file:
        return sum(int(line.split()[7]) for line in file if line.startswith("cpu")) / 1e9


class Sample:
    def __init__(self, users):
        self.time = time.monotonic()
        self.all_tasks = all_tasks_cpu_seconds()
        self.root = Cgroup().cpu_seconds()
        self.cpu = {user: user.cgroup.cpu_seconds() for user in users}
        self.throttled = {user: user.cgroup.throttled_periods() for user in users}


class Use:
    """The difference of two samples. All rates are in CPUs."""

    def __init__(self, first, last):
        self.seconds = last.time - first.time
        self.of = {user: (last.cpu[user] - first.cpu[user]) / self.seconds for user in first.cpu}
        self.throttled = {user: last.throttled[user] - first.throttled[user] for user in first.cpu}
        self.total = sum(self.of.values())
        self.outside = (last.all_tasks - first.all_tasks) / self.seconds - self.total
        self.outside_by_ticks = (last.root - first.root) / self.seconds - self.total

    def budget(self, threshold):
        """What the users may have together where `threshold` of all CPUs may be used."""
        return CPUS * threshold - self.outside


class Window:
    """Begins when made, ends with end()."""

    def __init__(self, users):
        self._users = users
        self._first = Sample(users)

    def end(self):
        return Use(self._first, Sample(self._users))


def measure(users, seconds):
    window = Window(users)
    time.sleep(seconds)
    return window.end()
