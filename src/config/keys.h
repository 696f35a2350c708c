/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"
#include "model/limits.h"
#include "model/memory-warning.h"

/* The table of everything that can be set: where, which values, which default. The reader, the messages, the
 * manual page's test and the shipped fairsliced.conf's test go by it. */

/* What can be set for one user: the limits by their own numbers, then these. */
typedef enum SliceKey {
        SLICE_KEY_MEMORY_STRICT = _LIMIT_COUNT,
        SLICE_KEY_PLAN,
        _SLICE_KEY_COUNT,
} SliceKey;

/* What can only be set for the host. */
typedef enum HostKey {
        HOST_KEY_INTERVAL = _SLICE_KEY_COUNT,
        HOST_KEY_MIN_UID,
        HOST_KEY_EXEMPT_USERS,
        HOST_KEY_EXEMPT_GROUPS,
        HOST_KEY_OBSERVE,
        HOST_KEY_BACKEND,
        HOST_KEY_ADOPT_STRAYS,
        HOST_KEY_HISTORY,
        HOST_KEY_HISTORY_INTERVAL,
        HOST_KEY_EVENT_LOG,
        HOST_KEY_SHARE_POLICY,
        HOST_KEY_CPU_THRESHOLD,
        HOST_KEY_ACTIVITY_THRESHOLD,
        HOST_KEY_RESERVED_CPUS,
        HOST_KEY_WARN_AT,
        HOST_KEY_WARN_INTERVAL,
        HOST_KEY_NOTIFY_USERS,
        HOST_KEY_NOTIFY_COMMAND,
        HOST_KEY_MAIL_SERVER,
        HOST_KEY_MAIL_TLS,
        HOST_KEY_MAIL_CA_FILE,
        HOST_KEY_MAIL_USER,
        HOST_KEY_MAIL_PASSWORD_FILE,
        HOST_KEY_MAIL_FROM,
        HOST_KEY_MAIL_TIMEOUT,
        HOST_KEY_MAIL_QUEUE_MAX,
        HOST_KEY_MAIL_QUEUE_MAX_USE,
        HOST_KEY_MAIL_USER_ADDRESS,
        HOST_KEY_MAIL_USER_ADDRESS_MAP,
        HOST_KEY_MAIL_USER_ADDRESS_COMMAND,
        HOST_KEY_MAIL_ADMIN_ADDRESS,
        HOST_KEY_MAIL_LANGUAGE,
        HOST_KEY_MAIL_COALESCE,
        HOST_KEY_MAIL_MESSAGES_PER_DAY,
        _KEY_COUNT,
} HostKey;

typedef enum SectionKind {
        SECTION_MANAGER,
        SECTION_CPU,
        SECTION_MEMORY,
        SECTION_OOM,
        SECTION_MAIL,
        SECTION_USER,
        SECTION_GROUP,
        SECTION_PLAN,
        _SECTION_COUNT,
} SectionKind;

/* A value as it was understood. */
typedef struct KeyValue {
        uint64_t number;
        bool of_ram; /* `number` is 1/10000 of the host's memory, not bytes */
} KeyValue;

typedef struct Key Key;

struct Key {
        const char *name;
        unsigned sections; /* bits, 1 << SECTION_…; the first one is where the host's value stands */
        const char *default_text; /* as it would stand in the file; "" for an empty list and for Plan= */
        const char *allowed;      /* "allowed is " and this, for messages */
        const char *not_a;        /* what a value is that `parse` cannot read: "not a time" */
        /* Of a text, which is kept as it is: 0, or -EINVAL with *ret_why set. NULL: it is none. */
        int (*check)(const char *text, const char **ret_why);
        /* NULL for texts, for the lists and for Plan=, whose values are names. Returns 0; 1 if the value was
         * changed to an allowed one, or is dubious, and *ret_why says so; -EINVAL, -ERANGE or -EDOM with
         * *ret_why set or left alone. *ret_why is a constant. */
        int (*parse)(const Key *key, const char *text, KeyValue *ret, const char **ret_why);
        uint64_t min, max; /* of KeyValue.number */
};

/* By SliceKey and HostKey. */
extern const Key keys[_KEY_COUNT];

/* "Manager", "User". */
const char *section_to_string(SectionKind section);

/* "[Manager]", "[User …]": as it is named in messages. */
const char *section_in_words(SectionKind section);

/* Whether the section is followed by whom it is about. */
bool section_has_selector(SectionKind section);

/* Returns a SectionKind, or -EINVAL. `length` is that of the name. */
int section_from_string(const char *name, size_t length);

/* Returns a SliceKey or HostKey, whatever section it belongs into, or -EINVAL. */
int key_from_string(const char *name);

static inline bool key_is_in(unsigned key, SectionKind section) {
        return keys[key].sections & 1U << section;
}

/* Checks and understands a value that is not empty. Outcomes as Key.parse, but *ret_why is always set unless
 * 0 is returned. Not for texts, lists and Plan=. */
int key_parse(unsigned key, const char *text, KeyValue *ret, const char **ret_why);

/* The default, understood. */
KeyValue key_default(unsigned key);

/* The value of WarnAt= as it is kept in a number: a percentage in each byte, the smallest in the lowest. */
MemoryThresholds key_thresholds(uint64_t number);

/* What was probably meant: the key's name, or NULL; a SectionKind, or -ENOENT. */
const char *key_nearest(const char *name, SectionKind section);
int section_nearest(const char *name, size_t length);
