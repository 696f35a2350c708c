# SPDX-License-Identifier: LGPL-2.1-or-later
"""What kind of machine this is. A case says which kinds it is for."""

import pathlib

UNIFIED = "unified"      # systemd, cgroup version 2
LEGACY = "legacy"        # systemd, version 1 with version 2 beside it
NOSYSTEMD = "nosystemd"  # cgroup version 2, a script as PID 1, no bus

SYSTEMD = UNIFIED, LEGACY
EVERYWHERE = UNIFIED, LEGACY, NOSYSTEMD


def _kind():
    if not pathlib.Path("/run/systemd/system").is_dir():
        return NOSYSTEMD
    return UNIFIED if pathlib.Path("/sys/fs/cgroup/cgroup.controllers").exists() else LEGACY


KIND = _kind()
