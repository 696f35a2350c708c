# SPDX-License-Identifier: LGPL-2.1-or-later
"""The service under test, its configuration, and what it leaves behind."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess

from . import journal
from .cgroup import Cgroup
from .command import Failure, run, wait_for
from .limits import user_slices
from .machine import KIND, NATIVE, WITHOUT_SYSTEMD

BINARY = pathlib.Path(os.environ.get("FAIRSLICED", "/usr/sbin/fairsliced"))
DROP_INS = pathlib.Path("/etc/fairslice/fairsliced.conf.d")
CONTROL = pathlib.Path("/run/systemd/system.control")
# Limits that were set over the bus, for now and for good.
SET_FOR_NOW = pathlib.Path("/run/fairslice/control.d")
STATE = pathlib.Path(os.environ.get("STATE_DIRECTORY", "/var/lib/fairslice"))
SET_FOR_GOOD = STATE / "control.d"
# Mail that is to be written, and that is to be sent; what it says.
MAIL = STATE / "mail"
SPOOL = pathlib.Path("/var/spool/fairslice")
TEMPLATES = pathlib.Path("/etc/fairslice/templates")
# Where there is no journal. fairsliced's own directory is its own business.
LOG = pathlib.Path("/run/fairslice-test.log")
NOTIFY = pathlib.Path("/run/fairslice-test.notify")

# What every case starts from.
INTERVAL = 1.0
THRESHOLD = 0.9
BASE_CONFIGURATION = f"""\
[Manager]
IntervalSec={INTERVAL:g}s
[CPU]
CPUThreshold={THRESHOLD:.0%}
"""


class UnitService:
    """A service of systemd's."""

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

    def said(self, since):
        """Its lines, and systemd's about it, since a time (time.time())."""
        return journal.text(since, f"--unit={self.unit}", "--output=short-precise")

    def reset(self):
        """Stopped, with the base configuration, and no limits on any user."""
        for unit in "fairslice-mail.path", "fairslice-mail.service", self.unit:
            run("systemctl", "stop", unit, check=False)
            run("systemctl", "reset-failed", unit, check=False)
        forget_set_limits()
        forget_mail()
        write_base_configuration()
        revert_slices()
        remove_empty_cgroups()


class ChildService:
    """A child of ours, which says that it is ready as it would to systemd (sd_notify(3))."""

    def __init__(self):
        self._process = None

    def start(self):
        NOTIFY.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready, LOG.open("ab") as log:
            ready.bind(str(NOTIFY))
            ready.settimeout(0.2)
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", BINARY], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, "NOTIFY_SOCKET": str(NOTIFY)}, start_new_session=True)
            wait_for(lambda: self._says_ready(ready), 60, "the service is ready", pause=0)

    def _says_ready(self, ready):
        if not self.is_active():
            raise Failure(f"the service has ended: status {self._process.returncode}")
        return b"READY=1" in ready.recv(4096).split(b"\n")

    def stop(self):
        if self._process:
            self._process.terminate()
            self._process.wait(30)
            self.status = self._process.returncode

    def restart(self):
        self.stop()
        self.start()

    def reload(self, check=True):
        checked = run(BINARY, "--check", check=check)
        if checked.returncode == 0:
            os.kill(self.main_pid(), signal.SIGHUP)
        return checked

    def main_pid(self):
        return self._process.pid

    def is_active(self):
        return self._process is not None and self._process.poll() is None

    def wait(self):
        """For its end, after a signal."""
        self._process.wait(30)

    def said(self, _since):
        return LOG.read_text(encoding="utf-8", errors="replace")

    def reset(self):
        self.stop()
        self._process = None
        LOG.write_bytes(b"")
        forget_set_limits()
        forget_mail()
        write_base_configuration()


Service = ChildService if KIND in WITHOUT_SYSTEMD else UnitService


def write_drop_in(name, text):
    """Returns the file's path."""
    DROP_INS.mkdir(parents=True, exist_ok=True)
    path = DROP_INS / f"{name}.conf"
    path.write_text(text, encoding="utf-8")
    return path


def write_base_configuration():
    for path in DROP_INS.glob("*"):
        path.unlink()
    write_drop_in("10-base", BASE_CONFIGURATION)


def forget_set_limits():
    for directory in SET_FOR_NOW, SET_FOR_GOOD:
        for path in directory.glob("*"):
            path.unlink()


def forget_mail():
    if KIND == NATIVE:  # the host's own
        return
    for path in MAIL, *SPOOL.rglob("*"):
        if not path.is_dir():
            path.unlink(missing_ok=True)
    shutil.rmtree(TEMPLATES, ignore_errors=True)


def revert_slices():
    units = [path.name.removesuffix(".d") for path in CONTROL.glob("user-*.slice.d")]
    if units:
        run("systemctl", "revert", *units)
    lift_memory_limits()


def lift_memory_limits():
    """A drop-in that is gone is no reason for systemd to write the files of a slice that runs. Version 1 has others."""
    for group in user_slices():
        for name in "memory.max", "memory.high", "memory.swap.max":
            with contextlib.suppress(FileNotFoundError):  # the slice may go meanwhile
                if group.file(name).exists():
                    group.write(name, "max")


def remove_empty_cgroups():
    """Of users who have left: systemd makes one for whatever slice a property is set on."""
    for group in user_slices():
        if run("systemctl", "is-active", group.name, check=False).returncode != 0:
            with contextlib.suppress(FileNotFoundError):  # systemd was faster
                group.path.rmdir()
