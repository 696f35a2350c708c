/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "basic/macro.h"
#include "basic/time-util.h"

/* Values as systemd writes them (systemd.syntax(7), systemd.time(7)). All of them take a NUL-terminated
 * string, skip white space around the value, return 0 or -EINVAL (-ERANGE if the number does not fit) and
 * leave *ret alone on failure. None of them depends on the locale. */

int parse_u64(const char *s, uint64_t *ret);

/* 1, yes, true, on, y, t; 0, no, false, off, n, f; in any case. */
int parse_bool(const char *s, bool *ret);

/* A UID; 65535 and 4294967295 are refused as in systemd, since both have meant "no UID". */
int parse_uid(const char *s, uid_t *ret);

/* "1000-1999" or a single UID; first <= last. */
int parse_uid_range(const char *s, uid_t *ret_first, uid_t *ret_last);

/* A percentage with up to two digits after the point, in 1/10000: "12.5%" is 1250. Not limited to 100 %. */
int parse_permyriad(const char *s, uint64_t *ret);

/* Bytes with an optional suffix K, M, G, T, P or E (base 1024) and an optional fraction: "1.5G".
 * "infinity" is UINT64_MAX. */
int parse_size(const char *s, uint64_t *ret);

/* "5s", "500ms", "1min 30s", or seconds without a unit. "infinity" is USEC_INFINITY. */
int parse_timespan(const char *s, usec_t *ret);

/* What programs write, to the letter. */

/* Decimal digits and nothing else, all `length` of them. 0, or -EBADMSG. */
int parse_digits(const char *text, size_t length, uint64_t *ret);

/* As many hexadecimal digits, 16 at most, with small letters; what follows them is not looked at. The text
 * may end with NUL before that. */
bool parse_hex(const char *text, size_t digits, uint64_t *ret);
