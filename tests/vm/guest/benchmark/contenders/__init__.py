# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who is compared, a file each, in the order in which they are shown and take turns in the first round."""

from . import default, equal, nothing, one_quota, weights
from .levers import LEVERS

__all__ = ["CONTENDERS", "LEVERS"]
CONTENDERS = (nothing.Nothing, weights.Weights, one_quota.OneQuota, equal.Equal, default.Default)
