/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/event.h"

/* An event as one line of JSON (RFC 8259), which docs/events.md describes: ASCII and UTF-8 without control
 * characters, ended by the only newline in it. `user_name` may be NULL. Returns NULL if there is no memory;
 * the caller frees it. */
char *event_to_json(const Event *event, const char *user_name);

/* Writes any bytes as a string of JSON. What is no character of UTF-8, and what terminals obey beyond ASCII,
 * becomes U+FFFD for each byte. */
void json_write_string(FILE *f, const char *s);
