# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reading the files of a cgroup (version 2). None stands for "max"."""

import os
import pathlib
import signal

ROOT = pathlib.Path("/sys/fs/cgroup")
DEFAULT_WEIGHT = 100


class Cgroup:
    def __init__(self, path=""):
        self.path = ROOT / path

    def exists(self):
        return self.path.is_dir()

    def read(self, name):
        return (self.path / name).read_text(encoding="ascii").strip()

    def read_keys(self, name):
        """A file of "KEY VALUE" lines as a dictionary of numbers."""
        return {key: int(value) for key, value in (line.split() for line in self.read(name).splitlines())}

    def _limit(self, name):
        text = self.read(name)
        return None if text == "max" else int(text)

    def cpu_seconds(self):
        return self.read_keys("cpu.stat")["usage_usec"] / 1e6

    def throttled_periods(self):
        return self.read_keys("cpu.stat").get("nr_throttled", 0)

    def cpu_quota(self):
        """As a number of CPUs. A slice without the cpu controller has none."""
        try:
            quota, period = self.read("cpu.max").split()
        except FileNotFoundError:
            return None
        return None if quota == "max" else int(quota) / int(period)

    def cpu_weight(self):
        try:
            return int(self.read("cpu.weight"))
        except FileNotFoundError:
            return DEFAULT_WEIGHT

    def memory_max(self):
        return self._limit("memory.max")

    def memory_current(self):
        return int(self.read("memory.current"))

    def oom_kills(self):
        return self.read_keys("memory.events")["oom_kill"]

    def processes(self):
        """The PIDs here and in all groups below."""
        pids = []
        for directory, _, files in os.walk(self.path):
            if "cgroup.procs" in files:
                pids += [int(pid) for pid in Cgroup(directory).read("cgroup.procs").split()]
        return pids

    def kill(self):
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def is_populated(self):
        return self.exists() and self.read_keys("cgroup.events")["populated"] == 1
