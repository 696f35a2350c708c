/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/import-names.h"
#include "config/problem.h"
#include "config/reader.h"

/* What a configuration of CGroup_Py comes to, its defaults included. */
typedef struct ImportValues {
        ImportGeneration generation;
        bool hard_cap; /* throttleMode: everybody has IMPORT_CPU_LIMIT of one CPU, whatever the others do */
        /* By ImportSetting: in 1 ms, a UID, 1/100 of a per cent (whole per cent with hard_cap), the same,
         * CPUs, nothing, bytes. All of them in the range of the key of fairsliced.conf that they go into. */
        uint64_t value[_IMPORT_SETTING_COUNT];
        /* Where each comes from; NULL: CGroup_Py's default holds. For IMPORT_MEMORY that is a quarter of the
         * host's, which has no value here. They belong to `entries`. */
        const Entry *from[_IMPORT_SETTING_COUNT];
} ImportValues;

/* Makes values of what import_ini_read() has read, and adds a warning to *problems for all that is wrong, or
 * that does not come through as it is. Returns 0; -ENOMEM; -EBADMSG if there is no section [main], which no
 * CGroup_Py starts without, and then adds nothing. */
int import_values_read(const Entries *entries, Problems *problems, ImportValues *ret);

/* "CGroup_Py 1" */
const char *import_generation_to_string(ImportGeneration generation);
