# SPDX-License-Identifier: LGPL-2.1-or-later
"""What users do at once, a file each. A light user is beside all of them (shares.py)."""

from . import build, come_and_go, memory_hog, one_against_8, one_against_64, users_and_light, weights

LOADS = tuple(module.LOAD for module in (
    one_against_8, one_against_64, users_and_light, come_and_go, build, memory_hog, weights))
