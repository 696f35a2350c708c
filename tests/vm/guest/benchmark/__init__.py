# SPDX-License-Identifier: LGPL-2.1-or-later
"""What scripts/bench measures: shares.py (fairness, use, delays), reaction.py, cost.py.

Each hands out plain dictionaries of numbers, which are kept as JSON; report.py makes docs/benchmarks.md of them. There is
a file for each contender in contenders/ and for each load in loads/. Only the standard library is used, as in the harness.
"""
