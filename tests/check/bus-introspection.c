/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Prints what the objects of the bus say of themselves: "OBJECT PATH", then its introspection. */

#include <sys/socket.h>
#include <systemd/sd-bus.h>

#include "bus/endpoint.h"
#include "model/names.h"
#include "support/fake-operations.h"

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *ret_error _unused_) {
        *(sd_bus_message **) userdata = sd_bus_message_ref(m);
        return 0;
}

/* Both ends are here; each is given its turn until the answer has come. */
static int introspect(sd_bus *server, sd_bus *client, const char *path, sd_bus_message **ret) {
        int r = sd_bus_call_method_async(client, NULL, NULL, path, "org.freedesktop.DBus.Introspectable",
                                         "Introspect", on_reply, ret, NULL);

        while (r >= 0 && !*ret) {
                r = sd_bus_process(server, NULL);
                if (r >= 0)
                        r = sd_bus_process(client, NULL);
        }
        return r < 0 ? r : -sd_bus_message_get_errno(*ret);
}

static int print(sd_bus *server, sd_bus *client, const char *path) {
        sd_bus_message *reply = NULL;
        const char *xml;
        int r = introspect(server, client, path, &reply);

        if (r >= 0)
                r = sd_bus_message_read(reply, "s", &xml);
        if (r >= 0)
                printf("OBJECT %s\n%s", path, xml);
        sd_bus_message_unref(reply);
        return r;
}

static int start(int fd, bool server, sd_bus **ret) {
        int r = sd_bus_new(ret);

        if (r >= 0)
                r = sd_bus_set_fd(*ret, fd, fd);
        if (r >= 0 && server)
                r = sd_bus_set_server(*ret, true, SD_ID128_NULL);
        return r < 0 ? r : sd_bus_start(*ret);
}

int main(void) {
        sd_bus *server = NULL, *client = NULL;
        Endpoint *endpoint = NULL;
        FakeOperations fake;
        int fds[2], r;

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
                return EXIT_FAILURE;
        fake_operations_init(&fake);
        r = start(fds[0], true, &server);
        if (r >= 0)
                r = start(fds[1], false, &client);
        if (r >= 0)
                r = endpoint_new_for_peer(server, (EndpointPeer){}, &fake.operations, &endpoint);
        if (r >= 0)
                r = print(server, client, MANAGER_PATH);
        if (r >= 0)
                r = print(server, client, SLICE_PATH_PREFIX "/user_2d1000_2eslice");
        endpoint_free(endpoint);
        sd_bus_close_unref(client);
        sd_bus_close_unref(server);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
