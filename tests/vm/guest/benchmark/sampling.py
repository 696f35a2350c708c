# SPDX-License-Identifier: LGPL-2.1-or-later
"""What all users used, once a second."""

import dataclasses
import time

from harness import Failure
from harness.cgroup import Cgroup
from harness.measure import all_tasks_cpu_seconds

from .clock import sleep_until


def stolen_seconds():
    """CPU time that this host wanted and whoever runs it as a virtual machine gave to others."""
    with open("/proc/stat", encoding="ascii") as file:
        return int(file.readline().split()[8]) / 100


@dataclasses.dataclass(frozen=True)
class Sample:
    time: float
    all_tasks: float    # CPU seconds, like all below
    used: tuple         # of each user
    throttled: tuple
    total_throttled: float
    stolen: float


def take(users):
    return Sample(time.monotonic(), all_tasks_cpu_seconds(),
                  tuple(user.cgroup.cpu_seconds() for user in users),
                  tuple(user.cgroup.throttled_seconds() for user in users),
                  Cgroup("user.slice").throttled_seconds(), stolen_seconds())


def take_each_second(users, begin, seconds):
    """Samples at `begin`, a second later …: one more than there are seconds."""
    samples = []
    for second in range(seconds + 1):
        sleep_until(begin + second)
        samples.append(take(users))
    return samples


def difference(first, last, name):
    return [after - before for before, after in zip(getattr(first, name), getattr(last, name))]


def check(samples):
    """Failure if a user's use went back: then the group is another one than before, and nothing is known."""
    for first, last in zip(samples, samples[1:]):
        if min(difference(first, last, "used"), default=0) < 0:
            raise Failure(f"use went back from {first.used} to {last.used}")
