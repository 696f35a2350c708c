/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/manager-private.h"

/* Limits that are set over the bus, among the BusOperations as bus/operations.h has them; `userdata` is the
 * manager. */

int limits_check(const LimitSetting *setting, const char **ret_allowed, void *userdata);
int limits_set(const char *name, const LimitSetting *settings, size_t n, bool runtime, uid_t by,
               void *userdata);
int limits_reset(const char *name, uid_t by, void *userdata);
int limits_settings(const char *name, SettingVisitor visitor, void *visitor_userdata, void *userdata);
