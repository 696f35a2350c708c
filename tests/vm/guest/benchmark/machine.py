# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a run was made on."""

import os
import platform
import time

from harness import CPUS, run
from harness.machine import EMULATED, KIND
from harness.service import BINARY


def _first(path, key, separator):
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            name, _, value = line.partition(separator)
            if name.strip() == key:
                return value.strip().strip('"')
    return "unknown"


def _systemd():
    return run("systemctl", "--version").stdout.split("\n")[0] if os.path.isdir("/run/systemd/system") else "none"


def describe(name, revision):
    """`name` is what scripts/bench calls it, `revision` that of the sources."""
    return {
        "name": name,
        "kind": KIND,
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "cpus": CPUS,
        "cpu": _first("/proc/cpuinfo", "model name", ":"),
        "virtual": " hypervisor " in f" {_first('/proc/cpuinfo', 'flags', ':')} ",
        "emulated": EMULATED,
        "memory_kib": int(_first("/proc/meminfo", "MemTotal", ":").split()[0]),
        "system": _first("/etc/os-release", "PRETTY_NAME", "="),
        "linux": platform.release(),
        "systemd": _systemd(),
        "fairslice": f"{run(BINARY, '--version').stdout.strip()} ({revision})",
        "load": os.getloadavg()[0],
    }
