/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/internal.h"

static void section_free(Section *section) {
        selector_done(&section->selector);
        free(section);
}

void sections_done(Sections *sections) {
        selector_map_clear(&sections->map, NULL);
        for (size_t i = 0; i < sections->count; i++)
                section_free(sections->item[i]);
        free(sections->item);
        *sections = (Sections){};
}

const Section *sections_get(const Sections *sections, Selector selector) {
        return selector_map_get(&sections->map, &selector);
}

static int make_room(Sections *sections) {
        size_t wanted = sections->allocated ? 2 * sections->allocated : 16;
        Section **p;

        if (sections->count < sections->allocated)
                return 0;
        p = reallocarray(sections->item, wanted, sizeof(Section *));
        if (!p)
                return -ENOMEM;
        sections->item = p;
        sections->allocated = wanted;
        return 0;
}

Section *sections_add(Sections *sections, Selector *selector) {
        Section *section = selector_map_get(&sections->map, selector);

        if (section) {
                selector_done(selector);
                return section;
        }
        section = make_room(sections) < 0 ? NULL : calloc(1, sizeof *section);
        if (!section) {
                selector_done(selector);
                return NULL;
        }
        section->selector = *selector;
        if (selector_map_add(&sections->map, section) < 0) {
                section_free(section);
                return NULL;
        }
        sections->item[sections->count++] = section;
        return section;
}

void file_names_done(FileNames *names) {
        for (size_t i = 0; i < names->count; i++)
                free(names->item[i]);
        free(names->item);
        *names = (FileNames){};
}
