# SPDX-License-Identifier: LGPL-2.1-or-later
"""(d) The formula of CGroup_Py."""

from .contender import WithService


class Equal(WithService):
    letter = "d"
    title = "fairsliced, SharePolicy=equal"
    policy = "equal"
