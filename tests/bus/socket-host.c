/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus/socket-host.h"

#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

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

void as_user(uid_t uid, int (*client)(void)) {
        int status = -1;
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
                if (uid != getuid() && (setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0))
                        _exit(2);
                _exit(client());
        }
        DRIVE_UNTIL(waitpid(pid, &status, WNOHANG) == pid);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
}

sd_bus *client_connect(void) {
        sd_bus *bus = NULL;
        char address[96];

        snprintf(address, sizeof address, "unix:path=%s", socket_host.path);
        if (sd_bus_new(&bus) < 0 || sd_bus_set_address(bus, address) < 0 || sd_bus_start(bus) < 0) {
                fputs("Cannot connect.\n", stderr);
                _exit(3);
        }
        return bus;
}

int client_is_served(void) {
        sd_bus *bus = client_connect();
        int contended;

        CHECK(sd_bus_get_property_trivial(bus, "org.fairslice1", "/org/fairslice1", "org.fairslice1.Manager",
                                          "Contended", NULL, 'b', &contended) >= 0);
        CHECK(sd_bus_call_method(bus, "org.fairslice1", "/org/fairslice1", "org.fairslice1.Manager",
                                 "ListSlices", NULL, NULL, NULL) >= 0);
        return 0;
}

bool raw_send(int fd, const void *data, size_t size) {
        const uint8_t *p = data;

        for (usec_t deadline = now_monotonic() + DRIVE_LIMIT_USEC; size > 0;) {
                ssize_t n = send(fd, p, size, MSG_NOSIGNAL);

                if (n < 0 && errno != EAGAIN)
                        return false;
                if (n > 0) {
                        p += n;
                        size -= (size_t) n;
                }
                assert_true(now_monotonic() < deadline);
                drive_ready();
        }
        return true;
}

bool raw_ended(int fd) {
        char answer[4096];
        ssize_t n;

        do
                n = recv(fd, answer, sizeof answer, 0);
        while (n > 0);
        return n == 0 || errno != EAGAIN;
}
