/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "basic/macro.h"

/* The unit name of a slice, "user-1000.slice". systemd allows unit names of 255 bytes. */
#define SLICE_NAME_MAX 255

typedef char SliceName[SLICE_NAME_MAX + 1];

/* The longest name that slice_name_to_uid() takes. */
#define USER_SLICE_NAME_MAX (sizeof "user-4294967295.slice" - 1)

/* Writes "user-UID.slice" and returns it. */
const char *slice_name_for_uid(SliceName name, uid_t uid);

/* The UID of exactly "user-UID.slice", decimal and without leading zeros, else -EINVAL. */
int slice_name_to_uid(const char *name, uid_t *ret);

/* Whether this can be the name of a slice: letters, digits and :-_.\@ before ".slice", as systemd has it. */
bool slice_name_is_valid(const char *name);
