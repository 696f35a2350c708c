# SPDX-License-Identifier: LGPL-2.1-or-later
"""Somebody types on a host that is full."""

from harness import CPUS

from ..parts import Load, hogs

LOAD = Load("4-hogs", "four users with as many busy threads as there are CPUs", tuple(hogs(user, CPUS) for user in "abcd"))
