# SPDX-License-Identifier: LGPL-2.1-or-later
"""Threads buy shares where nothing is done about it."""

from ..parts import Load, hogs

LOAD = Load("1-against-8", "1 busy thread against 8", (hogs("a", 8), hogs("b", 1)))
