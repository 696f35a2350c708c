/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A user's file in control.d, as anybody may have edited it: what is set in it holds, what is taken out does
 * not, and no other line is touched. */

#include "config/build.h"
#include "config/control-edit.h"
#include "config/control.h"
#include "fuzz-problems.h"
#include "fuzz.h"

#define MEGABYTES(n) ((uint64_t) (n) << 20)

static const LimitSetting settings[] = {
        { LIMIT_MEMORY_MAX, MEGABYTES(777), false },
        { LIMIT_CPU_WEIGHT, 77, false },
};

/* [Plan p] and nothing else. */
static Config *new_config(void) {
        char text[] = "[Plan p]\nMemoryHigh=5G\n";
        Config *config = calloc(1, sizeof *config);
        Problems problems = {};
        Entries entries = {};

        assert(config && reader_parse("a", text, strlen(text), &entries) >= 0);
        assert(config_build(&entries, &problems, config) >= 0 && problems.count == 0);
        entries_done(&entries);
        return config;
}

/* What the text says about the user. */
static Limits read_limits(const Config *config, const char *text) {
        Control *control = calloc(1, sizeof *control);
        char *copy = strdup(text);
        User user = { .uid = 1000 };
        Problems problems = {};
        Entries entries = {};
        SliceConfig slice;

        assert(control && copy && reader_parse("a", copy, strlen(copy), &entries) >= 0);
        assert(control_build(&entries, config, &problems, &control->persistent) >= 0);
        check_problems(&problems);
        config_resolve(config, control, &user, 0, &slice);
        problems_done(&problems);
        entries_done(&entries);
        control_free(control);
        free(copy);
        return slice.limits;
}

static void check_set(const Config *config, const char *text, const Limits *before, char **ret) {
        char *again = NULL;
        Limits limits;

        assert(control_edit_set(text, 1000, settings, ELEMENTSOF(settings), ret) == 0);
        limits = read_limits(config, *ret);
        assert(limits.value[LIMIT_MEMORY_MAX] == MEGABYTES(777) && limits.value[LIMIT_CPU_WEIGHT] == 77);
        assert(limits_differ(&limits, before,
                             LIMIT_MASK_ALL & ~(1U << LIMIT_MEMORY_MAX | 1U << LIMIT_CPU_WEIGHT)) == 0);
        assert(control_edit_set(*ret, 1000, settings, ELEMENTSOF(settings), &again) == 0);
        assert(strcmp(*ret, again) == 0);
        free(again);
}

static void check_remove(const Config *config, const char *text, const Limits *before) {
        char *without = NULL, *again = NULL;
        Limits limits;

        assert(control_edit_remove(text, 1000, settings, ELEMENTSOF(settings), &without) == 1);
        limits = read_limits(config, without ?: "");
        assert(limits.value[LIMIT_MEMORY_MAX] == LIMIT_UNSET && limits.value[LIMIT_CPU_WEIGHT] == 100);
        assert(limits_differ(&limits, before,
                             LIMIT_MASK_ALL & ~(1U << LIMIT_MEMORY_MAX | 1U << LIMIT_CPU_WEIGHT)) == 0);
        assert(control_edit_remove(without, 1000, settings, ELEMENTSOF(settings), &again) == 0);
        assert(!again);
        free(without);
}

int fuzz_control(const uint8_t *data, size_t size) {
        _cleanup_(config_freep) Config *config = new_config();
        _cleanup_free_ char *text = calloc(1, size + 1), *with = NULL;
        Limits before;

        assert(text);
        memcpy(text, data, size);
        for (size_t i = 0; i < size; i++) /* such a file is refused before */
                if (text[i] == '\0')
                        text[i] = '\n';
        before = read_limits(config, text);
        check_set(config, text, &before, &with);
        check_remove(config, with, &before);
        return 0;
}
