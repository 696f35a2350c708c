/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What keeps a slice from using more CPU than it does: the words of the property CPUHeldBy. */
typedef enum Hold {
        HOLD_NOTHING,    /* "nothing": the host has room, or the slice is below its share */
        HOLD_FAIR_SHARE, /* "fair-share": the quota that follows from what the others ask for */
        HOLD_CPU_QUOTA,  /* "cpu-quota": CPUQuota=, configured or set by somebody else */
        HOLD_WEIGHT, /* "weight": the kernel shares by weights alone (SharePolicy=weight, or too many ask) */
        _HOLD_COUNT,
} Hold;

const char *hold_to_string(Hold hold);

/* Returns a Hold, or -EINVAL. */
int hold_from_string(const char *s);
