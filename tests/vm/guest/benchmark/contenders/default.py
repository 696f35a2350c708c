# SPDX-License-Identifier: LGPL-2.1-or-later
"""(e) What fairsliced does unless it is told otherwise."""

from .contender import WithService


class Default(WithService):
    letter = "e"
    title = "fairsliced"
    policy = "max-min"
