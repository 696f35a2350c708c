/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/time-util.h"
#include "model/backend-kind.h"
#include "model/limits.h"
#include "model/memory-warning.h"
#include "model/share-policy.h"
#include "model/user.h"

/* The configuration, read from fairsliced.conf and fairsliced.conf.d/ below /etc/fairslice, /run/fairslice
 * and /usr/lib/fairslice with systemd's precedence (see config/files.h), checked, and never changed once it
 * was read: a reload makes a new one. */

/* What [Manager], [OOM] and the host-wide keys of [CPU] say. */
typedef struct HostConfig {
        usec_t interval_usec;         /* IntervalSec=: 100 ms - 1 h */
        uid_t min_uid;                /* MinUID= */
        bool observe;                 /* Observe=: work everything out, write nothing */
        BackendKind backend;          /* Backend= */
        bool adopt_strays;            /* AdoptStrays=: move what users run outside of their slices */
        usec_t history_interval_usec; /* HistoryIntervalSec=: 1 s - 10 min */
        unsigned history_looks;       /* HistorySec= in these, at most HISTORY_LOOKS_MAX; 0: no history */
        SharePolicy share_policy;     /* SharePolicy= */
        unsigned cpu_threshold_permyriad; /* CPUThreshold=: 100 - 9800, of the CPUs */
        unsigned activity_permyriad;      /* ActivityThreshold=: 0 - 10000, of the CPUs */
        unsigned reserved_cpus;           /* ReservedCPUs= */
        const char *event_log;            /* EventLog=: as long as the configuration; NULL: none */
        MemoryThresholds warn_at;         /* WarnAt= */
        usec_t warn_interval_usec;        /* WarnIntervalSec=: 1 min - 30 d */
        bool notify_users;                /* NotifyUsers=: those whose memory ran short or out */
        const char *notify_command;       /* NotifyCommand=: as EventLog=; NULL: the desktop and terminals */
} HostConfig;

/* What [Mail] says. The texts are the configuration's; NULL: not set. */
typedef struct MailConfig {
        const char *server;        /* Server=: "smtp://HOST:PORT"; NULL: no mail is sent */
        bool tls;                  /* TLS=: nothing is said to a server that does not encrypt */
        const char *ca_file;       /* CAFile=: who is trusted, in the place of the system's */
        const char *user;          /* User=: for AUTH */
        const char *password_file; /* PasswordFile= */
        const char *from;          /* From=: a valid address */
        usec_t timeout_usec;       /* TimeoutSec=: how long the server may be silent; 1 s - 1 h */
        unsigned queue_max;        /* QueueMax=: messages; at least 1 */
        uint64_t queue_max_use;    /* QueueMaxUse=: bytes; at least 1 MiB */

        /* Where a user's mail goes: the map, then the command, then the pattern. All NULL: users get none.
         */
        const char *user_address;         /* UserAddress=: valid, see mail_pattern_is_valid() */
        const char *user_address_map;     /* UserAddressMap=: an absolute path */
        const char *user_address_command; /* UserAddressCommand=: an absolute path and words */
        const char *admin_address;        /* AdminAddress=: a valid address; NULL: administrators get none */
        const char *language;             /* Language=: "de", "de_AT"; NULL: the templates without one */
        usec_t coalesce_usec;             /* CoalesceSec=: 0 - 1 h */
        unsigned messages_per_day;        /* MessagesPerDay=: to each recipient; 1 - 10000 */
} MailConfig;

/* What is wanted for one user's slice. */
typedef struct SliceConfig {
        Limits limits; /* LIMIT_CPU_QUOTA is the standing cap of CPUQuota=, not a fair share; the weight is
                        * always set */
        bool memory_strict; /* MemoryStrict=: lower memory limits at once, whatever is in use */
} SliceConfig;

typedef enum ProblemLevel {
        PROBLEM_WARNING, /* used nevertheless, as the message says (a value that was clamped) */
        PROBLEM_ERROR,   /* ignored at start; a reload is refused */
} ProblemLevel;

/* Something wrong in the configuration. `message` is a whole sentence that names section and key and what
 * is allowed; print it as FILE:LINE: MESSAGE. */
typedef struct Problem {
        ProblemLevel level;
        char *file;    /* never NULL */
        unsigned line; /* 0 if the whole file is meant */
        char *message;
} Problem;

typedef struct Problems {
        Problem *item; /* in the order in which they were found */
        size_t count;
} Problems;

void problems_done(Problems *problems);
bool problems_have_error(const Problems *problems);

typedef struct Config Config;
typedef struct Control Control; /* config/control.h */

/* Reads the configuration below the root directory `root_fd` ("/" on a host, a temporary tree in a test).
 * With `file`, that file alone takes the place of fairsliced.conf and of its drop-ins (relative paths are
 * relative to the working directory, not to the root).
 *
 * What is wrong goes to *problems and the default stands in its place; that is not a failure of this call.
 * Returns 0, or a negative errno if there is no configuration to be had at all (no memory; `file` cannot
 * be opened, which also is a problem). Absent files and directories are no problem. */
int config_load(int root_fd, const char *file, Problems *problems, Config **ret);

Config *config_free(Config *config);
DEFINE_CLEANUP(Config *, config_free)

const HostConfig *config_host(const Config *config);
const MailConfig *config_mail(const Config *config);

/* Whether fairslice leaves this user alone: a UID below MinUID=, or named by ExemptUsers=, ExemptGroups=. */
bool config_is_exempt(const Config *config, const User *user);

/* What is wanted for this user. For each key by itself what was set over the bus wins, for now over for
 * good; then the more specific section: User over Group over
 * Plan over the defaults in [CPU] and [Memory]. Of several [User] sections an exact name or UID wins over a
 * range and a smaller range over a larger one; of several [Group] sections, and of two that are equally
 * specific, the one that was read last. Plan= is looked for in the user's sections, then in the groups'.
 * `ram_bytes` is what percentages of memory are taken of; 0, unknown, makes no limit of them. `control` may
 * be NULL: nothing was set over the bus. */
void config_resolve(const Config *config, const Control *control, const User *user, uint64_t ram_bytes,
                    SliceConfig *ret);

/* One key that holds for a user, and where that comes from. All strings are UTF-8 without control
 * characters, and gone after the visit. */
typedef struct ConfigValue {
        const char *key;   /* "MemoryMax" */
        const char *value; /* as it would stand in the file: "25%", "8G", "infinity"; "" for no plan */
        const char *file;  /* as in problems; "": the default */
        unsigned line;     /* 0: the default */
} ConfigValue;

/* A negative errno ends the round. */
typedef int (*ConfigVisitor)(const ConfigValue *value, void *userdata);

/* Calls the visitor for each key that can be set for a user, with what config_resolve() goes by. Returns
 * what the visitor returned last. */
int config_explain(const Config *config, const Control *control, const User *user, ConfigVisitor visitor,
                   void *userdata);
