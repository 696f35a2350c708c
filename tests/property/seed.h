/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* Host number i of a test is made from the seed first + i. When one fails, its seed is printed;
 * FAIRSLICE_TEST_SEED=SEED FAIRSLICE_TEST_HOSTS=1 runs that one alone. */

typedef struct Seeds {
        uint64_t first;
        size_t count;
} Seeds;

/* What the environment asks for, else `count` hosts from seed 1 on. */
Seeds seeds_from_environment(size_t count);

/* Names the seed that the checks below belong to, for their message. */
void seed_enter(uint64_t seed);

/* Like assert_true(), with the seed and the reason in words. */
#define CHECK(condition, ...)                                                      \
        do {                                                                       \
                if (!(condition))                                                  \
                        check_failed(__FILE__, __LINE__, #condition, __VA_ARGS__); \
        } while (0)

void check_failed(const char *file, int line, const char *condition, const char *format, ...) _printf_(4, 5)
        __attribute__((noreturn));
