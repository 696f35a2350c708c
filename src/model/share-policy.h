/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How the CPUs are shared out; design and formulas in engine/policy.h. */
typedef enum SharePolicy {
        SHARE_MAX_MIN,
        SHARE_EQUAL,
        SHARE_WEIGHT,
        _SHARE_POLICY_COUNT,
} SharePolicy;

/* "max-min", "equal", "weight": the words of SharePolicy=. */
const char *share_policy_to_string(SharePolicy policy);

/* Returns a SharePolicy, or -EINVAL. */
int share_policy_from_string(const char *s);
