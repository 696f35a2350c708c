# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the cases in tests/vm/cases are written with.

A case is a function that takes a Test and has the decorator @case:

    from harness import case

    @case("a new user is held to MemoryMax")
    def new_user_is_capped(test):
        test.configure("[Memory]\\nMemoryMax=100M")
        test.service.start()
        user = test.new_user()
        test.check(user.cgroup.memory_max() == 100 << 20, "no limit stands")

It runs on machines with systemd and cgroup version 2; one for others says so:
@case("…", on=EVERYWHERE), see machine.py.

Only the standard library is used, as the virtual machine has nothing else.
"""

from . import journal, kernel, machine, mail
from .command import Failure, run, wait_for
from .machine import EVERYWHERE, LEGACY, NATIVE, NOSYSTEMD, RAW, SYSTEMD, UNIFIED, VERSION_1, WITHOUT_SYSTEMD
from .measure import CPUS, jain, measure
from .registry import case
from .service import INTERVAL, THRESHOLD

MIB = 1 << 20

__all__ = ["CPUS", "EVERYWHERE", "Failure", "INTERVAL", "LEGACY", "MIB", "NATIVE", "NOSYSTEMD", "RAW", "SYSTEMD",
           "THRESHOLD", "UNIFIED", "VERSION_1", "WITHOUT_SYSTEMD", "case", "jain", "journal", "kernel", "machine",
           "mail", "measure", "run", "wait_for"]
