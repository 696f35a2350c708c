/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus/socket-host.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

SocketHost socket_host;

int socket_host_second(PrivateSocket **ret) {
        return private_socket_new(socket_host.loop, socket_host.dirfd, &socket_host.fake.operations,
                                  PATIENCE_USEC, ret);
}

void socket_host_restart(usec_t silence_max) {
        socket_host.server = private_socket_free(socket_host.server);
        assert_int_equal(private_socket_new(socket_host.loop, socket_host.dirfd,
                                            &socket_host.fake.operations, silence_max, &socket_host.server),
                         0);
}

int socket_host_setup(_unused_ void **state) {
        SocketHost *h = &socket_host;

        *h = (SocketHost){ .directory = "/tmp/fairslice-socket-XXXXXX" };
        fake_operations_init(&h->fake);
        assert_non_null(mkdtemp(h->directory));
        assert_int_equal(chmod(h->directory, 0755), 0);
        snprintf(h->path, sizeof h->path, "%s/" PRIVATE_SOCKET_NAME, h->directory);
        h->dirfd = open(h->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(h->dirfd >= 0);
        assert_true(sd_event_new(&h->loop) >= 0);
        drive_add(h->loop);
        socket_host_restart(PATIENCE_USEC);
        return 0;
}

int socket_host_teardown(_unused_ void **state) {
        SocketHost *h = &socket_host;

        h->server = private_socket_free(h->server);
        drive_remove(h->loop);
        h->loop = sd_event_unref(h->loop);
        h->dirfd = safe_close(h->dirfd);
        (void) unlink(h->path);
        assert_int_equal(rmdir(h->directory), 0);
        return 0;
}

sd_bus *client_connect(void) {
        return private_client_connect(socket_host.path);
}

int client_is_served(void) {
        sd_bus *bus = client_connect();
        int contended;

        CHECK(sd_bus_get_property_trivial(bus, MANAGER, "Contended", NULL, 'b', &contended) >= 0);
        CHECK(sd_bus_call_method(bus, MANAGER, "ListSlices", NULL, NULL, NULL) >= 0);
        return 0;
}
