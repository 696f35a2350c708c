# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reading the files of a cgroup, of version 1 and 2 alike. None stands for "max"."""

import contextlib
import errno
import os
import pathlib
import re
import signal

from .machine import KIND, LEGACY, VERSION_1

ROOT = pathlib.Path("/sys/fs/cgroup")
DEFAULT_WEIGHT = 100


def legacy_mounts():
    """Where each controller of version 1 is mounted, and "name=systemd"."""
    found = {}
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            place, _, mount = line.rstrip("\n").partition(" - ")
            kind, _, options = mount.split(" ", 2)
            if kind == "cgroup":
                for option in options.split(","):
                    found.setdefault(option, pathlib.Path(place.split(" ")[4]))
    return found


MOUNTS = legacy_mounts()


@contextlib.contextmanager
def _gone_is_not_found():
    """A file of a group that goes while it is open says that there is no such device, and means what a missing
    one means."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENODEV:
            raise
        raise FileNotFoundError(errno.ENOENT, "the group has gone", error.filename) from error


class AnyCgroup:
    """What is the same in both versions; `hierarchy` is the one that all groups are in."""

    hierarchy = ROOT

    def __init__(self, path=""):
        self._path = pathlib.Path(path)
        self.name = self._path.name
        self.path = self.hierarchy / path

    def groups_below(self, pattern):
        return [type(self)(self._path / path.name) for path in sorted(self.path.glob(pattern))]

    def file(self, name):
        return self.path / name

    def exists(self):
        return self.path.is_dir()

    def directories(self):
        """Those that there are of it, in any hierarchy."""
        return [self.path] if self.exists() else []

    def controllers(self):
        """What the groups below have, where that is a matter of the group."""
        return set()

    def read(self, name):
        with _gone_is_not_found():
            return self.file(name).read_text(encoding="ascii").strip()

    def write(self, name, value):
        with _gone_is_not_found():
            self.file(name).write_text(str(value), encoding="ascii")

    def read_keys(self, name):
        """A file of "KEY VALUE" lines as a dictionary of numbers."""
        return {key: int(value) for key, value in (line.split() for line in self.read(name).splitlines())}

    def throttled_periods(self):
        """A slice without the cpu controller has none."""
        try:
            return self.read_keys("cpu.stat").get("nr_throttled", 0)
        except FileNotFoundError:
            return 0

    def throttled_seconds(self):
        """For how long each CPU's part of the group had to wait for its quota, all added up."""
        try:
            keys = self.read_keys("cpu.stat")
        except FileNotFoundError:
            return 0.0
        return keys.get("throttled_usec", 0) / 1e6 + keys.get("throttled_time", 0) / 1e9

    def processes(self):
        """The PIDs here and in all groups below. A group may go meanwhile."""
        pids = []
        for directory, _, files in os.walk(self.path):
            if "cgroup.procs" in files:
                with contextlib.suppress(FileNotFoundError), _gone_is_not_found():
                    pids += [int(pid) for pid in (pathlib.Path(directory) / "cgroup.procs").read_text().split()]
        return pids

    def kill(self):
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


class UnifiedCgroup(AnyCgroup):
    MEMORY_MAX = "memory.max"
    NO_LIMIT = "max"

    def controllers(self):
        return set(self.read("cgroup.subtree_control").split())

    def _limit(self, name):
        text = self.read(name)
        return None if text == "max" else int(text)

    def cpu_seconds(self):
        return self.read_keys("cpu.stat")["usage_usec"] / 1e6

    def cpu_quota(self):
        """As a number of CPUs. A slice without the cpu controller has none."""
        try:
            quota, period = self.read("cpu.max").split()
        except FileNotFoundError:
            return None
        return None if quota == "max" else int(quota) / int(period)

    def has_weight(self):
        """Whether the kernel shares out the CPUs between this group and those beside it."""
        return self.file("cpu.weight").exists()

    def cpu_weight(self):
        try:
            return int(self.read("cpu.weight"))
        except FileNotFoundError:
            return DEFAULT_WEIGHT

    def memory_max(self):
        return self._limit(self.MEMORY_MAX)

    def memory_high(self):
        return self._limit("memory.high")

    def memory_current(self):
        return int(self.read("memory.current"))

    def is_populated(self):
        try:
            return self.read_keys("cgroup.events")["populated"] == 1
        except FileNotFoundError:
            return False


class LegacyCgroup(AnyCgroup):
    """A directory in each of several hierarchies. Without one of its own, a controller's values are those of
    the group above, which for a slice is as good as none."""

    MEMORY_MAX = "memory.limit_in_bytes"
    NO_LIMIT = "-1"

    hierarchy = MOUNTS.get("name=systemd" if KIND == LEGACY else "cpu", ROOT)

    def file(self, name):
        controller = name.partition(".")[0]
        return super().file(name) if controller == "cgroup" else MOUNTS[controller] / self._path / name

    def directories(self):
        return [path for path in {mount / self._path for mount in MOUNTS.values()} if path.is_dir()]

    def _limit(self, name):
        try:
            value = int(self.read(name))
        except FileNotFoundError:
            return None
        return None if value >= 1 << 62 else value

    def cpu_seconds(self):
        try:
            return int(self.read("cpuacct.usage")) / 1e9
        except FileNotFoundError:
            return 0.0

    def cpu_quota(self):
        try:
            quota = int(self.read("cpu.cfs_quota_us"))
        except FileNotFoundError:
            return None
        return None if quota < 0 else quota / int(self.read("cpu.cfs_period_us"))

    def has_weight(self):
        return self.file("cpu.shares").exists()

    def cpu_weight(self):
        try:
            return round(int(self.read("cpu.shares")) * DEFAULT_WEIGHT / 1024)
        except FileNotFoundError:
            return DEFAULT_WEIGHT

    def memory_max(self):
        return self._limit(self.MEMORY_MAX)

    def memory_high(self):
        return self._limit("memory.soft_limit_in_bytes")

    def memory_current(self):
        return int(self.read("memory.usage_in_bytes"))

    def is_populated(self):
        return bool(self.processes())


Cgroup = LegacyCgroup if KIND in VERSION_1 else UnifiedCgroup


def groups_of(pid):
    """The path of a process in each hierarchy that the service has to do with."""
    with open(f"/proc/{pid}/cgroup", encoding="utf-8", errors="surrogateescape") as file:
        found = dict(re.findall(r"^\d+:([^:]*):(.*)$", file.read(), flags=re.MULTILINE))
    ours = {"cpu", "cpuacct", "memory"} if KIND in VERSION_1 else {""}
    return {name: path for name, path in found.items() if not ours.isdisjoint(name.split(","))}


def is_in(pid, path):
    """Whether the process is in this group in all of them."""
    return set(groups_of(pid).values()) == {path}
