/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How long callers wait: the real manager on a fixture host, whose files
 * are ordinary ones, on a private dbus-daemon and on the private socket. Build it without sanitizers; as
 * root. Clients are processes of their own; times are theirs. */

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>

#include "basic/bus-peer.h"
#include "daemon/host.h"
#include "model/names.h"
#include "support/private-client.h"

#define ROUNDS 11

static char socket_path[256];
static bool on_bus;

static int compare(const void *a, const void *b) {
        usec_t x = *(const usec_t *) a, y = *(const usec_t *) b;

        return (x > y) - (x < y);
}

static sd_bus *connect_client(void) {
        return on_bus ? private_bus_connect() : private_client_connect(socket_path);
}

static int time_call(const char *what, const char *interface, const char *member, const char *types, ...) {
        sd_bus *bus = connect_client();
        usec_t took[ROUNDS];

        for (unsigned i = 0; i < ROUNDS; i++) {
                _cleanup_(bus_message_unrefp) sd_bus_message *m = NULL;
                usec_t begun = now_monotonic();
                va_list ap;

                CHECK(sd_bus_message_new_method_call(bus, &m, BUS_NAME, MANAGER_PATH, interface, member) >=
                      0);
                va_start(ap, types);
                CHECK(sd_bus_message_appendv(m, types, ap) >= 0);
                va_end(ap);
                CHECK(sd_bus_call(bus, m, 0, NULL, NULL) >= 0);
                took[i] = now_monotonic() - begun;
        }
        qsort(took, ROUNDS, sizeof *took, compare);
        printf("    %-6s %-20s %7" PRIu64 " us\n", on_bus ? "bus" : "socket", what, took[ROUNDS / 2]);
        (void) fflush(stdout);
        return 0;
}

static int time_calls(void) {
        return time_call("GetManagedObjects", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects",
                         "") ||
               time_call("ListSlices", MANAGER_INTERFACE, "ListSlices", "") ||
               time_call("SetLimits", MANAGER_INTERFACE, "SetLimits", "sa{sv}b", "user-2000.slice", 1,
                         "CPUWeight", "t", UINT64_C(200), true);
}

static uint64_t memory_kib(void) {
        unsigned long pages = 0;
        FILE *f = fopen("/proc/self/statm", "re");

        if (!f || fscanf(f, "%*u %lu", &pages) != 1)
                abort();
        (void) fclose(f);
        return pages * (uint64_t) sysconf(_SC_PAGESIZE) / 1024;
}

static void run(size_t n) {
        (void) host_setup_with_bus(NULL);
        for (size_t i = 0; i < n; i++)
                fixture_add_user(host.fixture, (uid_t) (2000 + i));
        snprintf(socket_path, sizeof socket_path, "%s/private", fixture_runtime_path(host.fixture));
        host_start();
        drive_quiet();
        printf("%6zu slices, memory %" PRIu64 " KiB\n", n, memory_kib());
        (void) fflush(stdout);
        for (int i = 0; i < 2; i++) {
                on_bus = i == 0;
                as_user(0, time_calls);
        }
        printf("    memory %" PRIu64 " KiB after\n", memory_kib());
        (void) host_teardown(NULL);
}

int main(void) {
        static const size_t counts[] = { 10, 100, 1000, 3000 };
        struct rlimit limit = { 65536, 65536 };

        if (getuid() != 0)
                return 77;
        (void) setrlimit(RLIMIT_NOFILE, &limit);
        for (size_t i = 0; i < ELEMENTSOF(counts); i++)
                run(counts[i]);
        return 0;
}
