/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus/socket-host.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "model/limits.h"

SocketHost socket_host;

static void host_figures(HostFigures *ret, _unused_ void *userdata) {
        *ret = socket_host.figures;
}

static int each_slice(SliceVisitor visitor, void *visitor_userdata, _unused_ void *userdata) {
        const SliceFigures slices[] = {
                { .name = "user-0.slice", .uid = 0, .user_name = "root" },
                { .name = "user-1000.slice", .uid = 1000, .user_name = "alice" },
                { .name = "user-64321.slice", .uid = USER_UID },
        };
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(slices) && r >= 0; i++)
                r = visitor(&slices[i], visitor_userdata);
        return r;
}

static int reload(_unused_ void *userdata) {
        socket_host.reloads++;
        return socket_host.reload_result;
}

static const BusOperations operations = {
        .backend = "fake",
        .host = host_figures,
        .slices = each_slice,
        .reload = reload,
};

int socket_host_second(PrivateSocket **ret) {
        return private_socket_new(socket_host.loop, socket_host.dirfd, &operations, PATIENCE_USEC, ret);
}

void socket_host_restart(usec_t silence_max) {
        socket_host.server = private_socket_free(socket_host.server);
        assert_int_equal(private_socket_new(socket_host.loop, socket_host.dirfd, &operations, silence_max,
                                            &socket_host.server),
                         0);
}

int socket_host_setup(_unused_ void **state) {
        SocketHost *h = &socket_host;

        *h = (SocketHost){ .directory = "/tmp/fairslice-socket-XXXXXX" };
        h->figures = (HostFigures){ .policy = SHARE_EQUAL, .budget = 1900000, .level = LIMIT_UNSET };
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
