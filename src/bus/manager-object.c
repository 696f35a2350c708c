/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus/endpoint-internal.h"

/* /org/fairslice1: the vtable, the host's figures, and what is asked of the service as a whole. */

/* A getter of one figure of the host. They are for everybody. */
#define DEFINE_HOST_PROPERTY(function, type, value)                                                \
        static int function(sd_bus *bus _unused_, const char *path _unused_,                       \
                            const char *interface _unused_, const char *property _unused_,         \
                            sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_) { \
                const Endpoint *endpoint = userdata;                                               \
                HostFigures host;                                                                  \
                                                                                                   \
                endpoint->operations->host(&host, endpoint->operations->userdata);                 \
                return sd_bus_message_append(reply, type, value);                                  \
        }

DEFINE_HOST_PROPERTY(get_share_policy, "s", share_policy_to_string(host.policy))
DEFINE_HOST_PROPERTY(get_cpus, "t", host.cpus)
DEFINE_HOST_PROPERTY(get_budget, "t", host.budget)
DEFINE_HOST_PROPERTY(get_water_level, "t", host.level)
DEFINE_HOST_PROPERTY(get_use, "t", host.use)
DEFINE_HOST_PROPERTY(get_outside, "t", host.outside)
DEFINE_HOST_PROPERTY(get_contended, "b", (int) host.contended)
DEFINE_HOST_PROPERTY(get_contended_timestamp, "t", host.contended_since)
DEFINE_HOST_PROPERTY(get_active_users, "u", (uint32_t) host.active)
DEFINE_HOST_PROPERTY(get_observing, "b", (int) host.observing)

static int get_version(sd_bus *bus _unused_, const char *path _unused_, const char *interface _unused_,
                       const char *property _unused_, sd_bus_message *reply, void *userdata _unused_,
                       sd_bus_error *error _unused_) {
        return sd_bus_message_append(reply, "s", PROJECT_VERSION);
}

static int get_backend(sd_bus *bus _unused_, const char *path _unused_, const char *interface _unused_,
                       const char *property _unused_, sd_bus_message *reply, void *userdata,
                       sd_bus_error *error _unused_) {
        const Endpoint *endpoint = userdata;

        return sd_bus_message_append(reply, "s", endpoint->operations->backend);
}

static int shutting_down(sd_bus_error *error) {
        return sd_bus_error_set(error, ERROR_SHUTTING_DOWN,
                                "The service is about to end; the next one reads the configuration when it "
                                "starts.");
}

static int on_may_reload(sd_bus_message *m, uid_t caller _unused_, bool allowed, void *userdata,
                         sd_bus_error *error) {
        const Endpoint *endpoint = userdata;
        int r;

        if (!allowed)
                return endpoint_denied(endpoint, error, ACTION_RELOAD, "have the configuration read again");
        r = endpoint->operations->reload(endpoint->operations->userdata);
        if (r == -EINVAL)
                return sd_bus_error_set(error, ERROR_BAD_CONFIGURATION,
                                        "The new configuration has errors, and the old one stays in force; "
                                        "fairslicectl check says what they are.");
        if (r == -ESHUTDOWN)
                return shutting_down(error);
        return r < 0 ? r : sd_bus_reply_method_return(m, NULL);
}

static int on_reload(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Endpoint *endpoint = userdata;

        return access_check(endpoint->access, m, ACTION_RELOAD, UID_INVALID, NULL, on_may_reload, endpoint,
                            error);
}

static int on_may_release(sd_bus_message *m, uid_t caller, bool allowed, void *userdata,
                          sd_bus_error *error) {
        const Endpoint *endpoint = userdata;
        int r;

        if (!allowed)
                return endpoint_denied(endpoint, error, ACTION_RELEASE, "have all fair-share limits lifted");
        r = endpoint->operations->release(caller, endpoint->operations->userdata);
        if (r == -ESHUTDOWN)
                return shutting_down(error);
        return r < 0 ? r : sd_bus_reply_method_return(m, NULL);
}

