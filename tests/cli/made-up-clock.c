/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The clock that the golden outputs are of; linked into fairslicectl with --wrap. */

#include "support/fake-operations.h"

usec_t __wrap_now_realtime(void);

usec_t __wrap_now_realtime(void) {
        return FAKE_NOW;
}
