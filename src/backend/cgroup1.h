/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "backend/backend.h"
#include "cgroup/tree.h"

/* Limits by version 1's files: cpu.cfs_quota_us, cpu.shares, memory.limit_in_bytes,
 * memory.soft_limit_in_bytes and memory.memsw.limit_in_bytes of the children of user.slice. No group is ever
 * made here. What can be set is set, whatever becomes of the rest:
 *
 *   -ENOENT      the slice has no group in that limit's hierarchy
 *   -EBUSY       more memory is in use than the kernel can reclaim; the limit is as low as it goes
 *   -EOPNOTSUPP  the hierarchy is not mounted, the kernel does not account for swap, or MemorySwapMax has
 *                no MemoryMax beside it: version 1 limits memory, and memory and swap together
 *   -ERANGE      a quota of less than 0.1 % of a CPU
 *
 * Under systemd, attach a bus: it is asked for a group that is not there, and tells when it has written its
 * own values over ours. */

/* The tree is a legacy one and must outlive the backend, which is online from the first turn of the loop
 * on. */
int backend_cgroup1_new(const BackendHandlers *handlers, sd_event *event, const CgroupTree *tree,
                        Backend **ret);

/* Takes a reference on the bus. What has its group is written with and without one. */
int backend_cgroup1_attach(Backend *backend, sd_bus *bus);

/* Ends what waits for systemd with -ECANCELED. Does nothing without a bus. */
void backend_cgroup1_detach(Backend *backend);
