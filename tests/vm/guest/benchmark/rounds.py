# SPDX-License-Identifier: LGPL-2.1-or-later
"""What all rounds say together: medians, and ratios within a round, where both sides had the same neighbours."""

from .fairness import median
from .tables import divided

REFERENCE = "b"
QUOTA_OF_ALL = "c"
DEFAULT = "e"


def in_turn(contenders, number):
    """In the round of this number: each time another one is first, and every other time it goes backwards, so that nobody always
    has to do with what the same one has left behind (warm caches, a busy PID 1)."""
    first = number % len(contenders)
    order = [*contenders[first:], *contenders[:first]]
    return [order[0], *reversed(order[1:])] if number % 2 else order


class Shares:
    """All rounds of one load. `results` is a dictionary of "LOAD CONTENDER" with a list of rounds for each.

    In an emulated machine a second of CPU time is worth what the host has left for the machine at that moment, so there is
    nothing to be said about work.
    """

    def __init__(self, results, load, emulated=False):
        self._emulated = emulated
        self._rounds = {key.rpartition(" ")[2]: rounds for key, rounds in results.items()
                        if key.rpartition(" ")[0] == load}

    def contenders(self):
        return list(self._rounds)

    def median(self, contender, name):
        return median(self.values(contender, name))

    def any(self, contender, name):
        return any(found.get(name) for found in self._rounds.get(contender, []))

    def extreme(self, contender, name, which):
        """`which` is max or min: what is worst of all rounds, which the median of each round's worst would hide."""
        return which((value for value in self.values(contender, name) if value is not None), default=None)

    def everybodys_median(self, name):
        return median([found[name] for rounds in self._rounds.values() for found in rounds])

    def everybodys_most(self, name):
        """One turn of one contender that was disturbed does not show in the median."""
        return max((found[name] for rounds in self._rounds.values() for found in rounds if name in found), default=None)

    def _pairs(self, contender, reference):
        return zip(self._rounds.get(contender, []), self._rounds.get(reference, []))

    def ratios(self, contender, name, reference=REFERENCE):
        """Of each round in which there is one."""
        found = (divided(found[name], other[name]) for found, other in self._pairs(contender, reference))
        return [value for value in found if value is not None]

    def ratio(self, contender, name, reference=REFERENCE):
        return median(self.ratios(contender, name, reference))

    def values(self, contender, name):
        """Of each round."""
        return [found[name] for found in self._rounds.get(contender, [])]

    def works(self, contender):
        """Of each round what got done, as part of what got done with the reference."""
        return [] if self._emulated else [_work(found, other) for found, other in self._pairs(contender, REFERENCE)]

    def work(self, contender):
        return median(self.works(contender))

    def works_of_budget(self, contender):
        """The same for the budget's part of what they could use with the reference. What the light user takes comes out of both,
        since that work is not counted: with it, who uses all of the budget would come to less than all of this."""
        return [] if self._emulated else [divided(_work(found, other), _part_of_others(found, other))
                                          for found, other in self._pairs(contender, REFERENCE)]

    def work_of_budget(self, contender):
        return median(self.works_of_budget(contender))


def _part_of_others(found, other):
    """Where there are more CPUs than they want it is all that they used."""
    *used, _light = other["use"]
    return divided(min(found["budget"] - found["use"][-1], sum(used)), sum(used))


def _work(found, other):
    """Programs count different things, so each counts by the CPU time that the reference took for one of them."""
    done = had = 0.0
    for work, reference, use in zip(found["work"], other["work"], other["use"]):
        if reference:
            done += work * use / reference
            had += use
    return divided(done, had)
