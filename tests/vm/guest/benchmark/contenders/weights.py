# SPDX-License-Identifier: LGPL-2.1-or-later
"""(b) CPUWeight= alone: fair and quick, and nothing is left for the system."""

from .contender import WithoutService


class Weights(WithoutService):
    letter = "b"
    title = "CPUWeight="

    def begin(self, parts):
        super().begin(parts)
        for user, part in parts.items():
            self.place.set_weight(user, part.weight)
