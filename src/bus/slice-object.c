/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "basic/text.h"
#include "bus/endpoint-internal.h"

/* The objects of slices. sd-bus knows of their interfaces for introspection and to find out which are there;
 * the getters are called by properties.c, which asks whether the caller may see. */

/* A getter of one figure. Without a view it was not properties.c that called. */
#define DEFINE_SLICE_PROPERTY(function, type, value)                                               \
        static int function(sd_bus *bus _unused_, const char *path _unused_,                       \
                            const char *interface _unused_, const char *property _unused_,         \
                            sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_) { \
                const Endpoint *endpoint = userdata;                                               \
                const SliceFigures *slice = endpoint->view.figures;                                \
                                                                                                   \
                return slice ? sd_bus_message_append(reply, type, value) : -EACCES;                \
        }

DEFINE_SLICE_PROPERTY(get_id, "s", slice->name)
DEFINE_SLICE_PROPERTY(get_control_group, "s", slice->group)
DEFINE_SLICE_PROPERTY(get_exempt, "b", (int) slice->exempt)
DEFINE_SLICE_PROPERTY(get_active, "b", (int) slice->active)
DEFINE_SLICE_PROPERTY(get_throttled, "b", (int) slice->throttled)
DEFINE_SLICE_PROPERTY(get_use, "t", slice->use)
DEFINE_SLICE_PROPERTY(get_share, "t", slice->share)
DEFINE_SLICE_PROPERTY(get_guaranteed, "t", slice->guaranteed)
DEFINE_SLICE_PROPERTY(get_held_by, "s", hold_to_string(slice->hold))
DEFINE_SLICE_PROPERTY(get_held_since, "t", slice->hold_since)
DEFINE_SLICE_PROPERTY(get_cpu_quota, "t", slice->limits.value[LIMIT_CPU_QUOTA])
DEFINE_SLICE_PROPERTY(get_cpu_weight, "t", slice->limits.value[LIMIT_CPU_WEIGHT])
DEFINE_SLICE_PROPERTY(get_memory_max, "t", slice->limits.value[LIMIT_MEMORY_MAX])
DEFINE_SLICE_PROPERTY(get_memory_high, "t", slice->limits.value[LIMIT_MEMORY_HIGH])
DEFINE_SLICE_PROPERTY(get_memory_swap_max, "t", slice->limits.value[LIMIT_MEMORY_SWAP_MAX])
DEFINE_SLICE_PROPERTY(get_uid, "u", (uint32_t) slice->uid)

static int get_user_name(sd_bus *bus _unused_, const char *path _unused_, const char *interface _unused_,
                         const char *property _unused_, sd_bus_message *reply, void *userdata,
                         sd_bus_error *error _unused_) {
        const Endpoint *endpoint = userdata;
        const SliceFigures *slice = endpoint->view.figures;
        _cleanup_free_ char *name = NULL;

        if (!slice)
                return -EACCES;
        name = text_clean(slice->user_name ?: "");
        return name ? sd_bus_message_append(reply, "s", name) : -ENOMEM;
}

static int get_configured_limits(sd_bus *bus _unused_, const char *path _unused_,
                                 const char *interface _unused_, const char *property _unused_,
                                 sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_) {
        const Endpoint *endpoint = userdata;
        const SliceFigures *slice = endpoint->view.figures;
        int r;

        if (!slice)
                return -EACCES;
        r = sd_bus_message_open_container(reply, 'a', "{st}");
        for (Limit limit = 0; limit < _LIMIT_COUNT && r >= 0; limit++)
                if (slice->configured.value[limit] != LIMIT_UNSET)
                        r = sd_bus_message_append(reply, "{st}", limit_to_string(limit),
                                                  slice->configured.value[limit]);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* Read once for all counters of a slice. What cannot be had is told as such, and is no reason to tell
 * nothing. */
static const SliceUsage *usage_of(Endpoint *endpoint) {
        SliceView *view = &endpoint->view;

        if (!view->usage_read && endpoint->operations->usage(view->figures->name, &view->usage,
                                                             endpoint->operations->userdata) < 0)
                view->usage = (SliceUsage){ UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX };
        view->usage_read = true;
        return &view->usage;
}

#define DEFINE_USAGE_PROPERTY(function, field)                                                     \
        static int function(sd_bus *bus _unused_, const char *path _unused_,                       \
                            const char *interface _unused_, const char *property _unused_,         \
                            sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_) { \
                Endpoint *endpoint = userdata;                                                     \
                                                                                                   \
                if (!endpoint->view.figures)                                                       \
                        return -EACCES;                                                            \
                return sd_bus_message_append(reply, "t", usage_of(endpoint)->field);               \
        }

DEFINE_USAGE_PROPERTY(get_cpu_usage, cpu_usage_nsec)
DEFINE_USAGE_PROPERTY(get_cpu_throttled, cpu_throttled_usec)
DEFINE_USAGE_PROPERTY(get_memory_current, memory_current)
DEFINE_USAGE_PROPERTY(get_memory_peak, memory_peak)
DEFINE_USAGE_PROPERTY(get_oom_kills, oom_kills)

static const sd_bus_vtable slice_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Id", "s", get_id, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("ControlGroup", "s", get_control_group, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Exempt", "b", get_exempt, 0, 0),
        SD_BUS_PROPERTY("Active", "b", get_active, 0, 0),
        SD_BUS_PROPERTY("Throttled", "b", get_throttled, 0, 0),
        SD_BUS_PROPERTY("CPUUseUSecPerSec", "t", get_use, 0, 0),
        SD_BUS_PROPERTY("CPUShareUSecPerSec", "t", get_share, 0, 0),
        SD_BUS_PROPERTY("CPUGuaranteedUSecPerSec", "t", get_guaranteed, 0, 0),
        SD_BUS_PROPERTY("CPUHeldBy", "s", get_held_by, 0, 0),
        SD_BUS_PROPERTY("CPUHeldTimestamp", "t", get_held_since, 0, 0),
        SD_BUS_PROPERTY("CPUQuotaPerSecUSec", "t", get_cpu_quota, 0, 0),
        SD_BUS_PROPERTY("CPUWeight", "t", get_cpu_weight, 0, 0),
        SD_BUS_PROPERTY("MemoryMax", "t", get_memory_max, 0, 0),
        SD_BUS_PROPERTY("MemoryHigh", "t", get_memory_high, 0, 0),
        SD_BUS_PROPERTY("MemorySwapMax", "t", get_memory_swap_max, 0, 0),
        SD_BUS_PROPERTY("ConfiguredLimits", "a{st}", get_configured_limits, 0,
                        SD_BUS_VTABLE_PROPERTY_EMITS_INVALIDATION),
        SD_BUS_PROPERTY("CPUUsageNSec", "t", get_cpu_usage, 0, 0),
        SD_BUS_PROPERTY("CPUThrottledUSec", "t", get_cpu_throttled, 0, 0),
        SD_BUS_PROPERTY("MemoryCurrent", "t", get_memory_current, 0, 0),
        SD_BUS_PROPERTY("MemoryPeak", "t", get_memory_peak, 0, 0),
        SD_BUS_PROPERTY("OOMKills", "t", get_oom_kills, 0, 0),
        SD_BUS_VTABLE_END,
};

