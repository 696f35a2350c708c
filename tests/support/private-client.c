/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/private-client.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "support/drive.h"

static usec_t cpu_time(clockid_t clock) {
        struct timespec t = {};

        (void) clock_gettime(clock, &t); /* of one that has ended there is none */
        return (usec_t) t.tv_sec * USEC_PER_SEC + (usec_t) t.tv_nsec / NSEC_PER_USEC;
}

/* However long it takes, while the client or what it calls does anything: on a busy host that is long. */
static int wait_for_client(pid_t pid) {
        usec_t active = now_monotonic(), used = 0;
        clockid_t clock;
        int status;

        assert_int_equal(clock_getcpuclockid(pid, &clock), 0);
        while (waitpid(pid, &status, WNOHANG) != pid) {
                bool ran = drive_step(50 * USEC_PER_MSEC);
                usec_t before = used;

                used = cpu_time(clock);
                if (ran || used != before)
                        active = now_monotonic();
                else if (now_monotonic() - active > DRIVE_LIMIT_USEC)
                        fail_msg("The client waits for what does not come");
        }
        return status;
}

void as_user(uid_t uid, int (*client)(void)) {
        pid_t pid = fork();
        int status;

        assert_true(pid >= 0);
        if (pid == 0) {
                (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
                if (uid != getuid() && (setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0))
                        _exit(2);
                _exit(client());
        }
        status = wait_for_client(pid);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
}

sd_bus *private_client_connect(const char *path) {
        sd_bus *bus = NULL;
        char address[128];

        snprintf(address, sizeof address, "unix:path=%s", path);
        if (sd_bus_new(&bus) < 0 || sd_bus_set_address(bus, address) < 0 || sd_bus_start(bus) < 0) {
                fprintf(stderr, "Cannot connect to %s.\n", path);
                _exit(3);
        }
        return bus;
}

bool private_client_number_is(sd_bus *bus, const char *property, char type, uint64_t expected) {
        union {
                uint32_t u32;
                uint64_t u64;
                int boolean;
        } value;

        if (sd_bus_get_property_trivial(bus, MANAGER, property, NULL, type, &value) < 0)
                return false;
        switch (type) {
        case 'b':
                return (uint64_t) value.boolean == expected;
        case 'u':
                return value.u32 == expected;
        default:
                return value.u64 == expected;
        }
}

bool private_client_text_is(sd_bus *bus, const char *property, const char *expected) {
        _cleanup_free_ char *value = NULL;

        return sd_bus_get_property_string(bus, MANAGER, property, NULL, &value) >= 0 &&
               strcmp(value, expected) == 0;
}

void need_root_to_be_others(void) {
        if (getuid() == 0)
                return;
        fputs("SKIPPED: only root can be somebody else.\n", stderr);
        skip();
}
