/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/keys.h"

/* What Key.parse can be: see there. */
int key_parse_time(const Key *key, const char *text, KeyValue *ret, const char **ret_why);
int key_parse_number(const Key *key, const char *text, KeyValue *ret, const char **ret_why);
int key_parse_yes_no(const Key *key, const char *text, KeyValue *ret, const char **ret_why);
int key_parse_policy(const Key *key, const char *text, KeyValue *ret, const char **ret_why);
int key_parse_backend(const Key *key, const char *text, KeyValue *ret, const char **ret_why);
int key_parse_percent(const Key *key, const char *text, KeyValue *ret, const char **ret_why);
int key_parse_percent_clamped(const Key *key, const char *text, KeyValue *ret, const char **ret_why);
int key_parse_quota(const Key *key, const char *text, KeyValue *ret, const char **ret_why);
int key_parse_bytes(const Key *key, const char *text, KeyValue *ret, const char **ret_why);
int key_parse_memory(const Key *key, const char *text, KeyValue *ret, const char **ret_why);
int key_parse_thresholds(const Key *key, const char *text, KeyValue *ret, const char **ret_why);
