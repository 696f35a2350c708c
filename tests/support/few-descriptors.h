/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* No more file descriptors to be had, for as long as that is wanted. */

#include <sys/resource.h>

#include "support/test.h"

static inline void forbid_descriptors(bool forbid) {
        static rlim_t allowed;
        struct rlimit limit;

        assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
        if (forbid)
                allowed = limit.rlim_cur;
        limit.rlim_cur = forbid ? 0 : allowed;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}
