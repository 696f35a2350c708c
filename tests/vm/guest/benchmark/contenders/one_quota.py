# SPDX-License-Identifier: LGPL-2.1-or-later
"""(c) The same with one CPUQuota= for all users together: when it is used up everybody waits."""

from harness import CPUS, THRESHOLD

from .weights import Weights


class OneQuota(Weights):
    letter = "c"
    title = "CPUWeight=, and one CPUQuota= on user.slice"

    def begin(self, parts):
        super().begin(parts)
        self.place.set_total_quota(CPUS * THRESHOLD)
