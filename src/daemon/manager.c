/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/manager-private.h"

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <systemd/sd-daemon.h>

#include "basic/log.h"

/* Blocks from this size on go back to the kernel when they are freed. glibc would raise this with each
 * larger one that is freed, so that a single message of 32 MiB, which the bus lets anybody send, would stay
 * for ever. */
#define LARGE_BLOCK (128 * 1024)

static int on_terminate(sd_event_source *s _unused_, const struct signalfd_siginfo *si _unused_,
                        void *userdata) {
        Manager *m = userdata;

        (void) sd_notify(false, "STOPPING=1");
        manager_stop(m);
        return 0;
}

static int on_hangup(sd_event_source *s _unused_, const struct signalfd_siginfo *si _unused_,
                     void *userdata) {
        Manager *m = userdata;

        if (!m->stopping)
                (void) manager_reload_config(m);
        return 0;
}

static int add_signals(Manager *m) {
        sigset_t mask;
        int r;

        sigemptyset(&mask);
        sigaddset(&mask, SIGTERM);
        sigaddset(&mask, SIGINT);
        sigaddset(&mask, SIGHUP);
        sigaddset(&mask, SIGCHLD); /* for child.c */
        if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
                return -errno;
        r = sd_event_add_signal(m->event, &m->sigterm, SIGTERM, on_terminate, m);
        if (r >= 0)
                r = sd_event_add_signal(m->event, &m->sigint, SIGINT, on_terminate, m);
        if (r >= 0)
                r = sd_event_add_signal(m->event, &m->sighup, SIGHUP, on_hangup, m);
        return r;
}

/* A slice takes a few descriptors; who starts the service by hand has 1024 of them. */
static void raise_descriptor_limit(void) {
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == limit.rlim_max)
                return;
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
                log_debug_errno(errno, "Cannot raise the limit of open files: %m");
}

static uint64_t ram_bytes(void) {
        struct sysinfo info;

        return sysinfo(&info) < 0 ? UINT64_MAX : (uint64_t) info.totalram * info.mem_unit;
}

static int open_root(Manager *m) {
        const char *path = m->options.root_path ?: "/";

        m->root_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (m->root_fd < 0)
                return log_error_errno(errno, "Cannot open %s: %m", path);
        path = m->options.proc_path ?: "/proc";
        m->proc_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return m->proc_fd < 0 ? log_error_errno(errno, "Cannot open %s: %m", path) : 0;
}

int manager_new(const ManagerOptions *options, Manager **ret) {
        _cleanup_(manager_freep) Manager *m = calloc(1, sizeof *m);
        int r;

        if (!m)
                return log_oom();
        m->options = *options;
        if (!m->options.runtime_path)
                m->options.runtime_path = PRIVATE_SOCKET_DIRECTORY;
        m->clock = options->clock ?: now_monotonic;
        m->realtime = options->realtime ?: now_realtime;
        m->root_fd = m->proc_fd = m->runtime_fd = m->vmstat_fd = -1;
        m->event_file = EVENT_FILE_NONE;
        slice_table_init(&m->slices);
        raise_descriptor_limit();
        (void) mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK);
        m->ram_bytes = ram_bytes();
        m->engine = engine_new();
        m->event_log = event_log_new();
        if (!m->engine || !m->event_log)
                return log_oom();
        r = sd_event_default(&m->event);
        if (r >= 0)
                r = add_signals(m);
        if (r < 0)
                return log_error_errno(r, "Cannot set up the event loop: %m");
        r = open_root(m);
        if (r < 0)
                return r;
        r = manager_load_config(m);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(m);
        return 0;
}

/* The directory is systemd's RuntimeDirectory=; who runs the service by hand gets it here. A dry run writes
 * nothing, but wants to know what the service has set; it may not be allowed to. */
static int open_runtime_directory(Manager *m) {
        const char *path = m->options.runtime_path;

        if (!m->options.dry_run && mkdir(path, 0755) < 0 && errno != EEXIST)
                return log_error_errno(errno, "Cannot make the directory %s: %m", path);
        m->runtime_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (m->runtime_fd < 0 && !m->options.dry_run)
                return log_error_errno(errno, "Cannot open the directory %s: %m", path);
        return 0;
}

static int open_runtime(Manager *m) {
        unsigned skipped;
        int r;

        r = open_runtime_directory(m);
        if (r < 0)
                return r;
        r = ledger_open(m->runtime_fd, &m->ledger, &skipped);
        if (r == -EACCES && m->options.dry_run)
                r = ledger_open(-1, &m->ledger, &skipped);
        if (r < 0)
                return log_error_errno(r, "Cannot read %s/limits: %m", m->options.runtime_path);
        if (skipped > 0)
                log_warning("%s/limits has %u lines that are not this service's; they are left out.",
                            m->options.runtime_path, skipped);
        return 0;
}

