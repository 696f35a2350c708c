/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/service-connection.h"

#include "basic/bus-peer.h"

int service_connect_socket(const char *path, sd_bus **ret) {
        _cleanup_(sd_bus_close_unrefp) sd_bus *bus = NULL;
        char address[128];
        int r;

        if ((size_t) snprintf(address, sizeof address, "unix:path=%s", path) >= sizeof address)
                return -ENAMETOOLONG;
        r = sd_bus_new(&bus);
        if (r >= 0)
                r = sd_bus_set_address(bus, address);
        if (r >= 0)
                r = sd_bus_start(bus);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(bus);
        return 0;
}

static int ask_bus(sd_bus *bus, const char *member, sd_bus_error *error, const char *types, const char *name,
                   uint32_t flags) {
        _cleanup_(bus_message_unrefp) sd_bus_message *m = NULL;
        int r = sd_bus_message_new_method_call(bus, &m, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                               "org.freedesktop.DBus", member);

        if (r >= 0)
                r = sd_bus_message_append(m, types, name, flags);
        return r < 0 ? r : sd_bus_call(bus, m, 0, error, NULL);
}

/* Whether the service is on the bus, started by it if need be. A negative errno; if the bus could have
 * started it and that went wrong, `error` says why. */
static int is_on_bus(sd_bus *bus, const char *name, sd_bus_error *error) {
        int r = ask_bus(bus, "GetNameOwner", NULL, "s", name, 0);

        return r >= 0 ? r : ask_bus(bus, "StartServiceByName", error, "su", name, 0);
}

int service_connect(const char *name, const char *socket_path, usec_t timeout, sd_bus_error *error,
                    sd_bus **ret) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        int r = sd_bus_open_system(&bus);

        if (r >= 0)
                r = sd_bus_set_method_call_timeout(bus, timeout);
        if (r >= 0)
                r = is_on_bus(bus, name, error);
        if (r >= 0) {
                *ret = TAKE_PTR(bus);
                return 0;
        }
        bus = sd_bus_flush_close_unref(bus);
        r = service_connect_socket(socket_path, &bus);
        if (r >= 0)
                r = sd_bus_set_method_call_timeout(bus, timeout);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(bus);
        return 1;
}
