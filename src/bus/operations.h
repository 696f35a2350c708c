/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "basic/macro.h"
#include "model/share-policy.h"

/* What the bus may ask of the service. The daemon fills this table in; the bus knows nothing else of it. */

/* The host's figures, as of the last look. Rates are in µs of CPU a second. */
typedef struct HostFigures {
        SharePolicy policy;
        uint64_t budget;
        uint64_t level; /* LIMIT_UNSET: nobody is held back */
        bool contended;
        size_t active; /* slices */
} HostFigures;

/* One slice. The strings are the caller's. */
typedef struct SliceFigures {
        const char *name;
        uid_t uid;
        const char *user_name; /* NULL: the UID has none */
} SliceFigures;

/* A negative errno ends the round. */
typedef int (*SliceVisitor)(const SliceFigures *slice, void *userdata);

typedef struct BusOperations {
        const char *backend; /* as in Backend= */
        void (*host)(HostFigures *ret, void *userdata);
        /* Calls the visitor for each slice that has a cgroup, and returns what it returned last. */
        int (*slices)(SliceVisitor visitor, void *visitor_userdata, void *userdata);
        /* Reads the configuration again. Returns 0, -EINVAL if it has errors (the old one stays in force),
         * -ESHUTDOWN if the service is about to end, or another negative errno. */
        int (*reload)(void *userdata);
        void *userdata;
} BusOperations;
