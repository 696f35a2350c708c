/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/keys.h"
#include "config/selector.h"

struct Section;

/* One key in one section. */
typedef struct Setting {
        union {
                uint64_t number;
                const struct Section *plan;
        };
        /* Counts the assignments of all files, so the larger was read later; 0: not set here. */
        unsigned sequence;
        bool of_ram;   /* as in KeyValue */
        unsigned line; /* where it was set; 0 for a default */
        const char
                *file; /* NULL for a default; as long as the configuration, or what was set over the bus */
} Setting;

/* All that can be set for one user, by SliceKey. */
typedef struct Settings {
        Setting key[_SLICE_KEY_COUNT];
} Settings;

/* [User …], [Group …] or [Plan …], gathered from all files. */
typedef struct Section {
        Selector selector; /* first, for SelectorMap */
        Settings settings;
} Section;

/* Of each key the setting that holds, or NULL. */
typedef struct Picked {
        const Setting *key[_SLICE_KEY_COUNT];
} Picked;

/* Takes what is set and not yet picked. NULL is an empty section. */
void pick_missing(Picked *picked, const Settings *settings);
/* Takes what is set, and not yet picked or picked from an earlier line. */
void pick_later(Picked *picked, const Settings *settings);
/* Takes what is not yet picked. */
void pick_rest(Picked *picked, const Picked *other);
