/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/properties.h"
#include "cli/user-argument.h"

/* What the service tells of slices and of the host, in its units: rates in µs of CPU a second, memory in
 * bytes, times of CLOCK_REALTIME. UINT64_MAX: infinity, or not known. */

typedef struct SliceInfo {
        char *id, *control_group;
        uid_t uid;       /* UID_INVALID: not a user's */
        char *user_name; /* NULL or "": none */
        bool exempt, active, throttled;
        uint64_t use, share, guaranteed;
        char *held_by; /* a word of model/hold.h; may be none */
        uint64_t held_since;
        uint64_t limits[_LIMIT_COUNT]; /* that stand, by Limit */
        ConfiguredLimits configured;
        uint64_t cpu_usage_nsec, cpu_throttled_usec, memory_current, memory_peak, oom_kills;
} SliceInfo;

typedef struct HostInfo {
        char *version, *backend, *policy;
        uint64_t cpus, budget, level, use, outside;
        bool contended;
        uint64_t contended_since;
        uint32_t active;
        bool observing;
} HostInfo;

/* The properties of org.fairslice1.Slice and org.fairslice1.UserSlice; those of org.fairslice1.Manager. */
extern const Property slice_properties[];
extern const Property manager_properties[];

typedef struct SliceInfos {
        SliceInfo *items;
        size_t n;
} SliceInfos;

void slice_info_done(SliceInfo *slice);
void slice_infos_done(SliceInfos *slices);
void host_info_done(HostInfo *host);

/* One slice. The struct is to be freed also on failure. */
Status figures_slice(Cli *cli, const UserArgument *user, SliceInfo *ret);
/* The same if it may not be there: then ret->id is NULL, and nothing is said. */
Status figures_slice_if_any(Cli *cli, const UserArgument *user, SliceInfo *ret);
Status figures_host(Cli *cli, HostInfo *ret);

/* All that the caller may see, in one call, in the order of users' names as people count ("u9" before
 * "u10"). To be freed also on failure. */
Status figures_all(Cli *cli, SliceInfos *ret);

/* Reads the answer of GetManagedObjects(), as figures_all() does. 0 or a negative errno; to be freed also
 * then. */
int figures_read_all(sd_bus_message *reply, SliceInfos *ret);

/* The user's name, else the UID, else the name of the slice, into the caller's buffer; not escaped. */
const char *slice_info_display(const SliceInfo *slice, char *buffer, size_t size);
