/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/config.h"
#include "config/segments.h"
#include "config/settings.h"

struct Config {
        HostConfig host;
        Settings defaults;                       /* every key but Plan= is set */
        SelectorMap exempt_users, exempt_groups; /* of Selector; owned */
        SelectorMap map;                         /* of Section: [User …], [Group …], [Plan …] */
        Section **section; /* the same sections in the order in which they were met; owned */
        size_t count, allocated;
        Segments segments; /* of the [User FIRST-LAST] among them */
};
