/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/host.h"

#include <signal.h>
#include <sys/epoll.h>

Host host;

static usec_t now = 1000 * USEC_PER_SEC;
static uint64_t wants[HOST_USERS_MAX];

usec_t host_now(void) {
        return now;
}

usec_t host_realtime(void) {
        return now + UINT64_C(1700000000) * USEC_PER_SEC;
}

static int new_fake_backend(const BackendHandlers *handlers, sd_event *event, Backend **ret) {
        int r = fake_backend_new(handlers, event, &host.script, ret);

        (*ret)->is_online = !host.offline;
        return r;
}

int host_setup(_unused_ void **state) {
        host = (Host){ .fixture = fixture_new() };
        for (size_t i = 0; i < HOST_USERS_MAX; i++)
                wants[i] = 0;
        host.script.fixture = host.fixture;
        host.options = (ManagerOptions){
                .root_path = fixture_root_path(host.fixture),
                .proc_path = fixture_proc_path(host.fixture),
                .sysfs_path = fixture_sysfs_path(host.fixture),
                .runtime_path = fixture_runtime_path(host.fixture),
                .state_path = fixture_state_path(host.fixture),
                .spool_path = fixture_spool_path(host.fixture),
                .clock = host_now,
                .realtime = host_realtime,
                .backend_new = new_fake_backend,
        };
        log_capture_start();
        return 0;
}

int host_setup_with_bus(void **state) {
        (void) host_setup(state);
        host.options.backend_new = NULL;
        host.bus = private_bus_new();
        assert_true(sd_event_new(&host.fakes_loop) >= 0);
        drive_add(host.fakes_loop);
        host.systemd = fake_systemd_new(host.fakes_loop, &host.script);
        host.logind = fake_logind_new(host.fakes_loop);
        fake_systemd_connect(host.systemd);
        fake_logind_connect(host.logind);
        return 0;
}

static void forget_manager(void) {
        if (!host.manager)
                return;
        drive_remove(host.manager->event);
        host.manager = manager_free(host.manager);
}

/* A manager that has ended leaves signals pending that came too late for it. */
static void forget_signals(void) {
        sigset_t mask;

        sigemptyset(&mask);
        sigaddset(&mask, SIGTERM);
        sigaddset(&mask, SIGINT);
        sigaddset(&mask, SIGHUP);
        while (sigtimedwait(&mask, NULL, &(struct timespec){}) > 0)
                ;
}

int host_teardown(_unused_ void **state) {
        forget_manager();
        forget_signals();
        host.systemd = fake_systemd_free(host.systemd);
        host.logind = fake_logind_free(host.logind);
        if (host.fakes_loop)
                drive_remove(host.fakes_loop);
        host.fakes_loop = sd_event_unref(host.fakes_loop);
        host.bus = private_bus_free(host.bus);
        script_done(&host.script);
        host.fixture = fixture_free(host.fixture);
        log_capture_stop(getenv("SHOW_LOG"));
        return 0;
}

void host_settle(void) {
        if (host.bus)
                drive_quiet();
        else
                drive_ready();
}

static void new_manager(void) {
        assert_null(host.manager);
        assert_int_equal(manager_new(&host.options, &host.manager), 0);
        drive_add(host.manager->event);
}

void host_start(void) {
        new_manager();
        assert_int_equal(manager_start(host.manager), 0);
        assert_true(sd_event_source_set_enabled(host.manager->glance_timer, SD_EVENT_OFF) >= 0);
        if (host.bus)
                DRIVE_UNTIL(host.manager->backend->is_online && fake_logind_list_calls(host.logind) > 0);
        manager_glance(host.manager);
        host_settle();
}

void host_crash(void) {
        assert_non_null(host.manager);
        forget_manager();
}

static int on_fakes(sd_event_source *s _unused_, int fd _unused_, uint32_t events _unused_, void *userdata) {
        return sd_event_run(userdata, 0) < 0 ? -EIO : 0;
}

/* Lets the fakes live inside the manager's loop, which is about to run by itself. */
static void nest_fakes(void) {
        if (!host.fakes_loop)
                return;
        (void) sd_event_run(host.fakes_loop, 0);
        assert_true(sd_event_add_io(host.manager->event, NULL, sd_event_get_fd(host.fakes_loop), EPOLLIN,
                                    on_fakes, host.fakes_loop) >= 0);
}

void host_stop(void) {
        nest_fakes();
        assert_int_equal(kill(getpid(), SIGTERM), 0);
        assert_true(manager_run(host.manager) >= 0);
        forget_manager();
}

void host_release(void) {
        new_manager();
        nest_fakes();
        assert_true(manager_release(host.manager) >= 0);
        forget_manager();
}

void host_reload(const char *configuration) {
        fixture_configure(host.fixture, configuration);
        assert_int_equal(kill(getpid(), SIGHUP), 0);
        host_settle();
}

void host_want(uid_t uid, uint64_t cpu) {
        wants[uid - FIRST_UID] = cpu;
}

/* Nobody gets more than two CPUs have, whatever all of them want. */
static void run_processes(usec_t usec) {
        uint64_t all = 0;

        for (uid_t i = 0; i < HOST_USERS_MAX; i++)
                all += wants[i] ? MIN(wants[i], fixture_limit(host.fixture, FIRST_UID + i, LIMIT_CPU_QUOTA))
                                : 0;
        for (uid_t i = 0; i < HOST_USERS_MAX; i++)
                if (wants[i])
                        fixture_run(host.fixture, FIRST_UID + i, usec,
                                    all > 2 * USEC_PER_SEC ? wants[i] * 2 * USEC_PER_SEC / all : wants[i]);
}

void host_run(usec_t usec) {
        for (usec_t end = now + usec; now < end;) {
                usec_t step = engine_glance_interval(host.manager->engine, &host.manager->engine_config);

                now += step;
                run_processes(step);
                manager_glance(host.manager);
                host_settle();
        }
}

void host_wait(usec_t usec) {
        now += usec;
}

void host_leap(usec_t usec) {
        now += usec;
        manager_glance(host.manager);
        host_settle();
}

const ManagedSlice *host_slice(uid_t uid) {
        SliceName name;

        return slice_table_find(&host.manager->slices, slice_name_for_uid(name, uid));
}
