/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/bus-connection.h"
#include "bus/private-socket.h"
#include "bus/service.h"
#include "cgroup/host-use.h"
#include "config/config.h"
#include "daemon/control-places.h"
#include "daemon/host-info.h"
#include "daemon/known-users.h"
#include "daemon/manager.h"
#include "daemon/slice-table.h"
#include "engine/engine.h"
#include "place/placer.h"
#include "report/event-file.h"
#include "report/event-log.h"
#include "report/memory-warnings.h"
#include "watch/kernel-log.h"
#include "watch/kmsg.h"
#include "watch/logind.h"
#include "watch/mount-watch.h"
#include "watch/oom.h"
#include "watch/proc-events.h"
#include "watch/slice-dir.h"

/* The manager's insides, shared by the files of this folder that each do one of its jobs:
 *
 *   manager.c   life and death, signals
 *   host.c      what host this is, and which backend suits it; the tree and the host's counters
 *   backend.c   the backend, and the bus that it or the watch of users needs
 *   control.c   the layer of the configuration that is set over the bus
 *   reload.c    configuration in, desired state of every slice out
 *   slices.c    slices and users come and go
 *   tick.c      look, ask the engine, take over its plan
 *   figures.c   what is told of the host and of slices, to who asks
 *   tell.c      what has happened, to who listens
 *   apply.c     what differs from what stands goes to the backend; read back and compare
 *   stop.c      lift the fair-share quotas and end
 *   oom.c       out of memory: one event
 *   memory-warnings.c  memory runs short: one event
 *   memory-events.c    what becomes of both
 *   mail.c, mail-*.c, address-command.c  and mail of it; see mail-private.h
 *   history.c   what each slice and the host used, every so often
 *   notify.c    who is told of it at once, by fairslice-notify
 *   events.c    what has happened, for who asks afterwards
 *   event-file.c  the same as lines of a file
 *   place.c     without systemd: processes into the groups of their users, and back
 *   serve.c     what the bus and the private socket may ask, and the way there
 *   set-limits.c  limits that are set over the bus
 *   strays.c    what users run outside of their slices
 *   view.c      the lines of --verbose and the status in systemctl
 */

typedef struct StrayJob StrayJob;
typedef struct HistoryJob HistoryJob;
typedef struct NotifyJob NotifyJob;
typedef struct MailJob MailJob;

/* What the line in `systemctl status` was made of when it was sent last. */
typedef struct StatusShown {
        bool any, released, observe, contended;
        size_t slices;
} StatusShown;

struct Manager {
        ManagerOptions options;
        usec_t (*clock)(void);
        usec_t (*realtime)(void);

        sd_event *event;
        sd_event_source *sigterm, *sigint, *sighup, *glance_timer, *stop_timer;

        int root_fd, proc_fd, runtime_fd;
        Config *config;
        ControlPlaces *control_places;
        Control *control;          /* NULL: nothing was set over the bus */
        Problems control_problems; /* as they were said */
        HostConfig host_config;    /* the configuration's, and what the command line says otherwise */
        EngineConfig engine_config;
        uint64_t ram_bytes;
        bool observe;  /* write nothing */
        bool released; /* for having been told so, until the next reload */

        HostInfo host;
        CgroupTree *tree;
        CapacityReader *capacity_reader;
        Capacity capacity;
        HostUse *host_use;

        Ledger *ledger;
        SliceTable slices;
        SliceFiles *all_files; /* user.slice's own; NULL: not opened */
        Engine *engine;
        EngineSlice **looked; /* the slices of the tick, and whose they are */
        ManagedSlice **looked_owner;
        size_t looked_allocated;
        Plan plan;

        BackendKind backend_kind;
        Backend *backend;
        BusConnection *connection;
        LogindWatch *logind;
        MountWatch *mount_watch;
        SliceDirWatch *slice_dir;
        KernelLog *kernel_log; /* this one, */
        Kmsg *kmsg;            /* or this one, or none */
        int vmstat_fd;         /* of a legacy host */
        OomWatch *oom;
        StrayJob *strays;       /* NULL without systemd */
        NotifyJob *notify;      /* NULL: nobody can be told, or shall be */
        KnownUsers known_users; /* for these two */

        Placer *placer; /* NULL with systemd, and while observing */
        ProcEvents *proc_events;
        sd_event_source *place_timer;
        bool place_ending; /* everything is being put back */
        PlaceFailure place_failure;
        int place_error; /* of the last attempt */

