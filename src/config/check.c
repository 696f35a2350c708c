/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/build.h"
#include "config/problem.h"

static int check_memory(const char *section, const Settings *settings, Problems *problems) {
        const Setting *max = &settings->key[LIMIT_MEMORY_MAX], *high = &settings->key[LIMIT_MEMORY_HIGH];
        const Setting *later = max->sequence > high->sequence ? max : high;

        if (max->sequence == 0 || high->sequence == 0 || later->line == 0 || max->of_ram != high->of_ram ||
            high->number == LIMIT_UNSET || high->number <= max->number)
                return 0;
        return problems_add(problems, PROBLEM_WARNING, later->file, later->line,
                            "[%s] MemoryHigh=: above MemoryMax=, so it never takes effect.", section);
}

/* The earliest line of the section that sets something. */
static const Setting *first_setting(const Settings *settings) {
        const Setting *first = NULL;

        for (unsigned i = 0; i < _SLICE_KEY_COUNT; i++) {
                const Setting *s = &settings->key[i];

                if (s->sequence > 0 && (!first || s->sequence < first->sequence))
                        first = s;
        }
        return first;
}

static int check_uids(const char *header, const Section *section, uid_t min_uid, Problems *problems) {
        const Setting *where = first_setting(&section->settings);

        if (section->selector.kind != SELECT_USER_RANGE || section->selector.last >= min_uid || !where)
                return 0;
        return problems_add(problems, PROBLEM_WARNING, where->file, where->line,
                            "[%s]: exempt by MinUID=%u, so the section never takes effect.", header,
                            (unsigned) min_uid);
}

int config_check_sections(const Sections *sections, const Config *config, Problems *problems) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < sections->count; i++) {
                const Section *section = sections->item[i];
                SelectorBuffer header;

                selector_format(header, &section->selector);
                r = check_memory(header, &section->settings, problems);
                if (r >= 0)
                        r = check_uids(header, section, config->host.min_uid, problems);
        }
        return r;
}

int config_check(const Config *config, Problems *problems) {
        int r = check_memory("Memory", &config->defaults, problems);

        return r < 0 ? r : config_check_sections(&config->sections, config, problems);
}
