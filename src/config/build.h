/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/internal.h"
#include "config/reader.h"

/* Turns what the files say into a configuration: checks every section, key and value, in the order in which
 * they were read, and lets the later one win. What is wrong becomes a problem and changes nothing. Fills the
 * empty *config. Returns 0 or -ENOMEM. */
int config_build(const Entries *entries, Problems *problems, Config *config);

/* The same for what was set over the bus, in one of the two layers. Only sections about a single user are
 * allowed. `config` says which plans there are. Fills the empty *sections. */
int control_build(const Entries *entries, const Config *config, Problems *problems, Sections *sections);

/* Adds warnings about what is allowed by itself and makes no sense together. Returns 0 or -ENOMEM. */
int config_check(const Config *config, Problems *problems);
int config_check_sections(const Sections *sections, const Config *config, Problems *problems);