        HistoryJob *history;             /* NULL: none is kept */
        MemoryWarnings *memory_warnings; /* NULL: nobody is to be warned */
        MailJob *mail;
        EventLog *event_log;
        EventFile event_file;
        bool event_file_failed; /* said */
        BusOperations bus_operations;
        PrivateSocket *private_socket; /* NULL in a dry run */
        BusService *bus_service;       /* NULL in a dry run */
        bool bus_decided;              /* it has the name, or has been told why not */
        sd_event_source *ready_timer;

        bool scanning;        /* slices that appear now were there before */
        bool slices_unopened; /* some are there that could not be opened */
        usec_t reopen_at, reopen_delay;
        bool stopping;
        bool telling; /* a signal is being made, in the middle of something: no shares are worked out */
        unsigned lifts_pending;
        usec_t housekeeping_at, capacity_at;
        usec_t resets_until; /* a reload may still take limits away; see BackendOps.reset_by_reload */
        bool host_unreadable, ledger_unwritable, slices_unwatched; /* said */
        bool control_unwritable, control_unwatched;                /* said */
        StatusShown status_shown;
        usec_t table_at;
        usec_t looked_at;                     /* the last tick */
        uint64_t glanced_usage, looked_usage; /* the host's counter at the last glance, and then */
        uint64_t active_parts;                /* the weights of all active slices, as of then */
        bool contended;                       /* as it was told */
        usec_t contended_since;               /* CLOCK_REALTIME; 0: always */
};

/* host.c */
int manager_choose_backend(Manager *m);
int manager_open_tree(Manager *m);
int manager_open_host_use(Manager *m);
int manager_watch_mounts(Manager *m); /* where the tree is not systemd's own */

/* backend.c */
int manager_open_backend(Manager *m);

/* reload.c */
int manager_load_config(Manager *m); /* at start: what is wrong is said, and ignored */
/* All or nothing. Says what is wrong; -EINVAL if the new one has errors. */
int manager_reload_config(Manager *m);
/* What is wanted for it. Returns whether that is something else than before. */
bool manager_resolve_slice(Manager *m, ManagedSlice *slice);
/* The same anew, and tells who listens if it is something else; the caller enqueues. */
void manager_renew_slice(Manager *m, ManagedSlice *slice);
/* Only reads the files of the configuration and of control.d. 0; -EINVAL if a reload would be refused; or
 * another negative errno. */
int manager_check_files(int root_fd, const ManagerOptions *options, Problems *problems);
void manager_log_problem(const Problem *problem);
/* Observes until the configuration is read again. -ESHUTDOWN. */
int manager_release_now(Manager *m, uid_t by);

/* control.c */
int manager_open_control(Manager *m);

/* slices.c */
int manager_watch_slices(Manager *m);
void manager_refresh_tree(Manager *m);                      /* user.slice may have come or gone */
/* What all users together have used of the CPUs, in µs; a counter, which begins anew with another user.slice.
 * A negative errno where there is none. */
int manager_read_use_of_all(Manager *m, uint64_t *ret);
void manager_drop_if_gone(Manager *m, ManagedSlice *slice); /* may free the slice */
void manager_users(const uid_t *uids, size_t n, void *userdata);
void manager_user_new(uid_t uid, void *userdata);
void manager_user_removed(uid_t uid, void *userdata);
void manager_logind_failed(int error, const char *message, void *userdata);

/* tick.c */
int manager_arm_glance(Manager *m);
void manager_glance(Manager *m);
/* ReservedCPUs= of what is online; a cpuset or a quota may leave less anyway. */
uint64_t manager_capacity_for_users(const Manager *m);
/* As of the last tick. While the host has room there may have been none; then no use outside of the slices
 * is taken off. */
uint64_t manager_budget(const Manager *m);
/* For who asks for figures: while the host has room nobody looks. */
void manager_look_if_stale(Manager *m);

/* figures.c */
void manager_take_figures(Manager *m); /* what follows from a look besides quotas */

/* tell.c */
void manager_tell_contention(Manager *m); /* if it has changed */
void manager_tell_slice_added(Manager *m, const ManagedSlice *slice);
void manager_tell_slice_removed(Manager *m, const ManagedSlice *slice);
void manager_tell_limits_changed(Manager *m, const char *slice, uid_t uid);
void manager_tell_memory(Manager *m, Event *event); /* of one of the two kinds; fills in id and time */

/* apply.c */
void manager_flush(Manager *m);
void manager_enqueue_all(Manager *m);
void manager_lift_to_observe(Manager *m);
void manager_verify(Manager *m, ManagedSlice *slice, usec_t now);
void manager_verify_soon(Manager *m, ManagedSlice *slice);
/* What somebody else has set since the last look, before there is a limit of ours. What we have just set
 * ourselves may not be in the kernel yet, and is not looked at. */
