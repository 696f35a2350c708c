/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/internal.h"
#include "config/reader.h"

/* Turns what the files say into a configuration: checks every section, key and value, in the order in which
 * they were read, and lets the later one win. What is wrong becomes a problem and changes nothing. Fills the
 * empty *config. Returns 0 or -ENOMEM. */
int config_build(const Entries *entries, Problems *problems, Config *config);

/* Adds warnings about what is allowed by itself and makes no sense together. Returns 0 or -ENOMEM. */
int config_check(const Config *config, Problems *problems);
