/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/share-policy.h"

#include <errno.h>
#include <string.h>

static const char *const names[_SHARE_POLICY_COUNT] = {
        [SHARE_MAX_MIN] = "max-min",
        [SHARE_EQUAL] = "equal",
        [SHARE_WEIGHT] = "weight",
};

const char *share_policy_to_string(SharePolicy policy) {
        return names[policy];
}

int share_policy_from_string(const char *s) {
        for (int i = 0; i < _SHARE_POLICY_COUNT; i++)
                if (strcmp(s, names[i]) == 0)
                        return i;
        return -EINVAL;
}
