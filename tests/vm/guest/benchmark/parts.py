# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a load is made of: programs of tests/bench/loads, each of one user."""

import dataclasses
import math

from harness import CPUS

MEBIBYTES = 512


@dataclasses.dataclass(frozen=True)
class Part:
    """One program of one user. Times of coming and going count from when all loads start."""

    user: str
    program: str
    arguments: tuple
    wants: float            # CPUs, had it all for itself
    weight: int = 100
    phase: float = 0.0
    on: float = math.inf
    off: float = 0.0

    def is_on(self, when):
        return self.on == math.inf or (when >= self.phase and (when - self.phase) % (self.on + self.off) < self.on)

    def words(self, start):
        """Arguments of the program behind the file of its counter; `start` is time.monotonic() when all start."""
        return self.arguments if self.on == math.inf else (*self.arguments, start + self.phase, self.on, self.off)


@dataclasses.dataclass(frozen=True)
class Load:
    name: str
    title: str
    parts: tuple
    least_seconds: float = 0  # to see anything


def hogs(user, threads, weight=100, **times):
    return Part(user, "hog", (threads,), min(threads, CPUS), weight, **times)


def build(user, jobs):
    return Part(user, "build", (jobs,), min(jobs, CPUS))


def memory_hog(user):
    return Part(user, "memory-hog", (MEBIBYTES,), 1)
