/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* org.fairslice1 with made-up figures (tests/support/fake-operations.h): the real objects, for who calls
 * them. They are on the bus that DBUS_SYSTEM_BUS_ADDRESS names, or, with the argument "socket", on the
 * private socket. Says "ready" when it can be called. The other arguments change what it does, see below.
 * Says what it is told to do, with "calls" all that it is asked on the bus. With "control" it is told on
 * standard input what happens, and ends with that.
 * Ends with who started it. */

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>

#include "basic/log.h"
#include "basic/parse.h"
#include "bus/endpoint.h"
#include "bus/private-socket.h"
#include "model/names.h"
#include "support/fake-operations.h"

/* Where the fake only remembers the last. */
static BusOperations fake_operations;

/* The answer is sent later: who called finds the line when it has the answer. */
static int told(const char *name, const char *what, uid_t by, int r) {
        printf("%s %s by %u\n", what, name, (unsigned) by);
        (void) fflush(stdout);
        return r;
}

static int told_set(const char *name, const LimitSetting *settings, size_t n, bool runtime, uid_t by,
                    void *userdata) {
        FormatBuffer value;

        for (size_t i = 0; i < n; i++)
                printf("%s=%s ", limit_to_string(settings[i].limit),
                       limit_setting_format(value, &settings[i]));
        return told(name, runtime ? "for now of" : "for good of", by,
                    fake_operations.set_limits(name, settings, n, runtime, by, userdata));
}

static int told_reset(const char *name, uid_t by, void *userdata) {
        return told(name, "reset of", by, fake_operations.reset_limits(name, by, userdata));
}

static int told_release(uid_t by, void *userdata) {
        return told("all", "release of", by, fake_operations.release(by, userdata));
}

static int told_reload(void *userdata) {
        puts("reload");
        (void) fflush(stdout);
        return fake_operations.reload(userdata);
}

static void tell(FakeOperations *fake) {
        fake_operations = fake->operations;
        fake->operations.set_limits = told_set;
        fake->operations.reset_limits = told_reset;
        fake->operations.release = told_release;
        fake->operations.reload = told_reload;
}

static int told_call(sd_bus_message *m, _unused_ void *userdata, _unused_ sd_bus_error *error) {
        if (sd_bus_message_is_method_call(m, NULL, NULL) > 0) {
                printf("call of %s.%s\n", sd_bus_message_get_interface(m), sd_bus_message_get_member(m));
                (void) fflush(stdout);
        }
        return 0;
}

/* "many=1000", "set=-1" (an errno), "no-problems" … Returns whether it was understood. */
static bool configure(FakeOperations *fake, const char *argument) {
        const struct {
                const char *name;
                int *result;
        } results[] = {
                { "set=-", &fake->set_result },       { "reset=-", &fake->reset_result },
                { "reload=-", &fake->reload_result }, { "settings=-", &fake->settings_result },
                { "check=-", &fake->check_result },   { "release=-", &fake->release_result },
        };
        uint64_t number;

        if (strncmp(argument, "many=", 5) == 0 && parse_u64(argument + 5, &number) >= 0) {
                fake->many = number;
                return true;
        }
        for (size_t i = 0; i < ELEMENTSOF(results); i++) {
                size_t n = strlen(results[i].name);

                if (strncmp(argument, results[i].name, n) == 0 && parse_u64(argument + n, &number) >= 0 &&
                    number < 4096) {
                        *results[i].result = -(int) number;
                        return true;
                }
        }
        if (strcmp(argument, "no-problems") == 0)
                fake->no_problems = true;
        else if (strcmp(argument, "no-events") == 0)
                fake->no_events = true;
        else if (strcmp(argument, "room") == 0) {
                fake->host.contended = false;
                fake->host.contended_since = 0;
                fake->host.level = LIMIT_UNSET;
        } else if (strcmp(argument, "observing") == 0)
                fake->host.observing = true;
        else
                return false;
        return true;
}

/* What happens, a line each: "contended yes", "limits UID", "out-of-memory UID", "added UID", "removed UID".
 */
