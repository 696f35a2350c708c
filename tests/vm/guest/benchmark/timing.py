# SPDX-License-Identifier: LGPL-2.1-or-later
"""How long everything takes: a run that is worth writing down, or a quick one that only shows that all of it works."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Timing:
    rounds: int
    settle: float       # seconds, before shares are measured
    seconds: int        # for which they are
    reactions: int      # how often each reaction is provoked
    sizes: tuple        # slices
    cost_seconds: int   # for which the cost of looks is measured
    crowd: int          # users who are idle
    idle_seconds: int   # in each round of what is counted a minute
    rhythms: int        # in which users come and go while calls are counted


FULL = Timing(rounds=5, settle=4, seconds=20, reactions=30, sizes=(10, 100, 1000, 10_000), cost_seconds=10,
              crowd=200, idle_seconds=20, rhythms=3)
# All of it in little more than half an hour where everything is many times slower.
EMULATED = dataclasses.replace(FULL, settle=3, seconds=10, reactions=20)
QUICK = Timing(rounds=1, settle=1, seconds=3, reactions=1, sizes=(10, 100), cost_seconds=2, crowd=20, idle_seconds=3,
               rhythms=1)
