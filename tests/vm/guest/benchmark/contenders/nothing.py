# SPDX-License-Identifier: LGPL-2.1-or-later
"""(a) The kernel shares out by threads."""

from .contender import WithoutService


class Nothing(WithoutService):
    letter = "a"
    title = "nothing"
    controllers = ("cpuacct",)  # to count, not to share
