# SPDX-License-Identifier: LGPL-2.1-or-later
"""What was right a second ago is wrong now."""

from harness import CPUS

from ..parts import Load, hogs

LOAD = Load("come-and-go", "one busy user who stays, two who come and go every few seconds", (
    hogs("a", 4 * CPUS),
    hogs("b", 2 * CPUS, phase=0.3, on=3.0, off=4.0),
    hogs("c", CPUS, phase=1.7, on=2.5, off=2.5),
), least_seconds=8)
