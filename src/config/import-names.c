/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/import-names.h"

#include <strings.h>

#define FIRST  (1U << CGROUP_PY_1)
#define SECOND (1U << CGROUP_PY_2)
#define BOTH   (FIRST | SECOND)

#define NO_NOTICES "fairslice sends no notices to users yet"
#define NO_MAIL \
        "fairslice sends no mail yet; each time that memory runs out there is a record in the journal"
#define NO_RECORDS "fairslice keeps no records of throttling yet"
#define NO_PENALTY \
        "fairslice has no penalty box yet; CPUQuota= in a section [User NAME] holds a user back for good"
#define FINDS_TREE "not needed, since fairslice finds the cgroup tree by itself"
#define NO_MONITOR \
        "not needed, since fairslice writes no such file; fairsliced --verbose shows users, shares and use"
#define KERNEL_KILLS                                                                                  \
        "the kernel always kills when a user's memory runs out, as with oomPause=False; there is no " \
        "way to keep the processes waiting instead"

const ImportName import_names[IMPORT_NAMES_COUNT] = {
        { "tickrate", FIRST, IMPORT_INTERVAL, NULL },
        { "interval", BOTH, IMPORT_INTERVAL, NULL },
        { "minimum_UID", FIRST, IMPORT_MIN_UID, NULL },
        { "minUID", BOTH, IMPORT_MIN_UID, NULL },
        { "cpu_limit", FIRST, IMPORT_CPU_LIMIT, NULL },
        { "coreThreshold", FIRST, IMPORT_CPU_LIMIT, NULL },
        { "cpu_pct_max", SECOND, IMPORT_CPU_LIMIT, NULL },
        { "user_active_threshold", FIRST, IMPORT_ACTIVITY, NULL },
        { "activityThreshold", BOTH, IMPORT_ACTIVITY, NULL },
        { "locked_cores", FIRST, IMPORT_RESERVED_CPUS, NULL },
        { "reservedCores", FIRST, IMPORT_RESERVED_CPUS, NULL },
        { "reservedCores", SECOND, -1,
          "CGroup_Py 2 reads it and does not use it; to reserve CPUs now, set ReservedCPUs= in [CPU]" },
        { "throttleMode", SECOND, IMPORT_THROTTLE_MODE, NULL },
        { "memoryLimit", FIRST, IMPORT_MEMORY, NULL },
        { "memory_limit", FIRST, IMPORT_MEMORY, NULL },
        { "totalMem", FIRST, IMPORT_MEMORY, NULL },
        { "cgroup_memoryLimit_gigs", SECOND, IMPORT_MEMORY, NULL },

        { "cgroup_root", FIRST, -1, FINDS_TREE },
        { "cGroupRoot", FIRST, -1, FINDS_TREE },
        { "oomPause", FIRST, -1, KERNEL_KILLS },
        { "enable_monitoring", FIRST, -1, NO_MONITOR },
        { "enableMonitoring", BOTH, -1, NO_MONITOR },
        { "cgprefix", SECOND, -1, "not needed, since a user's group is user-UID.slice, as with systemd" },
        { "forceLegacy", SECOND, -1,
          "not needed, since fairslice finds out by itself how limits are set here; Backend= in [Manager] "
          "is the choice" },
        { "msglog_dateformat", SECOND, -1,
          "not needed, since fairslice takes the kernel's messages from the journal or from the kernel" },

        { "mem_notify_wait", FIRST, -1, NO_NOTICES },
        { "refreshPeriod", FIRST, -1, NO_NOTICES },
        { "refresh", BOTH, -1, NO_NOTICES },
        { "nag_ratelimit", SECOND, -1, NO_NOTICES },
        { "should_mem_notify", FIRST, -1, NO_NOTICES },
        { "shouldMemoryNag", BOTH, -1, NO_NOTICES },
        { "should_cpu_notify", FIRST, -1, NO_NOTICES },
        { "shouldCPUNag", BOTH, -1, NO_NOTICES },
        { "throttle_notification", FIRST, -1, NO_NOTICES },
        { "throttleMsg", BOTH, -1, NO_NOTICES },
        { "throttle_msg_required_daily_total", FIRST, -1, NO_NOTICES },
        { "throttleNotifyTime", FIRST, -1, NO_NOTICES },
        { "cpu_notify_wait", FIRST, -1, NO_NOTICES },
        { "refresh_CPU", FIRST, -1, NO_NOTICES },
        { "cpu_current_evt_threshold", FIRST, -1, NO_NOTICES },
        { "curThrottle_notifyLength", FIRST, -1, NO_NOTICES },

        { "lower_throttleThreshold", FIRST, -1, NO_RECORDS },
        { "lower_ThrottleThresh", BOTH, -1, NO_RECORDS },
        { "upper_throttleThreshold", FIRST, -1, NO_RECORDS },
        { "upper_ThrottleThresh", BOTH, -1, NO_RECORDS },
        { "throttle_log_rotate_time", FIRST, -1, NO_RECORDS },
        { "rotateTime", BOTH, -1, NO_RECORDS },
        { "throttle_log", SECOND, -1, NO_RECORDS },

        { "system_name", SECOND, -1, NO_MAIL },
        { "admin_email", SECOND, -1, NO_MAIL },
        { "sending_email", SECOND, -1, NO_MAIL },
        { "user_email_domain", SECOND, -1, NO_MAIL },

        { "penaltyTimeout", SECOND, -1, NO_PENALTY },
        { "pb_cpupct", SECOND, -1, NO_PENALTY },
        { "pb_cpumode", SECOND, -1, NO_PENALTY },
        { "pb_limitMemory", SECOND, -1, NO_PENALTY },
        { "pb_memoryBytes", SECOND, -1, NO_PENALTY },
};

int import_name_find(const char *name, ImportGeneration generation) {
        for (int i = 0; i < IMPORT_NAMES_COUNT; i++)
                if (import_names[i].generations & 1U << generation &&
                    strcasecmp(import_names[i].name, name) == 0)
                        return i;
        return -ENOENT;
}
