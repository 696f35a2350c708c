/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "backend/backend.h"
#include "basic/time-util.h"

/* The service: the only part that knows all others. */
typedef struct Manager Manager;

typedef struct ManagerOptions {
        const char *config_file; /* --config; NULL: the layers below root_path */
        usec_t interval_usec;    /* --interval; 0: as configured */
        bool dry_run;            /* --dry-run */
        bool verbose;            /* --verbose: a table each interval */
        uid_t adopt_uid;         /* --adopt */

        /* What tests put elsewhere; NULL is the host's own */
        const char *root_path;      /* of the configuration, and of what tells that systemd runs: "/" */
        const char *sysfs_path;     /* "/sys" */
        const char *proc_path;      /* "/proc", which tells where cgroups are mounted */
        const char *runtime_path;   /* "/run/fairslice" */
        const char *state_path;     /* $STATE_DIRECTORY, "/var/lib/fairslice" */
        const char *spool_path;     /* "/var/spool/fairslice" */
        const char *notify_program; /* fairslice-notify, where there is no systemd */
        const char *mail_program;   /* fairslice-mail, where there is no systemd */
        usec_t (*clock)(void);      /* CLOCK_MONOTONIC */
        usec_t (*realtime)(void);   /* CLOCK_REALTIME */
        /* Instead of systemd; no bus is used then. */
        int (*backend_new)(const BackendHandlers *handlers, sd_event *event, Backend **ret);
} ManagerOptions;

/* Reads the configuration, and what was set over the bus, and says what is wrong with it. Returns 0 if it
 * has no error; warnings are none. */
int manager_check_config(const ManagerOptions *options);

/* Phase one: memory, the event loop, signals, the configuration. Options and their strings must stay. Logs
 * what fails. */
int manager_new(const ManagerOptions *options, Manager **ret);

/* Phase two: touches the host. Logs what fails. */
int manager_start(Manager *manager);

/* Instead of phase two and of manager_run(): lifts the fair-share quotas that a service which has died left
 * behind. For ExecStopPost=. */
int manager_release(Manager *manager);

/* Runs until a signal ends it, quotas are lifted and all is told. */
int manager_run(Manager *manager);

Manager *manager_free(Manager *manager);
DEFINE_CLEANUP(Manager *, manager_free)
