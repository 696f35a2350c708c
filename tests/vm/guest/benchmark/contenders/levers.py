# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a fair share is made of, each by itself: limits that stand, for users who want more than they get."""

from harness import CPUS, THRESHOLD

from ..parts import LIGHT
from .default import Default
from .weights import Weights

LESS_WEIGHT = 3  # a part of it, as fairsliced gives to who is held back


class LessWeight(Weights):
    """Of all but the light user."""

    letter = "w"
    title = "a third of the weight"
    divisor = LESS_WEIGHT

    def begin(self, weights):
        *others, light = weights
        super().begin({light: weights[light], **{user: weights[user] / self.divisor for user in others}})


class Quotas(LessWeight):
    """The others come to the same of the budget."""

    letter = "q"
    title = "quotas"
    period_usec, divisor = 100_000, 1

    def begin(self, weights):
        super().begin(weights)
        *others, _light = weights
        for user in others:
            self.place.set_quota(user, (CPUS * THRESHOLD - LIGHT.wants) / len(others), self.period_usec)


class ShortPeriods(Quotas):
    letter = "s"
    title = "quotas, in periods of 20 ms"
    period_usec = 20_000


class QuotasAndLessWeight(Quotas):
    letter = "l"
    title = "quotas and a third of the weight"
    divisor = LESS_WEIGHT


LEVERS = (Weights, LessWeight, Quotas, ShortPeriods, QuotasAndLessWeight, Default)
