/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/format.h"
#include "basic/log.h"
#include "daemon/manager-private.h"

/* While the host has room all slices are looked at this often, if more than this of a CPU is used. */
#define LOOK_USEC    (10 * USEC_PER_SEC)
#define IDLE_PERCENT 1U

/* Makes room for one more; both arrays grow together. */
static int looked_reserve(Manager *m) {
        size_t n = m->slices.count;
        EngineSlice **looked;
        ManagedSlice **owner;

        if (n <= m->looked_allocated)
                return 0;
        n *= 2;
        looked = reallocarray(m->looked, n, sizeof *looked);
        if (!looked)
                return -ENOMEM;
        m->looked = looked;
        owner = reallocarray(m->looked_owner, n, sizeof *owner);
        if (!owner)
                return -ENOMEM;
        m->looked_owner = owner;
        m->looked_allocated = n;
        return 0;
}

/* A slice that goes away in the middle is normal: it is left out, and inotify tells the rest. */
static bool look_at(ManagedSlice *slice) {
        CpuStat stat;
        int r;

        if (slice->exempt || !slice->files)
                return false;
        r = managed_slice_read_cpu(slice, &stat);
        if (r == -ENODEV)
                return false;
        slice->engine.looked = r >= 0;
        if (r >= 0) {
                slice->engine.usage_usec = stat.usage_usec;
                slice->engine.nr_throttled = stat.nr_throttled;
        }
        slice->engine.weight = managed_slice_weight(slice);
        slice->engine.cap = managed_slice_standing_quota(slice);
        return true;
}

static size_t look_at_all(Manager *m) {
        ManagedSlice *slice;
        size_t n = 0;

        SLICE_FOREACH(slice, &m->slices)
                if (look_at(slice)) {
                        m->looked[n] = &slice->engine;
                        m->looked_owner[n++] = slice;
                }
        return n;
}

static void take_plan(Manager *m) {
        char reason[REASON_TEXT_MAX];
        FormatBuffer from, to;

        for (size_t i = 0; i < m->plan.count; i++) {
                const Change *change = &m->plan.change[i];
                ManagedSlice *slice = m->looked_owner[change->slice];

                log_debug("%s: fair share %s → %s%s, because %s", slice->name,
                          format_cpu(from, change->from), format_cpu(to, change->to),
                          change->yields ? ", yields" : "",
                          reason_describe(change->reason, &m->plan, reason));
                if (change->from == LIMIT_UNSET)
                        manager_learn(m, slice);
                slice->engine.quota = change->to;
                slice->engine.yields = change->yields;
                slice_table_enqueue(&m->slices, slice, false);
        }
}

static void tick(Manager *m, usec_t now, const EngineHost *host) {
        size_t n;
        int r;

        m->engine_config.pretend = m->observe;
        m->looked_at = now;
        m->looked_usage = m->glanced_usage;
        r = looked_reserve(m);
        if (r >= 0) {
                n = look_at_all(m);
                r = engine_tick(m->engine, &m->engine_config, now, host, m->looked, n, &m->plan);
        }
        if (r < 0) {
                log_error_errno(r, "Cannot work the shares out, they stay as they are: %m");
                return;
        }
        take_plan(m);
        manager_write_holds(m);
        manager_take_figures(m);
        manager_tell_contention(m);
        if (m->options.verbose && now >= m->table_at) {
                m->table_at = now + m->host_config.interval_usec;
                manager_show_table(m);
        }
}

uint64_t manager_capacity_for_users(const Manager *m) {
        unsigned reserved = MIN(m->capacity.online_cpus - 1, m->host_config.reserved_cpus);

        return MIN(m->capacity.cpu, (m->capacity.online_cpus - reserved) * USEC_PER_SEC);
}

uint64_t manager_budget(const Manager *m) {
        EngineHost host = { .capacity = manager_capacity_for_users(m) };

        return m->plan.budget > 0 ? m->plan.budget : engine_whole_budget(&m->engine_config, &host);
}

static int read_host(Manager *m, usec_t now, int (*read)(HostUse *, usec_t, unsigned, uint64_t *),
                     EngineHost *ret) {
        int r = read(m->host_use, now, m->capacity.online_cpus, &ret->usage_usec);

        if (r < 0 && !m->host_unreadable)
                log_error_errno(r, "Cannot read the host's CPU use, shares stay as they are: %m");
        m->host_unreadable = r < 0;
        ret->capacity = manager_capacity_for_users(m);
        return r;
}

/* While the host has room, a look now and then is for who asks for figures: they are rates since the look
 * before. Where next to nothing happens they would be next to nothing. */
static bool is_time_to_look(const Manager *m, usec_t now) {
        usec_t since = now - m->looked_at;

        return since >= LOOK_USEC &&
               m->glanced_usage - MIN(m->glanced_usage, m->looked_usage) >= since / 100 * IDLE_PERCENT;
}

void manager_glance(Manager *m) {
        usec_t now = m->clock();
        EngineHost host;

        if (m->stopping)
                return;
        if (now >= m->housekeeping_at)
                manager_housekeeping(m, now);
        manager_look_for_strays(m, now);
        manager_notify_due(m, now);
        manager_look_for_mail(m);
        if (read_host(m, now, host_use_glance, &host) < 0)
                return;
        m->glanced_usage = host.usage_usec;
        manager_look_for_history(m, now, host.usage_usec);
        if ((engine_glance(m->engine, &m->engine_config, now, &host) || m->options.verbose ||
             is_time_to_look(m, now)) &&
            read_host(m, now, host_use_read, &host) >= 0)
                tick(m, now, &host);
        manager_flush(m);
        manager_show_status(m);
}

void manager_look_if_stale(Manager *m) {
        usec_t now = m->clock();
        EngineHost host;

        if (!m->stopping && !m->telling &&
            now >= m->looked_at + engine_glance_interval(m->engine, &m->engine_config) &&
            read_host(m, now, host_use_read, &host) >= 0)
                tick(m, now, &host);
}

static int on_glance(sd_event_source *s, uint64_t usec _unused_, void *userdata) {
        Manager *m = userdata;
        int r;

        manager_glance(m);
        r = sd_event_source_set_time_relative(s, engine_glance_interval(m->engine, &m->engine_config));
        return r < 0 ? r : sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
}

int manager_arm_glance(Manager *m) {
        int r = sd_event_add_time_relative(m->event, &m->glance_timer, CLOCK_MONOTONIC, 0,
                                           10 * USEC_PER_MSEC, on_glance, m);

        if (r < 0)
                return log_error_errno(r, "Cannot set a timer: %m");
        (void) sd_event_source_set_description(m->glance_timer, "glance");
        return 0;
}
