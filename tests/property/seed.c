/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "seed.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static uint64_t current;

static uint64_t number_from_environment(const char *name, uint64_t otherwise) {
        const char *value = getenv(name);

        return value && *value ? strtoull(value, NULL, 0) : otherwise;
}

Seeds seeds_from_environment(size_t count) {
        return (Seeds){
                .first = number_from_environment("FAIRSLICE_TEST_SEED", 1),
                .count = number_from_environment("FAIRSLICE_TEST_HOSTS", count),
        };
}

void seed_enter(uint64_t seed) {
        current = seed;
}

void check_failed(const char *file, int line, const char *condition, const char *format, ...) {
        va_list args;

        fprintf(stderr, "%s:%d: not true: %s: ", file, line, condition);
        va_start(args, format);
        vfprintf(stderr, format, args);
        va_end(args);
        fprintf(stderr, "\nagain with FAIRSLICE_TEST_SEED=%" PRIu64 " FAIRSLICE_TEST_HOSTS=1\n", current);
        _fail(file, line);
        abort();
}
