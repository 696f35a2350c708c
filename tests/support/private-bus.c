/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/private-bus.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "support/test.h"

/* Limits as on a real system bus, where they matter: a connection has at most 128 calls without a reply. */
#define CONFIGURATION                                              \
        "<busconfig>\n"                                            \
        "  <listen>unix:path=%s/bus</listen>\n"                    \
        "  <auth>EXTERNAL</auth>\n"                                \
        "  <policy context='default'>\n"                           \
        "    <allow user='*'/>\n"                                  \
        "    <allow own='*'/>\n"                                   \
        "    <allow send_destination='*' eavesdrop='false'/>\n"    \
        "    <allow receive_sender='*' eavesdrop='false'/>\n"      \
        "    %s\n"                                                 \
        "  </policy>\n"                                            \
        "  <limit name='max_replies_per_connection'>128</limit>\n" \
        "  %s\n"                                                   \
        "</busconfig>\n"

struct PrivateBus {
        char directory[48];
        char configuration[64], socket[64];
        pid_t pid; /* 0: not running */
};

static void write_configuration(const PrivateBus *bus, const char *rule, const char *limit) {
        FILE *file = fopen(bus->configuration, "we");

        assert_non_null(file);
        fprintf(file, CONFIGURATION, bus->directory, rule, limit);
        assert_int_equal(fclose(file), 0);
}

static void exec_daemon(const PrivateBus *bus, int ready_fd) {
        char configuration[80], ready[32];

        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        snprintf(configuration, sizeof configuration, "--config-file=%s", bus->configuration);
        snprintf(ready, sizeof ready, "--print-address=%d", ready_fd);
        (void) fcntl(ready_fd, F_SETFD, 0);
        /* It complains that it may not raise its own limits. */
        (void) dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
        execlp("dbus-daemon", "dbus-daemon", configuration, ready, "--nofork", "--nopidfile", NULL);
        _exit(127);
}

/* The daemon prints its address when it listens. */
void private_bus_start(PrivateBus *bus) {
        _cleanup_close_ int read_fd = -1, write_fd = -1;
        char address[512];
        int fds[2];

        assert_int_equal(bus->pid, 0);
        (void) unlink(bus->socket);
        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        read_fd = fds[0];
        write_fd = fds[1];
        bus->pid = fork();
        assert_true(bus->pid >= 0);
        if (bus->pid == 0)
                exec_daemon(bus, write_fd);
        write_fd = safe_close(write_fd);
        if (read(read_fd, address, sizeof address) <= 0)
                fail_msg("dbus-daemon did not start; is it installed?");
}

void private_bus_kill(PrivateBus *bus) {
        if (bus->pid == 0)
                return;
        (void) kill(bus->pid, SIGKILL);
        assert_int_equal(waitpid(bus->pid, NULL, 0), bus->pid);
        bus->pid = 0;
        (void) unlink(bus->socket);
}

static void reload_configuration(void) {
        sd_bus *client = private_bus_connect();

        assert_true(sd_bus_call_method(client, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                       "org.freedesktop.DBus", "ReloadConfig", NULL, NULL, NULL) >= 0);
        private_bus_disconnect(client);
}

void private_bus_deny_name(PrivateBus *bus, const char *name) {
        char rule[128] = "";

        if (name)
                snprintf(rule, sizeof rule, "<deny own='%s'/>", name);
        write_configuration(bus, rule, "");
        reload_configuration();
}

void private_bus_limit(PrivateBus *bus, const char *name, unsigned value) {
        char limit[128];

        snprintf(limit, sizeof limit, "<limit name='%s'>%u</limit>", name, value);
        write_configuration(bus, "", limit);
        reload_configuration();
}

void private_bus_freeze(PrivateBus *bus) {
        assert_int_equal(kill(bus->pid, SIGSTOP), 0);
}

void private_bus_thaw(PrivateBus *bus) {
        assert_int_equal(kill(bus->pid, SIGCONT), 0);
}

PrivateBus *private_bus_new(void) {
        PrivateBus *bus = calloc(1, sizeof *bus);
        char address[96];

        assert_non_null(bus);
        strcpy(bus->directory, "/tmp/fairslice-bus-XXXXXX");
        assert_non_null(mkdtemp(bus->directory));
        assert_int_equal(chmod(bus->directory, 0711), 0); /* others may connect */
        snprintf(bus->configuration, sizeof bus->configuration, "%s/conf", bus->directory);
        snprintf(bus->socket, sizeof bus->socket, "%s/bus", bus->directory);
        snprintf(address, sizeof address, "unix:path=%s", bus->socket);
        assert_int_equal(setenv("DBUS_SYSTEM_BUS_ADDRESS", address, true), 0);
        write_configuration(bus, "", "");
        private_bus_start(bus);
        return bus;
}

PrivateBus *private_bus_free(PrivateBus *bus) {
        if (!bus)
                return NULL;
        private_bus_kill(bus);
        (void) unlink(bus->configuration);
        assert_int_equal(rmdir(bus->directory), 0);
        free(bus);
        return NULL;
}

sd_bus *private_bus_connect(void) {
        sd_bus *bus = NULL;

        assert_true(sd_bus_open_system(&bus) >= 0);
        assert_true(sd_bus_set_exit_on_disconnect(bus, false) >= 0);
        return bus;
}

sd_bus *private_bus_disconnect(sd_bus *bus) {
        if (!bus)
                return NULL;
        (void) sd_bus_detach_event(bus);
        return sd_bus_close_unref(bus);
}

void private_bus_sync(sd_bus *bus) {
        assert_true(sd_bus_call_method(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                       "org.freedesktop.DBus", "GetId", NULL, NULL, NULL) >= 0);
}
