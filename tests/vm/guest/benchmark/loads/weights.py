# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who has twice the weight gets twice as much."""

from harness import CPUS

from ..parts import Load, hogs

LOAD = Load("weights", "three busy users with CPUWeight= 100, 200 and 400", (
    hogs("a", 2 * CPUS, weight=100),
    hogs("b", 2 * CPUS, weight=200),
    hogs("c", 2 * CPUS, weight=400),
))
