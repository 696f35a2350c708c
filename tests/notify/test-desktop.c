/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>

#include "basic/time-util.h"
#include "notify/desktop.h"
#include "support/private-bus.h"
#include "support/scratch.h"
#include "support/test.h"

/* A desktop on a private bus, and buses that are none. */

#define NAME    "org.freedesktop.Notifications"
#define TIMEOUT (20 * USEC_PER_SEC)
#define SHORT   (USEC_PER_SEC / 2)

static const Notice notice = { .critical = true, .summary = "Over <now>", .body = "a < b & c > d" };

static const char *socket_of_bus(void) {
        return getenv("DBUS_SYSTEM_BUS_ADDRESS") + strlen("unix:path=");
}

/* ---- a desktop ---- */

typedef struct Desktop {
        pid_t pid;
        int said_fd;
} Desktop;

static int on_notify(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        const char *app, *icon, *summary, *body, *hint;
        uint32_t replaces;
        uint8_t urgency;
        int32_t expire;
        int r;

        r = sd_bus_message_read(m, "susssasa{sv}i", &app, &replaces, &icon, &summary, &body, 0, 1, &hint,
                                "y", &urgency, &expire);
        if (r < 0)
                _exit(1);
        dprintf(*(int *) userdata, "%s|%u|%s|%s|%s=%u|%d", app, replaces, summary, body, hint, urgency,
                expire);
        return sd_bus_reply_method_return(m, "u", 1);
}

static int on_refuse(sd_bus_message *m, _unused_ void *userdata, _unused_ sd_bus_error *error) {
        return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_LIMITS_EXCEEDED, "no");
}

static int on_nothing(_unused_ sd_bus_message *m, _unused_ void *userdata, _unused_ sd_bus_error *error) {
        return 1;
}

