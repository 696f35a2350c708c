# SPDX-License-Identifier: LGPL-2.1-or-later
"""The same with many threads, which use up a quota at once and then all wait."""

from ..parts import Load, hogs

LOAD = Load("1-against-64", "1 busy thread against 64", (hogs("a", 64), hogs("b", 1)))
