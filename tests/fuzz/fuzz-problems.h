/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <assert.h>
#include <string.h>

#include "config/config.h"

/* No message can do harm to a terminal, and each is a sentence. */
static inline void check_problems(const Problems *problems) {
        for (size_t i = 0; i < problems->count; i++) {
                const Problem *p = &problems->item[i];
                size_t length = strlen(p->message);

                assert(p->file);
                assert(length > 0 && length < 2000);
                assert(p->message[length - 1] == '.' || p->message[length - 1] == '?');
                for (const char *c = p->message; *c; c++)
                        assert((unsigned char) *c >= 0x20 && *c != 0x7f);
        }
}