static const sd_bus_vtable user_slice_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("UID", "u", get_uid, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("UserName", "s", get_user_name, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_VTABLE_END,
};

const SliceInterface slice_interfaces[SLICE_INTERFACES] = {
        { SLICE_INTERFACE, slice_vtable, false },
        { USER_SLICE_INTERFACE, user_slice_vtable, true },
};

bool slice_has_interface(const SliceFigures *slice, const SliceInterface *interface) {
        return !interface->of_users || slice->uid != UID_INVALID;
}

static int has_interface(const SliceFigures *slice, void *userdata) {
        return slice_has_interface(slice, userdata);
}

/* Whether the object is there, for sd-bus. */
static int find(Endpoint *endpoint, const char *path, const SliceInterface *interface, void **ret_found) {
        SliceName name;
        int r;

        if (slice_path_decode(path, name) < 0)
                return 0;
        r = endpoint->operations->slice(name, has_interface, (void *) interface,
                                        endpoint->operations->userdata);
        if (r <= 0)
                return r == -ENOENT ? 0 : r;
        *ret_found = endpoint;
        return 1;
}

static int find_slice(sd_bus *bus _unused_, const char *path, const char *interface _unused_, void *userdata,
                      void **ret_found, sd_bus_error *error _unused_) {
        return find(userdata, path, &slice_interfaces[0], ret_found);
}

static int find_user_slice(sd_bus *bus _unused_, const char *path, const char *interface _unused_,
                           void *userdata, void **ret_found, sd_bus_error *error _unused_) {
        return find(userdata, path, &slice_interfaces[1], ret_found);
}

/* What a node in an introspection costs, in values of an answer. */
#define NODE_VALUES 5U

typedef struct Paths {
        char **paths; /* ends with NULL */
        size_t n, room;
} Paths;

static void paths_done(Paths *paths) {
        for (size_t i = 0; i < paths->n; i++)
                free(paths->paths[i]);
        free(paths->paths);
}

static int add_path(const SliceFigures *slice, void *userdata) {
        Paths *paths = userdata;
        int r;

        if (paths->n + 1 >= paths->room) {
                size_t room = MAX(2 * paths->room, 16U);
                char **more = reallocarray(paths->paths, room, sizeof *more);

                if (!more)
                        return -ENOMEM;
                paths->paths = more;
                paths->room = room;
        }
        r = slice_path_encode(slice->name, &paths->paths[paths->n]);
        if (r >= 0)
                paths->paths[++paths->n] = NULL;
        return r;
}

static int enumerate(sd_bus *bus _unused_, const char *prefix _unused_, void *userdata, char ***ret_nodes,
                     sd_bus_error *error _unused_) {
        const Endpoint *endpoint = userdata;
        sd_bus_message *m = sd_bus_get_current_message(endpoint->bus);
        _cleanup_(paths_done) Paths paths = {};
        int r = endpoint->operations->slices(add_path, &paths, endpoint->operations->userdata);

        if (r < 0)
                return r;
        if (m)
                access_charge(endpoint->access, m, paths.n * NODE_VALUES);
        paths.n = 0;
        *ret_nodes = TAKE_PTR(paths.paths);
        return 0;
}

int slice_object_attach(Endpoint *e) {
        int r = sd_bus_add_fallback_vtable(e->bus, &e->slice, SLICE_PATH_PREFIX, SLICE_INTERFACE,
                                           slice_vtable, find_slice, e);

        if (r >= 0)
                r = sd_bus_add_fallback_vtable(e->bus, &e->user_slice, SLICE_PATH_PREFIX,
                                               USER_SLICE_INTERFACE, user_slice_vtable, find_user_slice, e);
        if (r >= 0)
                r = sd_bus_add_node_enumerator(e->bus, &e->nodes, SLICE_PATH_PREFIX, enumerate, e);
        return r;
}
