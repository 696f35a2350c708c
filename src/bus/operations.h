/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "basic/macro.h"
#include "model/event.h"
#include "model/hold.h"
#include "model/limits.h"
#include "model/look.h"
#include "model/share-policy.h"
#include "model/slice-name.h"
#include "model/user.h"

/* What the bus may ask of the service. The daemon fills this table in; the bus knows nothing else of it.
 * Who may ask is the bus's business: nothing here looks at the caller.
 *
 * Nothing here waits. Names of slices are checked by whoever is called: -ENOENT if there is no such slice.
 */

/* The host's figures, as of the last look. Rates are in µs of CPU a second. */
typedef struct HostFigures {
        SharePolicy policy;
        uint64_t cpus; /* for users: what is online and not reserved */
        uint64_t budget;
        uint64_t level;   /* LIMIT_UNSET: nobody is held back */
        uint64_t use;     /* by all managed slices */
        uint64_t outside; /* by everything else */
        bool contended;
        usec_t contended_since; /* CLOCK_REALTIME when `contended` became what it is; 0: never changed */
        size_t active;          /* slices */
        bool observing;         /* Observe=yes, or after Release(): nothing is written */
} HostFigures;

/* One slice, as of the last look. The strings are the caller's, and gone after the visit. */
typedef struct SliceFigures {
        const char *name;
        uid_t uid;             /* UID_INVALID: not a user's slice */
        const char *user_name; /* NULL: the UID has none */
        const char *group;     /* "/user.slice/user-1000.slice" */
        bool exempt;           /* left alone */

        bool active;         /* uses more than ActivityThreshold= */
        bool throttled;      /* was, within the last window */
        uint64_t use;        /* µs of CPU a second */
        uint64_t share;      /* what the policy allows at the moment; LIMIT_UNSET: anything */
        uint64_t guaranteed; /* what there is at least, whatever the others do */
        Hold hold;
        usec_t hold_since; /* CLOCK_REALTIME; 0: as long as the service runs */

        Limits limits;     /* that stand, as far as is known; the CPU quota includes the fair share */
        Limits configured; /* that are wanted; the CPU quota is CPUQuota= */
} SliceFigures;

/* A negative errno ends the round. */
typedef int (*SliceVisitor)(const SliceFigures *slice, void *userdata);

/* The kernel's counters, read when asked for. UINT64_MAX: cannot be had. */
typedef struct SliceUsage {
        uint64_t cpu_usage_nsec;
        uint64_t cpu_throttled_usec;
        uint64_t memory_current, memory_peak; /* bytes */
        uint64_t oom_kills;                   /* since the slice was made */
} SliceUsage;

/* One key that is in force for a slice, and where that comes from. */
typedef struct SettingFigures {
        const char *key;   /* "MemoryMax" */
        const char *value; /* as it would stand in the file */
        const char *file;  /* "": the default */
        unsigned line;     /* 0: the default */
} SettingFigures;
typedef int (*SettingVisitor)(const SettingFigures *setting, void *userdata);

/* Something wrong in the files of the configuration, as Problem of config/config.h. */
typedef struct ProblemFigures {
        bool error; /* else a warning */
        const char *file;
        unsigned line; /* 0: the whole file */
        const char *message;
} ProblemFigures;
typedef int (*ProblemVisitor)(const ProblemFigures *problem, void *userdata);

typedef struct BusOperations {
        const char *backend; /* as in Backend= */
        void (*host)(HostFigures *ret, void *userdata);

        /* Calls the visitor for each slice that has a cgroup, and returns what it returned last. */
        int (*slices)(SliceVisitor visitor, void *visitor_userdata, void *userdata);
        /* The same for one slice. -ENOENT: there is none of that name that has a cgroup. */
        int (*slice)(const char *name, SliceVisitor visitor, void *visitor_userdata, void *userdata);
        /* -ENOENT. */
        int (*usage)(const char *name, SliceUsage *ret, void *userdata);
        /* The slice that the process is in. -ESRCH: no such process; -ENOENT: it is in none that is known.
         */
        int (*slice_of_pid)(pid_t pid, SliceName ret, void *userdata);

        /* Whether the configuration would take this value. 0, or -ERANGE with what is allowed, in words that
         * stay: "a size from 1M, such as 8G, infinity, …". */
        int (*check_limit)(const LimitSetting *setting, const char **ret_allowed, void *userdata);
        /* Writes the limits into control.d and has them in force at once. Each has passed check_limit() and
         * no limit is there twice; at least one is. The user need not be logged in. `by` is who asks, for
         * the record. -ENOENT: not the name of a user's slice; -EHOSTUNREACH: there is no user of that UID;
         * -EPERM: the user is exempt; another negative errno: cannot be written, and nothing was changed. */
        int (*set_limits)(const char *name, const LimitSetting *settings, size_t n, bool runtime, uid_t by,
                          void *userdata);
        /* Removes what set_limits() wrote, for now and for good. 1; 0 if there was nothing; or as above. */
        int (*reset_limits)(const char *name, uid_t by, void *userdata);
        /* Calls the visitor for each key that can be set for a user. Errors as of set_limits(). */
        int (*settings)(const char *name, SettingVisitor visitor, void *visitor_userdata, void *userdata);

        /* Reads the configuration again. Returns 0 or more, -EINVAL if it has errors (the old one stays in
         * force), -ESHUTDOWN if the service is about to end, or another negative errno. */
        int (*reload)(void *userdata);
        /* Reads the files and says what is wrong with them; nothing is changed. */
        int (*check)(ProblemVisitor visitor, void *visitor_userdata, void *userdata);
        /* Lifts all fair-share quotas, and sets nothing any more until the configuration is read again.
         * -ESHUTDOWN. */
        int (*release)(uid_t by, void *userdata);

        /* Calls the visitor for each look since `since` (CLOCK_REALTIME), oldest first.
         * "" is the host. -ENOENT. */
        int (*history)(const char *name, usec_t since, LookVisitor visitor, void *visitor_userdata,
                       void *userdata);
        /* The time between two of them, at least. */
        usec_t (*history_interval)(void *userdata);
        /* The same for what has happened, of all slices and the host. */
        int (*events)(usec_t since, EventVisitor visitor, void *visitor_userdata, void *userdata);
        void *userdata;
} BusOperations;
