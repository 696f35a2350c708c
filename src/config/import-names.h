/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* The options of CGroup_Py, and what becomes of each.
 *
 * There are two of it. The first, up to 1.0.3, reads /etc/cgroup_py.cfg and knows each option by an old and
 * by a new name, CPU limits in per cent. The second, for hosts with systemd, reads
 * /etc/cgroup_py/cgroup_py.conf; its CPU limits are per cent above 1 and fractions up to 1. What a file is
 * for is told from the names in it. */
typedef enum ImportGeneration {
        CGROUP_PY_1,
        CGROUP_PY_2,
        _IMPORT_GENERATION_COUNT,
} ImportGeneration;

/* What can be carried over. */
typedef enum ImportSetting {
        IMPORT_INTERVAL,
        IMPORT_MIN_UID,
        IMPORT_CPU_LIMIT,
        IMPORT_ACTIVITY,
        IMPORT_RESERVED_CPUS,
        IMPORT_THROTTLE_MODE,
        IMPORT_MEMORY,
        _IMPORT_SETTING_COUNT,
} ImportSetting;

typedef struct ImportName {
        const char *name;     /* in any case */
        unsigned generations; /* bits: who knows it */
        int setting;          /* an ImportSetting, or -1 */
        const char *why;      /* of those with -1: why it is not carried over, the rest of a sentence */
} ImportName;

/* Of two names of one setting, CGroup_Py takes the one that comes first here, wherever they stand in the
 * file.
 * */
#define IMPORT_NAMES_COUNT 57
extern const ImportName import_names[IMPORT_NAMES_COUNT];

/* The index in import_names of the name as that generation knows it, or -ENOENT. */
int import_name_find(const char *name, ImportGeneration generation);
