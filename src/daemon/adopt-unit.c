/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/adopt-unit.h"

#include <string.h>

#include "basic/bus-peer.h"
#include "basic/log.h"

#define NAME      "org.freedesktop.systemd1"
#define PATH      "/org/freedesktop/systemd1"
#define INTERFACE "org.freedesktop.systemd1.Manager"

static void bus_error_donep(sd_bus_error *error) {
        sd_bus_error_free(error);
}

/* systemd puts "_" before the names of groups that the kernel could take for files of its own. */
static const char *unit_of_group(const char *group) {
        const char *slash = strrchr(group, '/'), *name = slash ? slash + 1 : group;

        return *name == '_' ? name + 1 : name;
}

/* 0 if systemd knows no such unit; else 1 and *ret, the caller's to free. */
static int find_unit(sd_bus *bus, const char *unit, char **ret) {
        _cleanup_(bus_error_donep) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *path;
        int r;

        r = sd_bus_call_method(bus, NAME, PATH, INTERFACE, "GetUnit", &error, &reply, "s", unit);
        if (r < 0)
                return sd_bus_error_has_name(&error, NAME ".NoSuchUnit") ? 0 : r;
        r = sd_bus_message_read(reply, "o", &path);
        if (r < 0)
                return r;
        *ret = strdup(path);
        return *ret ? 1 : -ENOMEM;
}

static int has_group(sd_bus *bus, const char *path, const char *interface, const char *group) {
        _cleanup_free_ char *told = NULL;
        int r = sd_bus_get_property_string(bus, NAME, path, interface, "ControlGroup", NULL, &told);

        return r < 0 ? r : strcmp(told, group) == 0;
}

static int is_delegated(sd_bus *bus, const char *path, const char *interface) {
        int delegated;
        int r = sd_bus_get_property_trivial(bus, NAME, path, interface, "Delegate", NULL, 'b', &delegated);

        return r < 0 ? r : delegated;
}

/* User= takes names and numbers. */
static int runs_as(sd_bus *bus, const char *path, const char *interface, const User *user) {
        _cleanup_free_ char *told = NULL;
        char number[16];
        int r = sd_bus_get_property_string(bus, NAME, path, interface, "User", NULL, &told);

        if (r < 0)
                return r;
        snprintf(number, sizeof number, "%u", (unsigned) user->uid);
        return strcmp(told, number) == 0 || strcmp(told, user->name) == 0;
}

int adopt_unit_lets_go(sd_bus *bus, const char *group, const User *user) {
        const char *unit = unit_of_group(group), *suffix = strrchr(unit, '.');
        bool is_service = suffix && strcmp(suffix, ".service") == 0;
        const char *interface = is_service ? NAME ".Service" : NAME ".Scope";
        _cleanup_free_ char *path = NULL;
        int r;

        r = find_unit(bus, unit, &path);
        if (r <= 0)
                return r;
        r = has_group(bus, path, interface, group);
        if (r <= 0)
                return r;
        r = is_delegated(bus, path, interface);
        if (r == 0 && is_service)
                r = runs_as(bus, path, interface, user);
        return r < 0 ? r : r == 0;
}

static int append_pids(sd_bus_message *m, const Strays *strays) {
        int r;

        r = sd_bus_message_open_container(m, 'r', "sv");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", "PIDs");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "au");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "u");
        for (size_t i = 0; r >= 0 && i < strays->count; i++)
                r = sd_bus_message_append(m, "u", (uint32_t) strays->item[i].process.pid);
        for (unsigned i = 0; r >= 0 && i < 3; i++)
                r = sd_bus_message_close_container(m);
        return r;
}

/* SIGHUP as for sessions, since a shell that waits for its user ignores SIGTERM. */
static int append_properties(sd_bus_message *m, const char *slice, const char *description,
                             const Strays *strays) {
        int r;

        r = sd_bus_message_open_container(m, 'a', "(sv)");
        if (r >= 0)
                r = sd_bus_message_append(m, "(sv)(sv)(sv)(sv)", "Description", "s", description, "Slice",
                                          "s", slice, "CollectMode", "s", "inactive-or-failed", "SendSIGHUP",
                                          "b", true);
        if (r >= 0)
                r = append_pids(m, strays);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int adopt_unit_start_scope(sd_bus *bus, const char *scope, const char *slice, const char *description,
                           const Strays *strays) {
        _cleanup_(bus_error_donep) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = sd_bus_message_new_method_call(bus, &m, NAME, PATH, INTERFACE, "StartTransientUnit");
        if (r >= 0)
                r = sd_bus_message_append(m, "ss", scope, "fail");
        if (r >= 0)
                r = append_properties(m, slice, description, strays);
        if (r >= 0)
                r = sd_bus_message_append(m, "a(sa(sv))", 0);
        if (r >= 0)
                r = sd_bus_call(bus, m, 0, &error, NULL);
        if (r >= 0)
                return 0;
        if (sd_bus_error_has_name(&error, SD_BUS_ERROR_UNIX_PROCESS_ID_UNKNOWN))
                return -ESRCH;
        if (error.message)
                log_debug("%s: %s", scope, error.message);
        return r;
}
