/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/manager-private.h"

/* The figures among the BusOperations, as bus/operations.h has them; `userdata` is the manager. */

void figures_host(HostFigures *ret, void *userdata);
int figures_slices(SliceVisitor visitor, void *visitor_userdata, void *userdata);
int figures_slice(const char *name, SliceVisitor visitor, void *visitor_userdata, void *userdata);
int figures_usage(const char *name, SliceUsage *ret, void *userdata);
int figures_slice_of_pid(pid_t pid, SliceName ret, void *userdata);