/* Without systemd there is no logind either, and slices are ours. */
static int open_logind(Manager *m) {
        LogindHandlers handlers = {
                .users = manager_users,
                .user_new = manager_user_new,
                .user_removed = manager_user_removed,
                .failed = manager_logind_failed,
                .userdata = m,
        };
        int r = m->host.systemd ? logind_watch_new(&handlers, &m->logind) : 0;

        return r < 0 ? log_error_errno(r, "Cannot watch logind: %m") : 0;
}

static int take_steps(Manager *m) {
        int (*const steps[])(Manager *) = {
                manager_choose_backend,
                manager_open_tree,
                manager_open_host_use,
                open_runtime,
                manager_open_control,
                manager_open_backend,
                manager_serve,
                open_logind,
                manager_watch_mounts,
                manager_open_strays,
                manager_open_notify,
                manager_open_mail,
                manager_place_start,
                manager_watch_slices,
                manager_open_event_file,
                manager_open_memory_warnings,
                manager_open_history,
                manager_arm_glance,
        };

        for (size_t i = 0; i < ELEMENTSOF(steps); i++) {
                int r = steps[i](m);

                if (r < 0)
                        return r;
        }
        return 0;
}

int manager_start(Manager *m) {
        int r = take_steps(m);

        if (r < 0) {
                if (m->placer) { /* nobody is left in a group that nobody looks after */
                        manager_stop(m);
                        (void) manager_run(m);
                }
                return r;
        }
        (void) sd_event_set_watchdog(m->event, true);
        manager_ready(m);
        return 0;
}

int manager_release(Manager *m) {
        int r = open_runtime(m);

        if (r < 0)
                return r;
        if (private_socket_is_served(m->runtime_fd) > 0) {
                log_error("Another fairsliced listens on %s/" PRIVATE_SOCKET_NAME
                          ", what there is is not left over; stop it, and it lifts all by itself.",
                          m->options.runtime_path);
                return -EADDRINUSE;
        }
        if (ledger_is_clean(m->ledger) && !manager_place_left(m))
                return 0;
        r = manager_choose_backend(m);
        if (r >= 0)
                r = manager_open_tree(m);
        if (r >= 0)
                r = manager_open_backend(m);
        if (r >= 0)
                r = manager_place_open(m);
        if (r < 0)
                return r;
        manager_stop(m);
        return manager_run(m);
}

int manager_run(Manager *m) {
        int r = sd_event_loop(m->event);

        if (r < 0)
                log_error_errno(r, "The event loop failed: %m");
        if (m->ledger && ledger_save(m->ledger) < 0)
                log_warning("Cannot write %s/limits.", m->options.runtime_path);
        return r;
}

Manager *manager_free(Manager *m) {
        if (!m)
                return NULL;
        bus_service_free(m->bus_service);
        private_socket_free(m->private_socket);
        manager_place_free(m);
        manager_close_mail(m);
        slice_dir_watch_free(m->slice_dir);
        oom_watch_free(m->oom);
        kernel_log_free(m->kernel_log);
        kmsg_free(m->kmsg);
        safe_close(m->vmstat_fd);
        logind_watch_free(m->logind);
        mount_watch_free(m->mount_watch);
        manager_close_history(m);
        manager_close_strays(m);
        manager_close_notify(m);
        known_users_done(&m->known_users);
        backend_free(m->backend);
        if (m->connection)
                bus_connection_flush(m->connection);
        bus_connection_free(m->connection);
        sd_event_source_disable_unref(m->glance_timer);
        sd_event_source_disable_unref(m->stop_timer);
        sd_event_source_disable_unref(m->ready_timer);
        sd_event_source_disable_unref(m->sigterm);
        sd_event_source_disable_unref(m->sigint);
        sd_event_source_disable_unref(m->sighup);
        slice_table_done(&m->slices);
        slice_files_free(m->all_files);
        ledger_free(m->ledger);
        event_file_close(&m->event_file);
        memory_warnings_free(m->memory_warnings);
        event_log_free(m->event_log);
        engine_free(m->engine);
        plan_done(&m->plan);
        free(m->looked);
        free(m->looked_owner);
        host_use_free(m->host_use);
        capacity_reader_free(m->capacity_reader);
        cgroup_tree_free(m->tree);
        config_free(m->config);
        control_free(m->control);
        control_places_free(m->control_places);
        problems_done(&m->control_problems);
        host_info_done(&m->host);
        safe_close(m->root_fd);
        safe_close(m->proc_fd);
        safe_close(m->runtime_fd);
        sd_event_unref(m->event);
        free(m);
        return NULL;
}
