/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An empty directory for one test: setup and teardown of cmocka. The state is a Scratch. */
typedef struct Scratch {
        char path[64];
        int fd;
} Scratch;

int scratch_setup(void **state);
int scratch_teardown(void **state);

/* Removes all that is in it. */
void scratch_clear(const Scratch *scratch);
