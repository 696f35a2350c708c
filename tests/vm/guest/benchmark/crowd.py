# SPDX-License-Identifier: LGPL-2.1-or-later
"""Very many slices without anybody in them, where there is no systemd to make them."""

import contextlib

from harness.cgroup import MOUNTS, ROOT
from harness.machine import KIND, VERSION_1

FIRST_UID = 200_000  # nobody's
USER_SLICE = "user.slice"


def _hierarchies():
    if KIND not in VERSION_1:
        return [ROOT]
    # Slices are seen by the one that comes last.
    return list(dict.fromkeys(MOUNTS[name] for name in ("memory", "cpuacct", "cpu") if name in MOUNTS))


def _host_in_version_1():
    """What the service goes by: where the hierarchies begin with a group, as in scripts/bench, the host is that."""
    return "/proc/stat" if (MOUNTS["cpu"] / "release_agent").exists() else MOUNTS["cpuacct"] / "cpuacct.usage"


def _enable_controllers():
    for directory in ROOT, ROOT / USER_SLICE:
        (directory / "cgroup.subtree_control").write_text("+cpu +memory", encoding="ascii")


def usage_counter():
    """Where the slices are, and which file of each has what it used."""
    return (MOUNTS["cpuacct"] / USER_SLICE, "cpuacct.usage") if KIND in VERSION_1 else (ROOT / USER_SLICE, "cpu.stat")


class Crowd:
    """So many slices, in each hierarchy, until they are removed."""

    def __init__(self, count):
        self.names = [f"user-{uid}.slice" for uid in range(FIRST_UID, FIRST_UID + count)]

    def make(self):
        for hierarchy in _hierarchies():
            (hierarchy / USER_SLICE).mkdir(exist_ok=True)
        if KIND not in VERSION_1:
            _enable_controllers()
        for hierarchy in _hierarchies():
            for name in self.names:
                (hierarchy / USER_SLICE / name).mkdir()

    def remove(self):
        """Also after half a make()."""
        for hierarchy in _hierarchies():
            for name in self.names:
                with contextlib.suppress(FileNotFoundError):
                    (hierarchy / USER_SLICE / name).rmdir()
            with contextlib.suppress(OSError):  # somebody else's are in it
                (hierarchy / USER_SLICE).rmdir()

    def files_of_a_look(self, others):
        """What has to be read to know what each slice used and whether it was throttled, and what the host did. Without a
        quota, which only `others` have, nobody is throttled."""
        slices = [*self.names, *(user.slice for user in others)]
        directory, counter = usage_counter()
        files = [directory / name / counter for name in slices]
        if KIND not in VERSION_1:
            return [*files, "/proc/stat"]
        return [*files, *(MOUNTS["cpu"] / USER_SLICE / user.slice / "cpu.stat" for user in others), _host_in_version_1()]
