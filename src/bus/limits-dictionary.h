/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "model/limits.h"

/* The dictionary of SetLimits(): limits by the names and in the types of org.freedesktop.systemd1, which are
 * `t`, or with Scale behind the name `u`, of 4294967295 for all of the host's memory. */

/* Reads the a{sv} that comes next in the message. At least one limit, each at most once (MemoryMax and
 * MemoryMaxScale are the same), no other key, or the error is set and says which is wrong. Ranges are not
 * looked at. */
int limits_dictionary_read(sd_bus_message *m, LimitSetting ret[static _LIMIT_COUNT], size_t *ret_n,
                           sd_bus_error *error);