static void serve(sd_bus_message_handler_t handler, int fd) {
        static sd_bus_vtable vtable[] = {
                SD_BUS_VTABLE_START(0),
                SD_BUS_METHOD("Notify", "susssasa{sv}i", "u", NULL, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_VTABLE_END,
        };
        sd_bus *bus = private_bus_connect();

        vtable[1].x.method.handler = handler;
        if (sd_bus_add_object_vtable(bus, NULL, "/org/freedesktop/Notifications", NAME, vtable, &fd) < 0 ||
            sd_bus_request_name(bus, NAME, 0) < 0 || write(fd, "!", 1) != 1)
                _exit(1);
        for (;;)
                if (sd_bus_process(bus, NULL) == 0)
                        (void) sd_bus_wait(bus, UINT64_MAX);
}

static Desktop start_desktop(sd_bus_message_handler_t handler) {
        Desktop d;
        char ready;
        int fds[2];

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        d.said_fd = fds[0];
        d.pid = fork();
        assert_true(d.pid >= 0);
        if (d.pid == 0) {
                (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
                serve(handler, fds[1]);
        }
        close(fds[1]);
        assert_int_equal(read(d.said_fd, &ready, 1), 1);
        return d;
}

static void end(pid_t pid) {
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void stop_desktop(Desktop *d, const char *expected) {
        char text[512];
        ssize_t n;

        end(d->pid);
        n = read(d->said_fd, text, sizeof text - 1);
        assert_true(n >= 0);
        text[n] = '\0';
        assert_string_equal(text, expected);
        close(d->said_fd);
}

static int bus_setup(void **state) {
        *state = private_bus_new();
        return 0;
}

static int bus_teardown(void **state) {
        *state = private_bus_free(*state);
        return 0;
}

static void test_shown(_unused_ void **state) {
        const Notice normal = { .summary = "s", .body = "b" };
        Desktop d = start_desktop(on_notify);

        assert_int_equal(desktop_tell(socket_of_bus(), geteuid(), &notice, TIMEOUT), 0);
        stop_desktop(&d, "fairslice|0|Over <now>|a &lt; b &amp; c &gt; d|urgency=2|-1");
        d = start_desktop(on_notify);
        assert_int_equal(desktop_tell(socket_of_bus(), geteuid(), &normal, TIMEOUT), 0);
        stop_desktop(&d, "fairslice|0|s|b|urgency=1|-1");
}

static void test_not_taken(_unused_ void **state) {
        Desktop d;

        assert_int_equal(desktop_tell(socket_of_bus(), geteuid(), &notice, TIMEOUT), -ENXIO);
        d = start_desktop(on_refuse);
        assert_int_equal(desktop_tell(socket_of_bus(), geteuid(), &notice, TIMEOUT), -ENOBUFS);
        stop_desktop(&d, "");
        d = start_desktop(on_nothing);
        assert_int_equal(desktop_tell(socket_of_bus(), geteuid(), &notice, SHORT), -ETIMEDOUT);
        stop_desktop(&d, "");
}

/* Whose socket it is, is looked at before anything is said to it. */
static void test_of_another(_unused_ void **state) {
        Desktop d = start_desktop(on_notify);

        assert_int_equal(desktop_tell(socket_of_bus(), geteuid() + 1, &notice, TIMEOUT), -EPERM);
        stop_desktop(&d, "");
}

static void test_frozen(void **state) {
        private_bus_freeze(*state);
        assert_int_equal(desktop_tell(socket_of_bus(), geteuid(), &notice, SHORT), -ETIMEDOUT);
        private_bus_thaw(*state);
}

/* ---- what is no bus ---- */

typedef void (*Rubbish)(int fd);

static void say_nothing(int fd) {
        char text[512];

        while (read(fd, text, sizeof text) > 0)
                ;
        (void) pause();
}

static void say_anything(int fd) {
        static const char text[] = "OK?\r\nHello, who are you\r\n\x01\x02\x03";

        while (write(fd, text, sizeof text - 1) > 0)
                ;
        (void) pause();
}

static void hang_up(_unused_ int fd) {
}

/* Lets everybody in, and then says what no bus says. */
static void let_in(int fd) {
        static const char welcome[] = "DATA\r\nOK 0123456789abcdef0123456789abcdef\r\n";
        char rubbish[4096];

        if (write(fd, welcome, sizeof welcome - 1) < 0)
                return;
        memset(rubbish, 0xff, sizeof rubbish);
        rubbish[0] = 'l';
        rubbish[3] = 1;
        while (write(fd, rubbish, sizeof rubbish) > 0)
                ;
        (void) pause();
}

static pid_t start_rubbish(const char *path, Rubbish rubbish) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        pid_t pid;

        assert_true(strlen(path) < sizeof address.sun_path);
        strcpy(address.sun_path, path);
        assert_int_equal(bind(fd, (const struct sockaddr *) &address, sizeof address), 0);
        assert_int_equal(listen(fd, 4), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
                (void) signal(SIGPIPE, SIG_IGN);
                rubbish(accept4(fd, NULL, NULL, SOCK_CLOEXEC));
                _exit(0);
        }
        close(fd);
        return pid;
}

static void test_rubbish(void **state) {
        const Scratch *scratch = *state;
        const Rubbish rubbish[] = { say_nothing, say_anything, hang_up, let_in };
        char path[128];

        snprintf(path, sizeof path, "%s/bus", scratch->path);
        for (size_t i = 0; i < ELEMENTSOF(rubbish); i++) {
                pid_t pid = start_rubbish(path, rubbish[i]);

                assert_true(desktop_tell(path, geteuid(), &notice, SHORT) < 0);
                (void) kill(pid, SIGKILL);
                assert_int_equal(waitpid(pid, NULL, 0), pid);
                assert_int_equal(unlink(path), 0);
        }
}

/* It may not be there at all. */
static void test_no_socket(void **state) {
        const Scratch *scratch = *state;
        char path[256];

        snprintf(path, sizeof path, "%s/bus", scratch->path);
        assert_int_equal(desktop_tell(path, geteuid(), &notice, TIMEOUT), -ENOENT);
        assert_int_equal(symlinkat("/run/dbus/system_bus_socket", scratch->fd, "bus"), 0);
        assert_int_equal(desktop_tell(path, geteuid(), &notice, TIMEOUT), -ENOTSOCK);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkfifo(path, 0600), 0);
        assert_int_equal(desktop_tell(path, geteuid(), &notice, TIMEOUT), -ENOTSOCK);
}

#define ON_BUS(f)  cmocka_unit_test_setup_teardown(f, bus_setup, bus_teardown)
#define WITHOUT(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                ON_BUS(test_shown),  ON_BUS(test_not_taken), ON_BUS(test_of_another),
                ON_BUS(test_frozen), WITHOUT(test_rubbish),  WITHOUT(test_no_socket),
        };

        (void) signal(SIGPIPE, SIG_IGN);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
