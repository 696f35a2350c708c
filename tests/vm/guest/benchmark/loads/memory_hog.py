# SPDX-License-Identifier: LGPL-2.1-or-later
"""One user's memory traffic is time of another's, which no scheduler sees."""

from harness import CPUS

from ..parts import Load, build, memory_hog

LOAD = Load("memory-hog", "a build, and beside it a user who goes through 512 MiB again and again", (
    build("a", 2 * CPUS),
    memory_hog("b"),
))
