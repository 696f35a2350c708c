/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus/bus-host.h"

#include "basic/bus-peer.h"

BusHost host;

static void connect_client(void) {
        host.client = private_bus_connect();
        assert_true(sd_bus_attach_event(host.client, host.loop, SD_EVENT_PRIORITY_NORMAL) >= 0);
}

void bus_host_start(void) {
        host.bus = private_bus_new();
        assert_true(sd_event_new(&host.loop) >= 0);
        assert_true(sd_event_new(&host.fakes_loop) >= 0);
        drive_add(host.loop);
        drive_add(host.fakes_loop);
        connect_client();
        host.stranger = private_bus_connect();
}

void bus_host_stop(void) {
        host.client = private_bus_disconnect(host.client);
        host.stranger = private_bus_disconnect(host.stranger);
        drive_remove(host.loop);
        drive_remove(host.fakes_loop);
        host.loop = sd_event_unref(host.loop);
        host.fakes_loop = sd_event_unref(host.fakes_loop);
        host.bus = private_bus_free(host.bus);
}

void bus_host_reconnect(void) {
        host.client = private_bus_disconnect(host.client);
        connect_client();
}

void bus_host_forge(const char *path, const char *interface, const char *member, const char *types, ...) {
        const char *client;

        assert_true(sd_bus_get_unique_name(host.client, &client) >= 0);
        for (int directed = 0; directed < 2; directed++) {
                _cleanup_(bus_message_unrefp) sd_bus_message *m = NULL;
                va_list ap;

                assert_true(sd_bus_message_new_signal(host.stranger, &m, path, interface, member) >= 0);
                va_start(ap, types);
                assert_true(sd_bus_message_appendv(m, types, ap) >= 0);
                va_end(ap);
                if (directed)
                        assert_true(sd_bus_message_set_destination(m, client) >= 0);
                assert_true(sd_bus_send(host.stranger, m, NULL) >= 0);
        }
        private_bus_sync(host.stranger);
}
