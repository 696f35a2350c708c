# SPDX-License-Identifier: LGPL-2.1-or-later
"""What kind of machine this is. A case says which kinds it is for."""

import pathlib

UNIFIED = "unified"      # systemd, cgroup version 2
LEGACY = "legacy"        # systemd, version 1 with version 2 beside it
NOSYSTEMD = "nosystemd"  # cgroup version 2, a script as PID 1, no bus
NATIVE = "native"        # version 1 and no systemd, as on the host itself: scripts/native

SYSTEMD = UNIFIED, LEGACY
WITHOUT_SYSTEMD = NOSYSTEMD, NATIVE
VERSION_1 = LEGACY, NATIVE
RAW = LEGACY, NOSYSTEMD, NATIVE  # the service writes the kernel's files itself
EVERYWHERE = UNIFIED, LEGACY, NOSYSTEMD, NATIVE


def _is_emulated():
    """Each instruction done by a program (QEMU's TCG): everything takes many times longer."""
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        return any(line.startswith("model name") and "TCG" in line for line in file)


def _kind():
    unified = pathlib.Path("/sys/fs/cgroup/cgroup.controllers").exists()
    if pathlib.Path("/run/systemd/system").is_dir():
        return UNIFIED if unified else LEGACY
    return NOSYSTEMD if unified else NATIVE


KIND = _kind()
EMULATED = _is_emulated()
