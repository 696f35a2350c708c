/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/figures.h"

#include <string.h>

#include "basic/log.h"

#define SLICE(name, type, member) \
        { name, type, offsetof(SliceInfo, member) }
#define HOST(name, type, member) \
        { name, type, offsetof(HostInfo, member) }
#define LIMIT(name, limit) \
        { name, PROPERTY_NUMBER, offsetof(SliceInfo, limits) + sizeof(uint64_t) * (limit) }

const Property slice_properties[] = {
        SLICE("Id", PROPERTY_STRING, id),
        SLICE("ControlGroup", PROPERTY_STRING, control_group),
        SLICE("UID", PROPERTY_UID, uid),
        SLICE("UserName", PROPERTY_STRING, user_name),
        SLICE("Exempt", PROPERTY_BOOL, exempt),
        SLICE("Active", PROPERTY_BOOL, active),
        SLICE("Throttled", PROPERTY_BOOL, throttled),
        SLICE("CPUUseUSecPerSec", PROPERTY_NUMBER, use),
        SLICE("CPUShareUSecPerSec", PROPERTY_NUMBER, share),
        SLICE("CPUGuaranteedUSecPerSec", PROPERTY_NUMBER, guaranteed),
        SLICE("CPUHeldBy", PROPERTY_STRING, held_by),
        SLICE("CPUHeldTimestamp", PROPERTY_TIMESTAMP, held_since),
        LIMIT("CPUQuotaPerSecUSec", LIMIT_CPU_QUOTA),
        LIMIT("CPUWeight", LIMIT_CPU_WEIGHT),
        LIMIT("MemoryMax", LIMIT_MEMORY_MAX),
        LIMIT("MemoryHigh", LIMIT_MEMORY_HIGH),
        LIMIT("MemorySwapMax", LIMIT_MEMORY_SWAP_MAX),
        SLICE("ConfiguredLimits", PROPERTY_LIMITS, configured),
        SLICE("CPUUsageNSec", PROPERTY_NUMBER, cpu_usage_nsec),
        SLICE("CPUThrottledUSec", PROPERTY_NUMBER, cpu_throttled_usec),
        SLICE("MemoryCurrent", PROPERTY_NUMBER, memory_current),
        SLICE("MemoryPeak", PROPERTY_NUMBER, memory_peak),
        SLICE("OOMKills", PROPERTY_NUMBER, oom_kills),
        {},
};

const Property manager_properties[] = {
        HOST("Version", PROPERTY_STRING, version),
        HOST("Backend", PROPERTY_STRING, backend),
        HOST("SharePolicy", PROPERTY_STRING, policy),
        HOST("CPUsUSecPerSec", PROPERTY_NUMBER, cpus),
        HOST("BudgetUSecPerSec", PROPERTY_NUMBER, budget),
        HOST("WaterLevelUSecPerSec", PROPERTY_NUMBER, level),
        HOST("UseUSecPerSec", PROPERTY_NUMBER, use),
        HOST("OutsideUSecPerSec", PROPERTY_NUMBER, outside),
        HOST("Contended", PROPERTY_BOOL, contended),
        HOST("ContendedTimestamp", PROPERTY_TIMESTAMP, contended_since),
        HOST("ActiveUsers", PROPERTY_COUNT, active),
        HOST("Observing", PROPERTY_BOOL, observing),
        {},
};

void slice_info_done(SliceInfo *slice) {
        properties_done(slice_properties, slice);
}

void slice_infos_done(SliceInfos *slices) {
        for (size_t i = 0; i < slices->n; i++)
                slice_info_done(&slices->items[i]);
        free(slices->items);
        *slices = (SliceInfos){};
}

void host_info_done(HostInfo *host) {
        properties_done(manager_properties, host);
}

const char *slice_info_display(const SliceInfo *slice, char *buffer, size_t size) {
        if (slice->user_name && *slice->user_name)
                snprintf(buffer, size, "%s", slice->user_name);
        else if (slice->uid != UID_INVALID)
                snprintf(buffer, size, "%u", (unsigned) slice->uid);
        else
                snprintf(buffer, size, "%s", slice->id ? slice->id : "?");
        return buffer;
}

static Status read_all(Cli *cli, const Purpose *purpose, const char *path, const char *interface,
                       const Property *table, void *object) {
        _cleanup_(bus_message_unrefp) sd_bus_message *reply = NULL;
        Status status = client_get_all(cli, purpose, path, interface, &reply);
        int r;

        if (status != STATUS_OK)
                return status;
        r = properties_read(reply, table, object);
        return r < 0 ? client_bad_answer(purpose, r) : STATUS_OK;
}

