/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/hold.h"

#include <errno.h>
#include <string.h>

static const char *const names[_HOLD_COUNT] = {
        [HOLD_NOTHING] = "nothing",
        [HOLD_FAIR_SHARE] = "fair-share",
        [HOLD_CPU_QUOTA] = "cpu-quota",
        [HOLD_WEIGHT] = "weight",
};

const char *hold_to_string(Hold hold) {
        return names[hold];
}

int hold_from_string(const char *s) {
        for (int i = 0; i < _HOLD_COUNT; i++)
                if (strcmp(s, names[i]) == 0)
                        return i;
        return -EINVAL;
}
