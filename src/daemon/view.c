/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <systemd/sd-daemon.h>
#include <time.h>

#include "basic/format.h"
#include "basic/log.h"
#include "daemon/manager-private.h"

#define LIMITS_TEXT_MAX 256

/* "CPUQuota=84% MemoryMax=512M": as one would write it in a unit file. */
static const char *describe_limits(const Limits *limits, LimitMask mask, char text[LIMITS_TEXT_MAX]) {
        size_t length = 0;

        text[0] = '\0';
        for (unsigned i = 0; i < _LIMIT_COUNT; i++) {
                FormatBuffer value;
                const char *name = i == LIMIT_CPU_QUOTA ? "CPUQuota" : limit_to_string(i);

                if (!(mask & 1U << i))
                        continue;
                length +=
                        (size_t) snprintf(text + length, LIMITS_TEXT_MAX - length, "%s%s=%s",
                                          length ? " " : "", name, limit_format(value, i, limits->value[i]));
        }
        return text;
}

void manager_show_change(const Manager *m, const ManagedSlice *slice, const Limits *limits, LimitMask mask) {
        char text[LIMITS_TEXT_MAX], reason[REASON_TEXT_MAX], user[64];
        const char *because = mask & 1U << LIMIT_CPU_QUOTA && slice->engine.reason != REASON_NONE
                                      ? reason_describe(slice->engine.reason, &m->plan, reason)
                                      : "so it is configured";

        /* What would be done is what --dry-run and Observe= are for; what is done is in the kernel's files.
         */
        (void) log_full(m->observe ? LOG_INFO : LOG_DEBUG, 0, "%s %s (%s): %s, because %s.",
                        m->observe ? "Would set" : "Setting", slice->name,
                        user_display(&slice->user, user, sizeof user), describe_limits(limits, mask, text),
                        because);
}

/* The line in `systemctl status`, sent when it is another. No figures: each new text goes over the bus to
 * whoever listens to systemd. */
void manager_show_status(Manager *m) {
        StatusShown now = { .any = true,
                            .released = m->released,
                            .observe = m->observe,
                            .contended = m->plan.contended,
                            .slices = m->slices.count };
        const StatusShown *shown = &m->status_shown;

        if (shown->any && shown->released == now.released && shown->observe == now.observe &&
            shown->contended == now.contended && shown->slices == now.slices)
                return;
        m->status_shown = now;
        (void) sd_notifyf(false, "STATUS=%s%zu slices, %s",
                          now.released  ? "Released, nothing is set until a reload: "
                          : now.observe ? "Observing: "
                                        : "",
                          now.slices, now.contended ? "the CPUs are contended" : "the host has room");
}

static void show_slice(const ManagedSlice *slice) {
        FormatBuffer use, share, quota, current, max;
        char user[64];
        MemoryUse memory = { .current = UINT64_MAX };

        if (slice->files)
                (void) slice_files_read_memory(slice->files, &memory);
        printf("  %-20.20s %-20s %9s %9s %9s %-9s %9s %9s\n", user_display(&slice->user, user, sizeof user),
               slice->name, format_cpu(use, slice->engine.use),
               slice->exempt ? "exempt" : format_cpu(share, slice->engine.share),
               format_cpu(quota, slice->set.value[LIMIT_CPU_QUOTA]),
               slice->engine.throttled ? "throttled" : "",
               memory.current == UINT64_MAX ? "-" : format_size(current, memory.current),
               format_size(max, slice->set.value[LIMIT_MEMORY_MAX]));
}

void manager_show_table(const Manager *m) {
        FormatBuffer use, budget, outside, level;
        const ManagedSlice *slice;
        char clock[16];
        time_t now = time(NULL);
        struct tm tm;

        strftime(clock, sizeof clock, "%H:%M:%S", localtime_r(&now, &tm));
        printf("%s  %s: %s of %s in use, %s beside the users, a weight of 100 is worth %s\n", clock,
               m->plan.contended ? "contended" : "room", format_cpu(use, m->plan.use),
               format_cpu(budget, m->plan.budget), format_cpu(outside, m->plan.outside),
               format_cpu(level, m->plan.level));
        printf("  %-20s %-20s %9s %9s %9s %-9s %9s %9s\n", "USER", "SLICE", "USE", "SHARE", "CPUQuota", "",
               "MEMORY", "MemoryMax");
        SLICE_FOREACH(slice, &m->slices)
                if (slice->files)
                        show_slice(slice);
        fflush(stdout);
}
