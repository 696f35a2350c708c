# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is to be reached with the defaults, and where it was not."""

from .fairness import median, percentile
from .rounds import DEFAULT, QUOTA_OF_ALL
from .tables import divided, index, mebibytes, milliseconds, number, percent, ratio

HEADROOM = 0.10


def worst(values, highest):
    """(value, name) of what is worst; (None, "") of nothing."""
    known = [(value, name) for name, value in values.items() if value is not None]
    return (max if highest else min)(known, default=(None, ""))


def where_worst(values, highest):
    """The same, with those that nothing is known of behind the name: the others' figure does not speak for them."""
    value, name = worst(values, highest)
    unknown = [other for other, found in values.items() if found is None]
    return value, "; ".join([name, *([f"not measured: {', '.join(unknown)}"] if unknown else [])]) if value is not None else ""


class Goal:
    def __init__(self, text, wanted, value, where, met, show):  # pylint: disable=too-many-arguments
        narrowly = ", by less than can be seen here" if wanted.endswith(f" {show(value)}") else ""
        self.cells = [text, wanted, show(value) + (f" ({where})" if where else ""),
                      "not measured" if value is None else "yes" if met(value) else f"**no**{narrowly}"]


def _at_least(text, bound, values, show):
    value, where = where_worst(values, False)
    return Goal(text, f"≥ {show(bound)}", value, where, lambda found: found >= bound, show)


def _at_most(text, bound, values, show):
    value, where = where_worst(values, True)
    return Goal(text, f"≤ {show(bound)}", value, where, lambda found: found <= bound, show)


def shares_goals(loads):
    """`loads` is a dictionary of Shares."""
    def each(function):
        """Where there are so many CPUs that nobody ever lacked any there is nothing to be judged."""
        return {name: None if shares.median(DEFAULT, "use_of_budget") is None else function(shares)
                for name, shares in loads.items()}

    def off_headroom(shares):
        left = shares.median(DEFAULT, "headroom")
        return None if left is None else abs(left - HEADROOM)
    return [
        _at_least("Jain's index over 10 s", 0.99, each(lambda s: s.median(DEFAULT, "jain_10s")), index),
        _at_least("Jain's index over 1 s", 0.95, each(lambda s: s.median(DEFAULT, "jain_1s")), index),
        _at_least("use of the budget while somebody wants more", 0.98,
                  each(lambda s: s.median(DEFAULT, "use_of_budget")), percent),
        _at_most("headroom: off the 10 % of all CPUs that were asked for by", 0.01, each(off_headroom), percent),
        _at_most("the light user's p99 ÷ that of (b)", 1.0, each(lambda s: s.ratio(DEFAULT, "light_p99")), ratio),
        _at_most("the light user's p99 ÷ that of (c)", 0.5,
                 each(lambda s: s.ratio(DEFAULT, "light_p99", QUOTA_OF_ALL)), ratio),
        _at_least("work of the others ÷ the budget's part of (b)'s", 0.99,
                  each(lambda s: s.work_of_budget(DEFAULT)), percent),
    ]


REACTIONS = {  # name: goal in seconds, the percentile that has to reach it
    "contention to first quota": (0.750, 99),
    "second hog to the first one's quota": (0.750, 99),
    "end of contention to lend-back": (1.0, 99),
    "end of the second hog to lend-back": (1.0, 99),
    "end of contention to the first one's quota lifted": (1.0, 99),
    "end of contention to no quota": (None, 99),
    "login to memory limit": (0.200, 99),
    "first process to memory limit": (0.200, 99),
    "kill to record": (None, 99),
}


# With systemd the one, without it the other.
EITHER = "login to memory limit", "first process to memory limit"


def reaction_goals(reaction):
    """One that was never provoked has its line too, if any was."""
    goals = []
    for name, (bound, percent_) in REACTIONS.items():
        found = reaction.get(name, [])
        times = [value for value in found if value is not None]
        if bound is not None and reaction and (found or name not in EITHER):
            missed = len(times) < len(found)
            goals.append(Goal(f"{name}, p{percent_}", f"≤ {milliseconds(bound)}", percentile(times, percent_),
                              "some never" if missed else "", lambda time, b=bound, m=missed: time <= b and not m,
                              milliseconds))
            if found and not times:
                goals[-1].cells[2:] = ["never", "**no**"]
    return goals


def cost_goals(cost):
    looks, memory = {}, {}
    for rounds in cost.values():
        for found in rounds:
            if "bare" in found:
                name = f"{found['slices']} slices"
                looks.setdefault(name, []).append(divided(found["service"], found["bare"]))
                memory.setdefault(name, []).append(found["resident"])
    goals = []
    if looks:
        goals.append(_at_most("CPU time of a look ÷ that of a bare loop of pread()", 1.3,
                              {name: median(values) for name, values in looks.items()}, ratio))
        goals.append(_at_most("resident memory", 16 << 20, {name: median(v) for name, v in memory.items()}, mebibytes))
    if cost.get("calls"):
        calls = {}
        for found in cost["calls"]:
            calls.setdefault(f"{found['half']:g} s", []).append(60 * found["calls"] / found["seconds"])
        goals.append(_at_most("calls to PID 1 a minute", 60, {half: median(found) for half, found in calls.items()}, number))
    return goals
