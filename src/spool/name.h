/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"
#include "basic/time-util.h"

/* How the messages of the spool are called. Nothing of a name comes from outside: the id is made by the
 * service of its own words and numbers. */

typedef enum SpoolKind {
        SPOOL_WARNING, /* may be dropped when the spool is full */
        SPOOL_KILL,    /* never dropped before it was tried for days */
        _SPOOL_KIND_COUNT,
} SpoolKind;

#define SPOOL_ID_MAX 64

typedef struct SpoolName {
        SpoolKind kind;
        usec_t time; /* CLOCK_REALTIME of what it is about; before the year 10000 */
        char id[SPOOL_ID_MAX + 1];
} SpoolName;

/* "20261122T073522.123456Z-kill-ID": the order of the texts is that of the times. */
#define SPOOL_NAME_MAX 96
typedef char SpoolNameBuffer[SPOOL_NAME_MAX];

/* 1 - SPOOL_ID_MAX letters, digits, '-' and '_' of ASCII, the first one a letter or a digit. */
bool spool_id_is_valid(const char *id);

bool spool_name_is_valid(const SpoolName *name);

/* Returns the buffer. The name must be valid. */
const char *spool_name_format(SpoolNameBuffer buffer, const SpoolName *name);

/* Only what spool_name_format() could have written, to the last byte. Returns 0 or -EINVAL. */
int spool_name_parse(const char *text, SpoolName *ret);

/* By time, then kind, then id. */
int spool_name_compare(const SpoolName *a, const SpoolName *b);

/* "warning", "kill". */
const char *spool_kind_to_string(SpoolKind kind);
