# SPDX-License-Identifier: LGPL-2.1-or-later
"""Users' slices and their limits, for contenders that have no service to make them."""

import contextlib

from harness import run, wait_for
from harness.cgroup import MOUNTS
from harness.machine import KIND, SYSTEMD

SHARES_PER_WEIGHT = 1024 / 100
PERIOD_USEC = 100_000
USER_SLICE = "user.slice"


class NativePlace:
    """user.slice/user-UID.slice in version 1's hierarchies, made here and removed here."""

    def __init__(self, controllers):
        self._mounts = {name: MOUNTS[name] for name in controllers}
        self._made = []

    def make(self, users):
        for mount in dict.fromkeys(self._mounts.values()):
            self._make(mount / USER_SLICE)
            for user in users:
                self._make(mount / USER_SLICE / user.slice)

    def _make(self, path):
        path.mkdir()  # one that is there already is somebody else's
        self._made.append(path)

    def groups(self, user):
        return [mount / USER_SLICE / user.slice for mount in self._mounts.values()]

    def set_weight(self, user, weight):
        path = self._mounts["cpu"] / USER_SLICE / user.slice / "cpu.shares"
        path.write_text(str(round(weight * SHARES_PER_WEIGHT)), encoding="ascii")

    def set_quota(self, user, cpus, period_usec):
        path = self._mounts["cpu"] / USER_SLICE / user.slice
        (path / "cpu.cfs_period_us").write_text(str(period_usec), encoding="ascii")
        (path / "cpu.cfs_quota_us").write_text(str(round(cpus * period_usec)), encoding="ascii")

    def set_total_quota(self, cpus):
        path = self._mounts["cpu"] / USER_SLICE / "cpu.cfs_quota_us"
        path.write_text(str(round(cpus * PERIOD_USEC)), encoding="ascii")

    def remove(self):
        while self._made:
            path = self._made.pop()
            wait_for(lambda path=path: _removed(path), 3, f"{path} is empty")


def _removed(path):
    with contextlib.suppress(FileNotFoundError):
        path.rmdir()
    return True


class SystemdPlace:
    """The slices are there, since the users linger; limits are set until they are reverted."""

    def __init__(self, _controllers):
        self._units = []

    def make(self, users):
        pass

    def groups(self, _user):
        return []

    def set_weight(self, user, weight):
        self._set(user.slice, f"CPUWeight={max(1, round(weight))}")

    def set_quota(self, user, cpus, period_usec):
        self._set(user.slice, f"CPUQuota={100 * cpus:.0f}%", f"CPUQuotaPeriodSec={period_usec}us")

    def set_total_quota(self, cpus):
        self._set(USER_SLICE, f"CPUQuota={100 * cpus:.0f}%")

    def _set(self, unit, *assignments):
        self._units.append(unit)
        run("systemctl", "set-property", "--runtime", unit, *assignments)

    def remove(self):
        if self._units:
            run("systemctl", "revert", *set(self._units))
            run("systemctl", "daemon-reload")  # what has no drop-in any more is written into the kernel's files
        self._units = []


Place = SystemdPlace if KIND in SYSTEMD else NativePlace
