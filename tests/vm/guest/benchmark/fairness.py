# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who should have had what, and how near to that it came. Pure: numbers in, numbers out."""

STEP = 0.05        # seconds; how finely coming and going is followed
ENOUGH = 0.98      # who has that much of what they want lacks nothing


def jain(values):
    """Jain's index: 1 if all are equal, 1/n if one has all."""
    squares = sum(value * value for value in values)
    return sum(values) ** 2 / (len(values) * squares) if squares else 1.0


def water_fill(wants, weights, capacity):
    """Max-min shares by weight: nobody gets more than they want, and nobody who gets less could get more without
    taking it from somebody who has no more for their weight."""
    shares = [0.0] * len(wants)
    open_ = set(range(len(wants)))
    while open_ and capacity > 1e-9:
        level = capacity / sum(weights[i] for i in open_)
        met = {i for i in open_ if wants[i] <= level * weights[i]}
        for i in met or open_:
            shares[i] = wants[i] if met else level * weights[i]
        if not met:
            break
        capacity -= sum(wants[i] for i in met)
        open_ -= met
    return shares


def entitlements(parts, begin, end, capacity):
    """CPU seconds that each part should have had from `begin` to `end`, if `capacity` CPUs were given out.

    A part has `wants` (CPUs), `weight` and is_on(time).
    """
    steps = max(1, round((end - begin) / STEP))
    due = [0.0] * len(parts)
    for step in range(steps):
        when = begin + (step + 0.5) * (end - begin) / steps
        wants = [part.wants if part.is_on(when) else 0.0 for part in parts]
        shares = water_fill(wants, [part.weight for part in parts], capacity)
        due = [sum_ + share * (end - begin) / steps for sum_, share in zip(due, shares)]
    return due


def wanted(part, begin, end):
    """CPU seconds."""
    steps = max(1, round((end - begin) / STEP))
    on = sum(part.is_on(begin + (step + 0.5) * (end - begin) / steps) for step in range(steps))
    return part.wants * (end - begin) * on / steps


def who_lack(parts, used, begin, end):
    """Indices of the parts that wanted more than they got."""
    return [i for i, part in enumerate(parts) if used[i] < ENOUGH * wanted(part, begin, end)]


def fairness(parts, used, begin, end):
    """Jain's index over what those who wanted more got of what they should have had; None if they were less than two, or
    nobody got anything at all, which is not fair but out of order.

    With steady loads that is the index over use by weight.
    """
    lacking = who_lack(parts, used, begin, end)
    if len(lacking) < 2:
        return None
    due = entitlements(parts, begin, end, sum(used) / (end - begin))
    parts_of_due = [used[i] / due[i] for i in lacking if due[i] > 0]
    return jain(parts_of_due) if len(parts_of_due) >= 2 else None


def percentile(values, percent):
    """The lowest value that more than `percent` of them do not exceed, or the highest; None of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else None


def median(values):
    """Of what is not None; None if nothing is left."""
    ordered = sorted(value for value in values if value is not None)
    if not ordered:
        return None
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
