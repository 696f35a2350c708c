# SPDX-License-Identifier: LGPL-2.1-or-later
"""The service under test, its configuration, and what it leaves behind."""

import pathlib

from .cgroup import Cgroup
from .command import run

BINARY = pathlib.Path("/usr/sbin/fairsliced")
DROP_INS = pathlib.Path("/etc/fairslice/fairsliced.conf.d")
CONTROL = pathlib.Path("/run/systemd/system.control")

# What every case starts from.
INTERVAL = 1.0
THRESHOLD = 0.9
BASE_CONFIGURATION = f"""\
[Manager]
IntervalSec={INTERVAL:g}s
[CPU]
CPUThreshold={THRESHOLD:.0%}
"""


class Service:
    unit = "fairsliced.service"
    cgroup = Cgroup(f"system.slice/{unit}")

    def start(self):
        run("systemctl", "start", self.unit)

    def stop(self):
        run("systemctl", "stop", self.unit)

    def restart(self):
        run("systemctl", "restart", self.unit)

    def reload(self, check=True):
        return run("systemctl", "reload", self.unit, check=check)

    def show(self, name):
        return run("systemctl", "show", f"--property={name}", "--value", self.unit).stdout.strip()

    def main_pid(self):
        return int(self.show("MainPID"))

    def is_active(self):
        return self.show("ActiveState") == "active"

    def active_since(self):
        """When (time.monotonic()) it was last ready."""
        return int(self.show("ActiveEnterTimestampMonotonic")) / 1e6

    def reset(self):
        """Stopped, with the base configuration, and no limits on any user."""
        run("systemctl", "stop", self.unit, check=False)
        run("systemctl", "reset-failed", self.unit, check=False)
        for path in DROP_INS.glob("*"):
            path.unlink()
        write_drop_in("10-base", BASE_CONFIGURATION)
        revert_slices()
        remove_empty_cgroups()


def write_drop_in(name, text):
    """Returns the file's path."""
    DROP_INS.mkdir(parents=True, exist_ok=True)
    path = DROP_INS / f"{name}.conf"
    path.write_text(text, encoding="utf-8")
    return path


def revert_slices():
    units = [path.name.removesuffix(".d") for path in CONTROL.glob("user-*.slice.d")]
    if units:
        run("systemctl", "revert", *units)


def remove_empty_cgroups():
    """Of users who have left: systemd makes one for whatever slice a property is set on."""
    for path in Cgroup("user.slice").path.glob("user-*.slice"):
        if run("systemctl", "is-active", path.name, check=False).returncode != 0:
            path.rmdir()
