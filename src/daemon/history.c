/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/log.h"
#include "daemon/manager-private.h"

/* While all users together use less of a CPU than this, no slice is looked at. */
#define IDLE_PERCENT 1U
/* What was used in looks like that is counted to the first one after them, so it must not add up to more
 * than so much of a CPU over one look. */
#define UNREAD_PERCENT 10U
/* A turn of the loop takes no more slices than this, so that nothing else has to wait for long. */
#define SLICES_PER_TURN 128U

struct HistoryJob {
        usec_t interval;
        unsigned looks;
        HistoryClock *clock; /* NULL: nothing is kept, the looks are for manager_check_memory() alone */
        History *host;

        usec_t due;      /* the next look; CLOCK_MONOTONIC as all times here */
        bool begun;      /* there was a look, */
        usec_t at;       /* so long ago, */
        bool of_users;   /* what follows is theirs; otherwise the host's, where theirs is not counted */
        uint64_t usage;  /* when they had used this, */
        uint64_t unread; /* and this of it since slices were read last, */
        usec_t read_at;  /* which was then */
        usec_t spent;    /* by the reading itself since the last look, for the host to be idle without it */

        /* A look under way */
        bool reading; /* there is one */
        sd_event_source *turn;
        ManagedSlice *next; /* the next to be read; NULL: all were */
        usec_t over;        /* rates are taken over this; 0: the first look, of the counters alone */
        Look sum;
        int error; /* of one of the slices */
};

/* Per second, over so long. A counter that went down tells nothing. */
static uint64_t rate(uint64_t counter, uint64_t before, usec_t over) {
        uint64_t delta = counter - MIN(before, counter), whole;

        if (__builtin_mul_overflow(delta / over, USEC_PER_SEC, &whole))
                return UINT64_MAX;
        return whole + delta % over * USEC_PER_SEC / over;
}

static void put_in(HistoryJob *job, History **history, const Look *look) {
        int r = job->clock ? history_add(history, job->clock, look) : 0;

        if (r < 0)
                job->error = r;
}

static void take_look(HistoryJob *job, ManagedSlice *slice, const CpuStat *stat, uint64_t memory) {
        Look look = {
                .use = rate(stat->usage_usec, slice->sampled_usage, job->over),
                .grant = slice->set.value[LIMIT_CPU_QUOTA],
                .throttled = rate(stat->throttled_usec, slice->sampled_throttled, job->over),
                .memory = memory,
        };

        job->sum.use += look.use;
        job->sum.throttled += look.throttled;
        put_in(job, &slice->history, &look);
}

/* At the first time there is nothing that the counters could be compared with. */
static void read_slice(Manager *m, ManagedSlice *slice) {
        uint64_t memory = 0;
        bool counted;
        CpuStat stat;

        if (!slice->files)
                return;
        if (slice->exempt) {
                manager_forget_history(m, slice);
                return;
        }
        /* Where the memory controller is not on, nothing is counted. Memory first: what it was belongs to
         * this slice if that is still there. */
        counted = slice_files_read_memory_by_name(slice->files, &memory) >= 0;
        if (managed_slice_read_cpu(slice, &stat) < 0) {
                slice->sampled = false;
                return;
        }
        if (counted)
                manager_check_memory(m, slice, memory);
        m->history->sum.memory += memory;
        if (slice->sampled && m->history->over > 0)
                take_look(m->history, slice, &stat, memory);
        slice->sampled = true;
        slice->sampled_usage = stat.usage_usec;
        slice->sampled_throttled = stat.throttled_usec;
}

static void end_look(Manager *m) {
        HistoryJob *job = m->history;

        job->reading = false;
        if (job->over == 0 || !job->clock)
                return;
        job->sum.grant = manager_budget(m);
        put_in(job, &job->host, &job->sum);
        history_clock_add(job->clock, m->realtime());
        if (job->error < 0)
                log_error_errno(job->error, "The history lacks what some slices used just now: %m");
}

/* A timer that is due at once, because a deferred source would be dispatched again before all others. */
static void ask_for_turn(HistoryJob *job) {
        if (sd_event_source_set_time_relative(job->turn, 0) < 0 ||
            sd_event_source_set_enabled(job->turn, SD_EVENT_ONESHOT) < 0)
                job->reading = false; /* the next look has all of it */
}

static int on_turn(sd_event_source *s _unused_, uint64_t usec _unused_, void *userdata) {
        Manager *m = userdata;
        HistoryJob *job = m->history;
        usec_t begun = m->clock();

        for (unsigned n = 0; job->next && n < SLICES_PER_TURN; n++) {
                ManagedSlice *slice = job->next;

                job->next = LIST_NEXT(slice, all);
                read_slice(m, slice);
        }
        job->spent += m->clock() - begun;
        if (job->next)
                ask_for_turn(job);
        else
                end_look(m);
        return 0;
}

