# SPDX-License-Identifier: LGPL-2.1-or-later
"""What users used of the CPUs over a while."""

import os
import time

from .cgroup import Cgroup

CPUS = os.cpu_count()


def jain(values):
    """Jain's index of fairness: 1 if all are equal, 1/n if one has all."""
    squares = sum(value * value for value in values)
    return sum(values) ** 2 / (len(values) * squares) if squares else 1.0


class Sample:
    def __init__(self, users):
        self.time = time.monotonic()
        self.whole = Cgroup().cpu_seconds()
        self.cpu = {user: user.cgroup.cpu_seconds() for user in users}
        self.throttled = {user: user.cgroup.throttled_periods() for user in users}


class Use:
    """The difference of two samples. All rates are in CPUs."""

    def __init__(self, first, last):
        self.seconds = last.time - first.time
        self.of = {user: (last.cpu[user] - first.cpu[user]) / self.seconds for user in first.cpu}
        self.throttled = {user: last.throttled[user] - first.throttled[user] for user in first.cpu}
        self.total = sum(self.of.values())
        self.outside = (last.whole - first.whole) / self.seconds - self.total

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