static int on_release(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Endpoint *endpoint = userdata;

        return access_check(endpoint->access, m, ACTION_RELEASE, UID_INVALID, NULL, on_may_release, endpoint,
                            error);
}

/* sd-bus itself asks for nothing (UNPRIVILEGED): each method that is not for everybody asks who calls. */
static const sd_bus_vtable manager_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Backend", "s", get_backend, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("SharePolicy", "s", get_share_policy, 0, 0),
        SD_BUS_PROPERTY("CPUsUSecPerSec", "t", get_cpus, 0, 0),
        SD_BUS_PROPERTY("BudgetUSecPerSec", "t", get_budget, 0, 0),
        SD_BUS_PROPERTY("WaterLevelUSecPerSec", "t", get_water_level, 0, 0),
        SD_BUS_PROPERTY("UseUSecPerSec", "t", get_use, 0, 0),
        SD_BUS_PROPERTY("OutsideUSecPerSec", "t", get_outside, 0, 0),
        SD_BUS_PROPERTY("Contended", "b", get_contended, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("ContendedTimestamp", "t", get_contended_timestamp, 0, 0),
        SD_BUS_PROPERTY("ActiveUsers", "u", get_active_users, 0, 0),
        SD_BUS_PROPERTY("Observing", "b", get_observing, 0, 0),
        /* SD_BUS_NO_ARGS of 247 puts an empty name before the results'. */
        SD_BUS_METHOD_WITH_NAMES("ListSlices", NULL, , "a(suso)", SD_BUS_PARAM(slices),
                                 manager_on_list_slices, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetSlice", SD_BUS_ARGS("s", name), SD_BUS_RESULT("o", slice),
                                manager_on_get_slice, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetSliceByUID", SD_BUS_ARGS("u", uid), SD_BUS_RESULT("o", slice),
                                manager_on_get_slice_by_uid, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetSliceByPID", SD_BUS_ARGS("u", pid), SD_BUS_RESULT("o", slice),
                                manager_on_get_slice_by_pid, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("SetLimits", SD_BUS_ARGS("s", slice, "a{sv}", limits, "b", runtime),
                                SD_BUS_NO_RESULT, manager_on_set_limits, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ResetLimits", SD_BUS_ARGS("s", slice), SD_BUS_NO_RESULT,
                                manager_on_reset_limits, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetSettings", SD_BUS_ARGS("s", slice), SD_BUS_RESULT("a(sssu)", settings),
                                manager_on_get_settings, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Reload", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, on_reload,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_NAMES("Check", NULL, , "a(bsus)", SD_BUS_PARAM(problems), manager_on_check,
                                 SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Release", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, on_release,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetHistory", SD_BUS_ARGS("s", slice, "t", since),
                                SD_BUS_RESULT("t", interval, "a(ttttt)", looks), manager_on_get_history,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListEvents", SD_BUS_ARGS("t", since),
                                SD_BUS_RESULT("a(ttssua{sv})", events), manager_on_list_events,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL_WITH_ARGS("Contended", SD_BUS_ARGS("b", contended), 0),
        SD_BUS_SIGNAL_WITH_ARGS("LimitsChanged", SD_BUS_ARGS("s", slice, "o", path), 0),
        SD_BUS_SIGNAL_WITH_ARGS("MemoryWarning", SD_BUS_ARGS("s", slice, "o", path, "t", event), 0),
        SD_BUS_SIGNAL_WITH_ARGS("OutOfMemory", SD_BUS_ARGS("s", slice, "o", path, "t", event), 0),
        SD_BUS_VTABLE_END,
};

int manager_object_attach(Endpoint *e) {
        int r = sd_bus_add_object_vtable(e->bus, &e->manager, MANAGER_PATH, MANAGER_INTERFACE,
                                         manager_vtable, e);

        if (r >= 0)
                r = sd_bus_add_object_manager(e->bus, &e->object_manager, MANAGER_PATH);
        return r;
}
