/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "cli/json.h"

/* The rest of what was entered of a message, as an array of values: arrays and structures are arrays,
 * dictionaries are objects, a variant is what is in it, infinity (2^64 - 1) is null. Returns 0, -EBADMSG if
 * there is a type in it that JSON does not have (file descriptors), or another negative errno. */
int message_to_json(sd_bus_message *m, json_object **ret);
