# SPDX-License-Identifier: LGPL-2.1-or-later
"""Processes that live for some tens of milliseconds, beside threads that stay."""

from harness import CPUS

from ..parts import Load, build, hogs

LOAD = Load("build", "a build with twice as many jobs as CPUs, beside a user with as many busy threads as CPUs", (
    build("a", 2 * CPUS),
    hogs("b", CPUS),
))
