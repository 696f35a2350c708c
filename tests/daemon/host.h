/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/manager-private.h"
#include "support/drive.h"
#include "support/fake-backend.h"
#include "support/fake-logind.h"
#include "support/fake-systemd.h"
#include "support/log-capture.h"
#include "support/private-bus.h"

/* The manager on a fixture host: the real event loop, inotify and readers; a clock that stands still until
 * the test moves it; and either the fake backend or the real one on a private bus with a scripted systemd
 * and logind. Glances come from the test, not from the timer. */

typedef struct Host {
        Fixture *fixture;
        Script script; /* of the fake backend, or of systemd; carries the values into the fixture */
        Manager *manager;
        bool offline; /* the fake backend begins like this */
        ManagerOptions options;

        /* With a bus only */
        PrivateBus *bus;
        sd_event *fakes_loop;
        FakeSystemd *systemd;
        FakeLogind *logind;
} Host;

extern Host host;

/* For cmocka_unit_test_setup_teardown(). The manager is not started yet. */
int host_setup(void **state);
int host_setup_with_bus(void **state);
int host_teardown(void **state);

/* Makes and starts the manager and lets it do what it does at the start. */
void host_start(void);
/* The manager ends without a chance to do anything. */
void host_crash(void);
/* SIGTERM, and the manager runs to its end. */
void host_stop(void);
/* `fairsliced --release`. */
void host_release(void);
/* SIGHUP with this configuration. */
void host_reload(const char *configuration);

/* All that follows at once from what has happened. */
void host_settle(void);
/* Moves the clock on, glancing as often as the manager's timer would. The users' processes run meanwhile. */
void host_run(usec_t usec);
/* Moves the clock on at once, and glances. */
void host_leap(usec_t usec);
/* The same without the glance: it is late. */
void host_wait(usec_t usec);
/* What the user's processes want, in µs of CPU a second. */
void host_want(uid_t uid, uint64_t cpu);

usec_t host_now(void);
/* The clock on the wall goes along with the other. */
usec_t host_realtime(void);
const ManagedSlice *host_slice(uid_t uid);

#define HOST_USERS_MAX 16
#define FIRST_UID      1000
#define SLICE(uid)     "user-" #uid ".slice"
#define MIB            (UINT64_C(1) << 20)

/* The limit of the user's slice in the fixture's kernel. */
#define EXPECT_LIMIT(uid, limit, value) \
        assert_int_equal(fixture_limit(host.fixture, (uid), (limit)), (value))
