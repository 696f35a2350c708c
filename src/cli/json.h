/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-c/json.h>

#include "basic/macro.h"
#include "cli/options.h"

/* Numbers as the bus has them; what is infinity there (no limit, or not known) is null. */
json_object *json_number(uint64_t number);

/* NULL is null. What is not printable UTF-8 becomes U+FFFD byte by byte, but for control characters of
 * ASCII, which JSON escapes. null also if there is no memory. */
json_object *json_text(const char *s);

/* Adds the value, which is taken over, under a name that must stay. A value of NULL is null. */
int json_add(json_object *object, const char *name, json_object *value);

/* Writes it with a newline, in the form of --json=. Returns 0 or -ENOMEM. */
int json_print(const json_object *object, JsonMode mode, FILE *out);

static inline void json_putp(json_object **object) {
        json_object_put(*object);
}
#define _cleanup_json_ _cleanup_(json_putp)
