/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Without arguments prints the table of keys, "SECTION KEY DEFAULT" a line, the section being the one where
 * the host's value stands. With a file, prints what is wrong with it, and ends with 1 if anything is. */

#include "config/config.h"
#include "config/keys.h"

static int print_table(void) {
        for (unsigned i = 0; i < _KEY_COUNT; i++)
                printf("%s %s %s\n", section_to_string((SectionKind) __builtin_ctz(keys[i].sections)),
                       keys[i].name, keys[i].default_text);
        return EXIT_SUCCESS;
}

static int print_problems(const char *file) {
        _cleanup_(problems_done) Problems problems = {};
        _cleanup_(config_freep) Config *config = NULL;
        int r = config_load(-1, file, &problems, &config);

        for (size_t i = 0; i < problems.count; i++)
                printf("%s:%u: %s\n", problems.item[i].file, problems.item[i].line,
                       problems.item[i].message);
        return r < 0 || problems.count > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv) {
        return argc > 1 ? print_problems(argv[1]) : print_table();
}