/* What they have used since the last look; UINT64_MAX if that cannot be told, since it was counted elsewhere
 * or is another counter. Our own reading is in what the host used. */
static uint64_t used_since(const HistoryJob *job, uint64_t usage, bool of_users) {
        uint64_t used = usage - job->usage;

        if (of_users != job->of_users || usage < job->usage)
                return UINT64_MAX;
        return of_users ? used : used - MIN(used, job->spent);
}

/* Returns whether slices have to be read, and then sets what rates are taken over. */
static bool look_at_host(HistoryJob *job, usec_t now, uint64_t usage, bool of_users) {
        usec_t since = now - job->at;
        uint64_t used = used_since(job, usage, of_users);
        bool idle = job->begun && used < since * IDLE_PERCENT / 100;

        job->over = idle ? now - job->read_at : since;
        job->at = now;
        job->usage = usage;
        job->of_users = of_users;
        job->spent = 0;
        job->unread = idle ? job->unread + used : 0;
        if (idle && job->unread < job->interval * UNREAD_PERCENT / 100)
                return false;
        if (!job->begun)
                job->over = 0;
        job->begun = true;
        job->read_at = now;
        job->unread = 0;
        return true;
}

void manager_look_for_history(Manager *m, usec_t now, uint64_t usage) {
        HistoryJob *job = m->history;
        bool of_users;

        if (!job || job->reading || now < job->due)
                return;
        job->due = now + job->interval;
        of_users = manager_read_use_of_all(m, &usage) >= 0;
        if (!look_at_host(job, now, usage, of_users)) {
                if (job->clock)
                        history_clock_add(job->clock, m->realtime());
                return;
        }
        job->reading = true;
        job->next = LIST_FIRST(&m->slices.all);
        job->sum = (Look){};
        job->error = 0;
        ask_for_turn(job);
}

static void drop_looks(ManagedSlice *slice) {
        slice->history = history_free(slice->history);
        slice->sampled = false;
}

void manager_forget_history(Manager *m, ManagedSlice *slice) {
        if (m->history && m->history->next == slice)
                m->history->next = LIST_NEXT(slice, all);
        drop_looks(slice);
        manager_forget_memory(m, slice);
}

/* ---- life ---- */

static HistoryJob *history_job_free(HistoryJob *job) {
        if (!job)
                return NULL;
        sd_event_source_disable_unref(job->turn);
        history_free(job->host);
        history_clock_free(job->clock);
        free(job);
        return NULL;
}
DEFINE_CLEANUP(HistoryJob *, history_job_free)

void manager_close_history(Manager *m) {
        ManagedSlice *slice;

        m->history = history_job_free(m->history);
        SLICE_FOREACH(slice, &m->slices)
                drop_looks(slice);
}

static int history_job_new(Manager *m, HistoryJob **ret) {
        _cleanup_(history_job_freep) HistoryJob *job = calloc(1, sizeof *job);
        int r;

        if (!job)
                return -ENOMEM;
        job->interval = m->host_config.history_interval_usec;
        job->looks = m->host_config.history_looks;
        job->due = m->clock();
        if (job->looks > 0) {
                job->clock = history_clock_new(job->looks);
                if (!job->clock)
                        return -ENOMEM;
        }
        r = sd_event_add_time_relative(m->event, &job->turn, CLOCK_MONOTONIC, 0, 1, on_turn, m);
        if (r >= 0)
                r = sd_event_source_set_enabled(job->turn, SD_EVENT_OFF);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(job->turn, "history");
        *ret = TAKE_PTR(job);
        return 0;
}

int manager_open_history(Manager *m) {
        const HostConfig *config = &m->host_config;
        int r;

        if (m->history && m->history->looks == config->history_looks &&
            m->history->interval == config->history_interval_usec &&
            (m->history->looks > 0 || m->memory_warnings))
                return 0;
        manager_close_history(m);
        /* Nobody could ask a dry run for it. */
        if ((config->history_looks == 0 && !m->memory_warnings) || m->options.dry_run)
                return 0;
        r = history_job_new(m, &m->history);
        if (r < 0)
                log_error_errno(r, "No history is kept, and nobody is warned that memory runs short: %m");
        return 0;
}

/* ---- questions ---- */

int manager_serve_history(const char *name, usec_t since, LookVisitor visitor, void *visitor_userdata,
                          void *userdata) {
        const Manager *m = userdata;
        const HistoryJob *job = m->history;
        const ManagedSlice *slice = NULL;

        if (*name != '\0') {
                slice = slice_table_find(&m->slices, name);
                if (!slice || !slice->files)
                        return -ENOENT;
        }
        if (!job || !job->clock)
                return 0;
        return history_foreach(slice ? slice->history : job->host, job->clock, since, visitor,
                               visitor_userdata);
}

usec_t manager_serve_history_interval(void *userdata) {
        const Manager *m = userdata;

        return m->host_config.history_interval_usec;
}
