/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What goes into version 1's files, and in which order. cgroup1.c finds the groups, or gets systemd to make
 * them. */

#include "backend/raw.h"

/* Both CPU limits, as far as they are still to be written, in the slice's group in the cpu hierarchy. */
void cgroup1_write_cpu(RawChange *change, int group_fd);

/* Some of the memory limits that are still to be written. RAW_DONE if none is left. */
RawOutcome cgroup1_write_memory(RawChange *change, int group_fd);