static Status read_slice(Cli *cli, const Purpose *purpose, const UserArgument *user, SliceInfo *ret) {
        _cleanup_(bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *path;
        Status status = client_call(cli, purpose, "GetSlice", &reply, "s", user->slice);
        int r;

        if (status != STATUS_OK)
                return status;
        r = sd_bus_message_read(reply, "o", &path);
        if (r < 0)
                return client_bad_answer(purpose, r);
        status = read_all(cli, purpose, path, SLICE_INTERFACE, slice_properties, ret);
        if (status == STATUS_OK && user->uid != UID_INVALID)
                status = read_all(cli, purpose, path, USER_SLICE_INTERFACE, slice_properties, ret);
        return status;
}

Status figures_slice(Cli *cli, const UserArgument *user, SliceInfo *ret) {
        const Purpose purpose = { .what = "read the figures", .who = user->display };

        properties_init(slice_properties, ret);
        return read_slice(cli, &purpose, user, ret);
}

Status figures_slice_if_any(Cli *cli, const UserArgument *user, SliceInfo *ret) {
        const Purpose purpose = { .what = "read the figures", .who = user->display, .may_be_none = true };
        Status status;

        properties_init(slice_properties, ret);
        status = read_slice(cli, &purpose, user, ret);
        if (status != STATUS_NO_SUCH)
                return status;
        slice_info_done(ret);
        return STATUS_OK;
}

Status figures_host(Cli *cli, HostInfo *ret) {
        const Purpose purpose = { .what = "read the figures of the host" };

        properties_init(manager_properties, ret);
        return read_all(cli, &purpose, MANAGER_PATH, MANAGER_INTERFACE, manager_properties, ret);
}

/* Reads one a{sa{sv}}: the interfaces of an object. Returns whether it is a slice. */
static int read_object(sd_bus_message *m, SliceInfo *ret) {
        int r = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");
        bool is_slice = false;

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
                const char *interface;

                r = sd_bus_message_read_basic(m, 's', &interface);
                if (r < 0)
                        break;
                if (strcmp(interface, SLICE_INTERFACE) == 0 ||
                    strcmp(interface, USER_SLICE_INTERFACE) == 0) {
                        is_slice = true;
                        r = properties_read(m, slice_properties, ret);
                } else
                        r = sd_bus_message_skip(m, "a{sv}");
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        return r < 0 ? r : is_slice;
}

static int add_object(sd_bus_message *m, SliceInfos *slices, size_t *allocated) {
        const char *path;
        SliceInfo *slice;
        int r;

        if (slices->n == *allocated) {
                size_t n = MAX(64U, 2 * *allocated);
                SliceInfo *items = reallocarray(slices->items, n, sizeof *items);

                if (!items)
                        return -ENOMEM;
                slices->items = items;
                *allocated = n;
        }
        slice = &slices->items[slices->n];
        properties_init(slice_properties, slice);
        r = sd_bus_message_read_basic(m, 'o', &path);
        if (r >= 0)
                r = read_object(m, slice);
        if (r > 0)
                slices->n++;
        else
                slice_info_done(slice);
        return r;
}

static int compare(const void *a, const void *b) {
        char buffer_a[256], buffer_b[256];

        return strverscmp(slice_info_display(a, buffer_a, sizeof buffer_a),
                          slice_info_display(b, buffer_b, sizeof buffer_b));
}

int figures_read_all(sd_bus_message *reply, SliceInfos *ret) {
        size_t allocated = 0;
        int r = sd_bus_message_enter_container(reply, 'a', "{oa{sa{sv}}}");

        *ret = (SliceInfos){};
        while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'e', "oa{sa{sv}}")) > 0) {
                r = add_object(reply, ret, &allocated);
                if (r >= 0)
                        r = sd_bus_message_exit_container(reply);
        }
        if (r >= 0 && ret->n > 0)
                qsort(ret->items, ret->n, sizeof *ret->items, compare);
        return r;
}

Status figures_all(Cli *cli, SliceInfos *ret) {
        const Purpose purpose = { .what = "list the users" };
        _cleanup_(bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
        Status status;
        int r;

        *ret = (SliceInfos){};
        status = client_new_call(cli, MANAGER_PATH, "org.freedesktop.DBus.ObjectManager",
                                 "GetManagedObjects", &call);
        if (status == STATUS_OK)
                status = client_send(cli, &purpose, call, &reply);
        if (status != STATUS_OK)
                return status;
        r = figures_read_all(reply, ret);
        return r < 0 ? client_bad_answer(&purpose, r) : STATUS_OK;
}