typedef struct Control {
        FakeOperations *fake;
        Endpoint *endpoint;
} Control;

static void happen(Control *control, const char *what, const char *whom) {
        SliceName slice;
        uid_t uid;
        bool contended;

        if (strcmp(what, "contended") == 0 && parse_bool(whom, &contended) >= 0) {
                control->fake->host.contended = contended;
                endpoint_contended(control->endpoint, contended);
                return;
        }
        if (parse_uid(whom, &uid) < 0)
                return;
        slice_name_for_uid(slice, uid);
        if (strcmp(what, "limits") == 0)
                endpoint_limits_changed(control->endpoint, slice, uid);
        else if (strcmp(what, "out-of-memory") == 0) {
                control->fake->more_events++;
                endpoint_out_of_memory(control->endpoint, slice, uid, 8 + control->fake->more_events);
        } else if (strcmp(what, "added") == 0)
                endpoint_slice_added(control->endpoint, slice);
        else if (strcmp(what, "removed") == 0)
                endpoint_slice_removed(control->endpoint, slice, uid);
}

static int on_control(sd_event_source *source, int fd, _unused_ uint32_t events, void *userdata) {
        char line[256], *rest;
        ssize_t n = read(fd, line, sizeof line - 1);

        if (n <= 0)
                return sd_event_exit(sd_event_source_get_event(source), 0);
        line[n] = '\0';
        for (char *what = strtok_r(line, " \n", &rest); what; what = strtok_r(NULL, " \n", &rest)) {
                const char *whom = strtok_r(NULL, " \n", &rest);

                if (whom)
                        happen(userdata, what, whom);
        }
        return 0;
}

static int on_bus(sd_event *event, FakeOperations *fake, bool controlled, bool counted) {
        Control control = { .fake = fake };
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(endpoint_freep) Endpoint *endpoint = NULL;
        int r = sd_bus_open_system(&bus);

        if (r >= 0)
                r = sd_bus_attach_event(bus, event, SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0)
                r = endpoint_new(bus, &fake->operations, &endpoint);
        if (r >= 0 && counted) /* the last filter is the first that is called */
                r = sd_bus_add_filter(bus, NULL, told_call, NULL);
        control.endpoint = endpoint;
        if (r >= 0 && controlled)
                r = sd_event_add_io(event, NULL, STDIN_FILENO, EPOLLIN, on_control, &control);
        if (r >= 0)
                r = sd_bus_request_name(bus, BUS_NAME, 0);
        if (r < 0)
                return r;
        puts("ready");
        return fflush(stdout) == EOF ? -errno : sd_event_loop(event);
}

static int on_socket(sd_event *event, const FakeOperations *fake) {
        _cleanup_close_ int fd = open(PRIVATE_SOCKET_DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_(private_socket_freep) PrivateSocket *server = NULL;
        int r;

        if (fd < 0)
                return -errno;
        r = private_socket_new(event, fd, &fake->operations, 10 * USEC_PER_SEC, &server);
        if (r < 0)
                return r;
        puts("ready");
        return fflush(stdout) == EOF ? -errno : sd_event_loop(event);
}

int main(int argc, char *argv[]) {
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        bool by_socket = false, controlled = false, counted = false;
        FakeOperations fake;
        int r;

        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        fake_operations_init(&fake);
        tell(&fake);
        for (int i = 1; i < argc; i++)
                if (strcmp(argv[i], "socket") == 0)
                        by_socket = true;
                else if (strcmp(argv[i], "control") == 0)
                        controlled = true;
                else if (strcmp(argv[i], "calls") == 0)
                        counted = true;
                else if (!configure(&fake, argv[i])) {
                        log_error("%s is not understood.", argv[i]);
                        return 2;
                }
        r = sd_event_default(&event);
        if (r >= 0)
                r = by_socket ? on_socket(event, &fake) : on_bus(event, &fake, controlled, counted);
        if (r < 0)
                (void) log_error_errno(r, "Cannot serve %s: %m", BUS_NAME);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
