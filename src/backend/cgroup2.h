/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "backend/backend.h"
#include "cgroup/tree.h"

/* Limits by the unified tree's files: cpu.max, cpu.weight, memory.max, memory.high and memory.swap.max of
 * the children of user.slice. No group is ever made here, and no controller turned on: where one is off, its
 * limits are -EOPNOTSUPP. What can be set is set all the same. */

/* The tree is a unified one and must outlive the backend, which is online from the first turn of the loop
 * on. */
int backend_cgroup2_new(const BackendHandlers *handlers, sd_event *event, const CgroupTree *tree,
                        Backend **ret);
