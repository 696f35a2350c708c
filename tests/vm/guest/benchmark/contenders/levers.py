# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a fair share is made of, each by itself: limits that stand, for those who want more than their share."""

from harness import CPUS, THRESHOLD

from ..fairness import water_fill
from .default import Default
from .weights import Weights

LESS_WEIGHT = 3  # a part of it, as fairsliced gives to who is held back


def held_back(parts):
    """(User, CPUs) of those who want more than that."""
    shares = water_fill([part.wants for part in parts.values()], [part.weight for part in parts.values()], CPUS * THRESHOLD)
    return [(user, share) for (user, part), share in zip(parts.items(), shares) if share < part.wants]


class Lever(Weights):
    divisor = 1  # of the weight
    period_usec = None  # of the quota, if there is one

    def begin(self, parts):
        super().begin(parts)
        for user, share in held_back(parts):
            self.place.set_weight(user, parts[user].weight / self.divisor)
            if self.period_usec is not None:
                self.place.set_quota(user, share, self.period_usec)


class LessWeight(Lever):
    letter = "w"
    title = "a third of the weight"
    divisor = LESS_WEIGHT


class Quotas(Lever):
    letter = "q"
    title = "quotas"
    period_usec = 100_000


class ShortPeriods(Quotas):
    letter = "s"
    title = "quotas, in periods of 20 ms"
    period_usec = 20_000


class QuotasAndLessWeight(Quotas):
    letter = "l"
    title = "quotas and a third of the weight"
    divisor = LESS_WEIGHT


LEVERS = (Weights, LessWeight, Quotas, ShortPeriods, QuotasAndLessWeight, Default)