void manager_learn(Manager *m, ManagedSlice *slice);
void manager_housekeeping(Manager *m, usec_t now);
void manager_backend_done(const char *slice, int error, const char *message, void *userdata);
void manager_backend_online(bool online, void *userdata);
void manager_backend_reloading(bool active, void *userdata);

/* stop.c */
void manager_stop(Manager *m);
void manager_lift_done(Manager *m, const char *slice, int error, const char *message);
void manager_lift_more(Manager *m);

/* oom.c */
void manager_watch_oom(Manager *m); /* or looks at all slices anew */

/* memory-warnings.c */
int manager_open_memory_warnings(
        Manager *m); /* begins anew if the configuration says otherwise than before */
/* Warns of it if it is time. `current` is what the slice has in use with the page cache. */
void manager_check_memory(Manager *m, const ManagedSlice *slice, uint64_t current);
void manager_forget_memory(Manager *m, const ManagedSlice *slice); /* its use is nothing any more */

/* memory-events.c */
/* Tells it to who listens, and to the journal; while observing, only that it would. `user_name` may be NULL.
 */
void manager_memory_event(Manager *m, Event *event, const char *user_name);

/* notify.c */
int manager_open_notify(Manager *m);
void manager_close_notify(Manager *m);
void manager_attach_notify(Manager *m, sd_bus *bus);
void manager_detach_notify(Manager *m);
/* Has the user told of it, soon, if the configuration wants it and there is anything to tell. */
void manager_notify(Manager *m, const Event *event);
void manager_notify_due(Manager *m, usec_t now); /* what could not be done at once */
/* mail.c */
int manager_open_mail(Manager *m); /* before kills are watched for */
void manager_close_mail(Manager *m);
void manager_reload_mail(Manager *m);   /* the configuration says something else, or is not obeyed now */
void manager_look_for_mail(Manager *m); /* does what it is time for */
void manager_mail_event(Manager *m, const Event *event, const char *user_name);
bool manager_mail_keeps(const Manager *m);     /* OomWatchArgs.keep */
uint64_t manager_mail_taken(const Manager *m); /* the newest id of an event that is in the file */

/* history.c */
int manager_open_history(Manager *m); /* begins anew if the configuration says otherwise than before */
void manager_close_history(Manager *m);
/* Takes a look if it is time. `usage` is the glance's counter. */
void manager_look_for_history(Manager *m, usec_t now, uint64_t usage);
/* The slice is gone, or is left alone from now on, and so is what it did. */
void manager_forget_history(Manager *m, ManagedSlice *slice);
/* BusOperations.history, .history_interval */
int manager_serve_history(const char *name, usec_t since, LookVisitor visitor, void *visitor_userdata,
                          void *userdata);
usec_t manager_serve_history_interval(void *userdata);

/* events.c */
/* Keeps a copy of what has just happened: fills in its time and its id, which is returned; 0 if there is no
 * memory, which was logged. The caller sets the kind, and slice, uid and details as far as it has them. */
uint64_t manager_event(Manager *m, Event *event);
int manager_serve_events(usec_t since, EventVisitor visitor, void *visitor_userdata,
                         void *userdata); /* BusOperations.events */

/* event-file.c */
int manager_open_event_file(Manager *m); /* anew; a failure is logged, and 0 returned */
void manager_write_event(Manager *m, const Event *event);
/* A line if a fair share has begun or ended to hold it, or any of them, since the last call. */
void manager_write_hold(Manager *m, ManagedSlice *slice);
void manager_write_holds(Manager *m);

/* serve.c */
int manager_serve(Manager *m); /* does nothing in a dry run */
/* Says so to whoever started the service, as soon as it is known whether the bus can reach it. */
void manager_ready(Manager *m);

/* place.c */
int manager_place_open(Manager *m);  /* nothing is changed yet; does nothing with systemd, or observing */
int manager_place_start(Manager *m); /* includes the above */
void manager_place_reload(Manager *m);
void manager_place_stop(Manager *m);          /* then ends the loop */
void manager_place_timeout(const Manager *m); /* says what could not be put back */
bool manager_place_left(const Manager *m);    /* a service that died may have left something */
void manager_place_free(Manager *m);
/* strays.c */
int manager_open_strays(Manager *m);
void manager_close_strays(Manager *m);
void manager_attach_strays(Manager *m, sd_bus *bus);
void manager_detach_strays(Manager *m);
void manager_look_for_strays(Manager *m, usec_t now); /* if it is time, and wanted */
void manager_forget_strays(Manager *m);               /* who they are and what was said of them */

/* view.c */
void manager_show_change(const Manager *m, const ManagedSlice *slice, const Limits *limits, LimitMask mask);
void manager_show_status(Manager *m);
void manager_show_table(const Manager *m);
