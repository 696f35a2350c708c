/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/config.h"
#include "config/problem.h"
#include "config/segments.h"
#include "config/settings.h"

/* Sections that are about somebody, [User …], [Group …] and [Plan …], each gathered from all files. */
typedef struct Sections {
        SelectorMap map; /* of Section */
        Section **item;  /* the same in the order in which they were met; owned */
        size_t count, allocated;
} Sections;

void sections_done(Sections *sections);

/* The section, or NULL. */
const Section *sections_get(const Sections *sections, Selector selector);

/* The section, new if there is none yet. Takes the selector's name, also on failure; NULL without memory. */
Section *sections_add(Sections *sections, Selector *selector);

/* The names of the files that settings point to. */
typedef struct FileNames {
        char **item; /* owned */
        size_t count;
} FileNames;

void file_names_done(FileNames *names);

struct Config {
        HostConfig host;
        MailConfig mail;
        char *text[_KEY_COUNT];                  /* by HostKey, owned; NULL: the default, or no text */
        Settings defaults;                       /* every key but Plan= is set */
        SelectorMap exempt_users, exempt_groups; /* of Selector; owned */
        Sections sections;
        Segments segments; /* of the [User FIRST-LAST] among them */
        FileNames files;
};

/* Set over the bus: [User UID] and [User NAME] alone. A plan that is named there is an empty [Plan NAME]
 * beside them, and the configuration has the real one. */
struct Control {
        Sections runtime, persistent;
        FileNames files;
};

/* Of each key the setting that holds for the user, from the most specific to the default. Only Plan= may be
 * NULL. `control` may be NULL. */
void config_pick(const Config *config, const Control *control, const User *user, Picked *ret);
