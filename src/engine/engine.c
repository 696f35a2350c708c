/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "engine/engine.h"

#include "engine/policy.h"

/* A shorter window than five of the kernel's quota periods (100 ms) sees the periods and not the demand; a
 * longer one than a second is late. */
#define WINDOW_MIN_USEC (500 * USEC_PER_MSEC)
#define WINDOW_MAX_USEC (1 * USEC_PER_SEC)
#define LOOK_MIN_USEC   (250 * USEC_PER_MSEC)

/* A glance wakes at this part of the budget since the last one, so that there are rates when the rest of it
 * is used up. */
#define WAKE_PERCENT 80

/* While there is contention everybody is looked at four times a window; a timer may be late by a quarter of
 * that. */
#define REGULAR(window) ((window) / 16 * 3)

/* In between, a change of the host's use by so much is worth a look at everybody. */
#define MOVES(budget) ((budget) / 8)

/* Contention ends below this part of the budget, if nobody is held back. */
#define ROOM_PERCENT 95

/* Quotas are kept to within a little in each window, and the users of one who is not held back at all take
 * more than that. */
#define EXCEEDED(budget) ((budget) + (budget) / 32)
#define OVERRUN(budget)  ((budget) + (budget) / 8)

/* Contention that comes back this soon after it ended then lasts at least as long, so that work which comes
 * in bursts does not have its quota set and lifted with each of them. */
#define RELAPSE_USEC (5 * USEC_PER_SEC)

/* Use outside of the managed slices is taken as the least of this many windows: it falls at once and rises
 * when it has lasted. Much of what does not last is what this service does itself (on a slow machine a
 * change of two quotas costs PID 1, the bus and polkit a tenth of a second), and the quotas would follow
 * their own echo. */
#define OUTSIDE_SAMPLES 3

/* The budget follows a change of more than a twenty-fifth at once, and of more than a hundredth when it has
 * stood for a while: each change moves everybody's quota, and the calls for that are use outside themselves
 * (on a slow machine polkit takes several times longer over one than PID 1 does). */
#define BUDGET_JUMP(whole)  ((whole) / 25)
#define BUDGET_DRIFT(whole) ((whole) / 100)
#define BUDGET_HOLD_USEC    (5 * USEC_PER_SEC)

/* Plans that only lower, by less than a tenth, or lift what holds nobody back are made no more often than
 * this. */
#define SMALL_MOVES_USEC (3 * USEC_PER_SEC)

/* A quota stands until it would change by more than a fiftieth, or by one QUOTA_STEP where that is no more
 * than a twentieth. */
#define QUOTA_SLACK(quota) MAX((quota) / 50, MIN(QUOTA_STEP, (quota) / 20))

/* What is longer ago than this is not owed: nobody has looked. */
#define DEBT_GAP_USEC (2 * USEC_PER_SEC)

struct Engine {
        Tracker host;     /* as of the glances, which may take waiting for use */
        Tracker all_used; /* by the whole host, as of the looks */
        usec_t busy_since; /* at the last glance without a pause; 0: it is not */
        bool hurries;      /* it has become so a moment ago */
        usec_t last_tick;
        size_t last_slices; /* how many, at the last tick */

        /* Use outside of the slices, in µs since part_since; may be just below 0. */
        int64_t part;
        usec_t part_since;
        int64_t outside[OUTSIDE_SAMPLES]; /* rates over the last windows, a ring */
        unsigned outside_next, outside_count;

        uint64_t whole;  /* budget before use outside is taken off */
        uint64_t budget; /* in force */
        usec_t budget_since;

        bool contended;
        bool crowded; /* there is no quota for any, since there are so many */
        usec_t contended_since, room_since;
        usec_t changed;     /* when quotas that stand were last moved, or new ones set */
        usec_t lowered;     /* … some of which became lower */
        usec_t dwell_until; /* contention does not end before */

        usec_t owing_since; /* debts are added up until then */
        size_t capped;      /* slices with a fair-share quota in force */

        Claim *claims;
        size_t claims_allocated;
};

Engine *engine_new(void) {
        return calloc(1, sizeof(Engine));
}

Engine *engine_free(Engine *engine) {
        if (engine)
                free(engine->claims);
        free(engine);
        return NULL;
}

usec_t engine_window(const EngineConfig *config) {
        return CLAMP(config->interval, WINDOW_MIN_USEC, WINDOW_MAX_USEC);
}

usec_t engine_look(const EngineConfig *config) {
        return MAX(engine_window(config) / 4, LOOK_MIN_USEC);
}

usec_t engine_short_look(const EngineConfig *config) {
        return engine_look(config) / 2;
}

usec_t engine_glance_interval(const Engine *engine, const EngineConfig *config) {
        if (engine->contended)
                return engine_short_look(config);
        return engine_window(config) / (engine->hurries ? 8 : 4);
}

static uint64_t part_of_host(const EngineHost *host, unsigned permyriad) {
        return MIN(host->capacity, CPU_RATE_MAX) * permyriad / 10000;
}

uint64_t engine_whole_budget(const EngineConfig *config, const EngineHost *host) {
        return part_of_host(host, config->threshold_permyriad);
}

/* Users who begin or stop show in the host's use, if they are not very many; between two regular looks that
 * is looked for alone. */
static bool host_moves(const Engine *engine, const EngineConfig *config, const EngineHost *host) {
        usec_t window = engine_window(config);
        uint64_t now = tracker_use(&engine->host, engine_short_look(config));
        uint64_t then = tracker_use(&engine->host, window / 2);

        return (now > then ? now - then : then - now) >= MOVES(engine_whole_budget(config, host));
}

bool engine_glance(Engine *engine, const EngineConfig *config, usec_t now, const EngineHost *host) {
        usec_t window = engine_window(config);
        bool busy;

        tracker_observe(&engine->host, now, window, host->usage_usec, 0, NULL);
        if (!policy_needs_contention(config->policy))
                return true;
        busy = tracker_use(&engine->host, window / 4) >=
               engine_whole_budget(config, host) / 100 * WAKE_PERCENT;
        engine->busy_since = !busy ? 0 : engine->busy_since > 0 ? engine->busy_since : now;
        engine->hurries = busy && !engine->contended && now - engine->busy_since < window;
        if (!engine->contended)
                return busy || engine->capped > 0;
        return now - engine->last_tick >= REGULAR(window) || host_moves(engine, config, host);
}

static int claims_reserve(Engine *engine, size_t n) {
        Claim *more;

        if (n <= engine->claims_allocated)
                return 0;
        more = reallocarray(engine->claims, n, sizeof *more);
        if (!more)
                return -ENOMEM;
        engine->claims = more;
        engine->claims_allocated = n;
        return 0;
}

/* More than the threshold makes a slice active, less than half of it inactive again. */
static bool is_active(const EngineSlice *slice, uint64_t threshold) {
        return slice->throttled || slice->use > (slice->active ? threshold / 2 : threshold);
}

/* What a look at all slices has found. */
typedef struct Found {
        uint64_t delta;  /* CPU time since the last tick, in µs */
        bool known;      /* … of each of them: none is looked at for the first time */
        uint64_t recent; /* use over half a window */
} Found;

/* Takes the counters in. All that is asked of most slices is asked here, while what is kept of the slice is
 * at hand: of very many, each round more over them costs as much as some of the reading. */
static Found observe(const EngineConfig *config, usec_t now, uint64_t activity, EngineSlice *const *slices,
                     size_t n) {
        usec_t window = engine_window(config);
        Found found = { .known = true };

        for (size_t i = 0; i < n; i++) {
                EngineSlice *s = slices[i];

                if (s->looked) {
                        found.delta += tracker_observe(&s->tracker, now, window, s->usage_usec,
                                                       s->nr_throttled, &s->use);
                        found.known = found.known && s->tracker.count > 1;
                        s->throttled = s->nr_throttled > 0 && tracker_throttled(&s->tracker, window / 2);
                        s->active = is_active(s, activity);
                }
                found.recent += tracker_use(&s->tracker, window / 2);
        }
        return found;
}

static void add_outside(Engine *engine, usec_t now, const EngineHost *host, uint64_t managed) {
        uint64_t most = CPU_RATE_MAX / USEC_PER_SEC * (now - engine->last_tick);

        engine->part += (int64_t) MIN(host->usage_usec - engine->all_used.usage_usec, most);
        engine->part -= (int64_t) MIN(managed, most);
}

static void end_part(Engine *engine, usec_t now) {
        double seconds = (double) (now - engine->part_since) / (double) USEC_PER_SEC;

        engine->outside[engine->outside_next] = (int64_t) ((double) engine->part / seconds);
        engine->outside_next = (engine->outside_next + 1) % OUTSIDE_SAMPLES;
        engine->outside_count = MIN(engine->outside_count + 1, OUTSIDE_SAMPLES);
        engine->part = 0;
        engine->part_since = now;
}

/* `managed` is the CPU time of the slices since the last tick, over which the host's is taken too:
 * all_used still has that tick as its last look. */
static void update_outside(Engine *engine, const EngineConfig *config, usec_t now, const EngineHost *host,
                           bool known, uint64_t managed) {
        usec_t window = engine_window(config);

        if (now <= engine->last_tick)
                return;
        if (known && engine->last_tick > 0 && host->usage_usec >= engine->all_used.usage_usec) {
                /* What was long ago is no measure of what is now. */
                if (now - engine->last_tick > OUTSIDE_SAMPLES * window)
                        engine->outside_next = engine->outside_count = 0;
                add_outside(engine, now, host, managed);
                if (now - engine->part_since >= window)
                        end_part(engine, now);
        } else {
                engine->part = 0;
                engine->part_since = now;
        }
        engine->last_tick = now;
}

static uint64_t lasting_outside(const Engine *engine) {
        int64_t least = engine->outside_count > 0 ? engine->outside[0] : 0;

        for (unsigned i = 1; i < engine->outside_count; i++)
                least = MIN(least, engine->outside[i]);
        return least > 0 ? (uint64_t) least : 0;
}

/* The budget is never taken below half of the whole by use outside: as much as systemd's equal weights of
 * user.slice and system.slice would give the users anyway. */
static void update_budget(Engine *engine, const EngineConfig *config, usec_t now, uint64_t whole) {
        uint64_t outside = lasting_outside(engine), fresh, change;

        fresh = policy_counts_outside(config->policy) ? whole - MIN(outside, whole / 2) : whole;
        change = fresh > engine->budget ? fresh - engine->budget : engine->budget - fresh;
        if (policy_counts_outside(config->policy) && engine->whole == whole && change <= BUDGET_JUMP(whole) &&
            (change <= BUDGET_DRIFT(whole) || now - engine->budget_since < BUDGET_HOLD_USEC))
                return;
        engine->budget = fresh;
        engine->budget_since = now;
        engine->whole = whole;
}

/* Whether a fair-share quota is what holds a slice back, as the last look has it: one that was raised since
 * holds nobody any more. */
static bool anybody_held_back(EngineSlice *const *slices, size_t n, usec_t look) {
        for (size_t i = 0; i < n; i++)
                if (slices[i]->quota < slices[i]->cap && tracker_throttled(&slices[i]->tracker, look))
                        return true;
        return false;
}

/* The slices may have been looked at for less than half a window, the host was not. */
static bool budget_is_used_up(const Engine *engine, const EngineConfig *config, uint64_t use) {
        return use > 0 && use >= engine->budget &&
               tracker_use(&engine->host, engine_window(config) / 2) >= engine->budget / 100 * ROOM_PERCENT;
}

/* What others use for a moment (PID 1, for what this service asks of it) lowers no quota, but the slices
 * cannot have it either. So that they come to less meanwhile does not mean that they want less. */
static bool has_room(const Engine *engine, const EngineConfig *config, uint64_t use) {
        uint64_t all = tracker_use(&engine->all_used, engine_window(config) / 2);
        uint64_t outside = policy_counts_outside(config->policy) ? all - MIN(use, all) : 0;
        uint64_t left = engine->whole - MIN(outside, engine->whole / 2);

        return use < MIN(engine->budget, left) / 100 * ROOM_PERCENT;
}

/* Who has just been given more has had no time to be held back again. */
static bool have_stood(const Engine *engine, const EngineConfig *config, usec_t now) {
        return now - engine->changed >= engine_look(config);
}

/* `use` is the slices', over half a window. */
static void update_contention(Engine *engine, const EngineConfig *config, usec_t now, uint64_t use,
                              EngineSlice *const *slices, size_t n) {
        if (!engine->contended && budget_is_used_up(engine, config, use)) {
                bool relapse = engine->room_since > 0 && now - engine->room_since < RELAPSE_USEC;

                engine->contended = true;
                engine->contended_since = now;
                engine->dwell_until = relapse ? now + RELAPSE_USEC : 0;
        } else if (engine->contended && now >= engine->dwell_until && have_stood(engine, config, now) &&
                   has_room(engine, config, use) && !anybody_held_back(slices, n, engine_look(config))) {
                engine->contended = false;
                engine->room_since = now;
        }
}

static bool is_small_change(const EngineSlice *slice) {
        uint64_t change;

        if (slice->quota == LIMIT_UNSET || slice->want == LIMIT_UNSET)
                return false;
        change = slice->want > slice->quota ? slice->want - slice->quota : slice->quota - slice->want;
        return change <= QUOTA_SLACK(slice->quota);
}

static uint64_t claimed_with_small_change_left(const EngineSlice *s) {
        if (s->want == LIMIT_UNSET || s->reason == REASON_BELOW_LEVEL)
                return MIN(MIN(s->demand, s->want), s->cap);
        return is_small_change(s) ? s->quota : s->want;
}

/* What the slices would take if small changes were left undone. */
static uint64_t claimed_with_small_changes_left(EngineSlice *const *slices, size_t n, uint64_t budget) {
        uint64_t sum = 0;

        for (size_t i = 0; i < n && sum <= budget; i++)
                sum += MIN(claimed_with_small_change_left(slices[i]), budget + 1);
        return sum;
}

/* A small change is not worth a call to PID 1, each of which also lets the group run on unthrottled for part
 * of a period. A small lowering is made nevertheless if the budget needs it. */
static void drop_small_changes(EngineSlice *const *slices, size_t n, uint64_t budget) {
        bool fits = claimed_with_small_changes_left(slices, n, budget) <= budget;

        for (size_t i = 0; i < n; i++)
                if (is_small_change(slices[i]) && (fits || slices[i]->want > slices[i]->quota))
                        slices[i]->want = slices[i]->quota;
}

/* What a plan does, put together over its changes. */
typedef struct Moves {
        bool overrun; /* all together use far more than the budget meanwhile */
        bool lowers;  /* somebody's quota */
        bool caps;    /* who has none */
        bool much;    /* by more than a tenth, or from none */
        bool raises;  /* what somebody is held back by */
        bool urgent;  /* likewise, and by more than a tenth */
} Moves;

static void add_move(Moves *moves, const EngineSlice *s) {
        uint64_t tenth = s->quota / 10;

        if (s->want == s->quota)
                moves->raises = true; /* of the weight alone */
        else if (s->want == LIMIT_UNSET)
                /* A quota that is not reached holds nobody back. */
                moves->urgent |= s->throttled || s->reason != REASON_BELOW_LEVEL;
        else if (s->want > s->quota) {
                moves->raises |= s->throttled;
                moves->urgent |= s->want - s->quota > tenth;
        } else {
                moves->lowers = true;
                moves->caps |= s->quota == LIMIT_UNSET;
                moves->much |= s->quota - s->want > tenth;
        }
}

/* Who has no quota and wants more than the share takes it from the others. So the first one of anybody does
 * not wait, nor do the others' with it, but where so many come and go that this would be calls all the time.
 * The first ones of a contention never do. */
static bool is_first_cap(const Engine *engine, usec_t now, const Moves *moves) {
        return engine->contended_since == now || (moves->caps && debt_calls_are_few(engine->capped));
}

/* Each raise puts off when quotas are lowered, so that who rests for less than an interval again and again has
 * the others' raised for good. Where that is much of the budget, only having lowered them counts. */
static usec_t last_move(const Engine *engine, const Moves *moves) {
        return moves->lowers && moves->overrun ? engine->lowered : engine->changed;
}

/* Quotas rise at once where it matters, move at most once in an interval, and fall by a little more seldom
 * still: each time all together, so that the sum is kept. */
static bool must_wait(const Engine *engine, const EngineConfig *config, usec_t now, const Moves *moves) {
        if (is_first_cap(engine, now, moves) || engine->changed == 0 || (moves->urgent && !moves->lowers))
                return false;
        return now - last_move(engine, moves) < (moves->urgent || moves->raises || moves->much
                                                         ? config->interval
                                                         : MAX(config->interval, SMALL_MOVES_USEC));
}

/* Without the quota that was kept they would have all that their weight gives, and not wait either. */
static bool need_not_wait(const EngineSlice *s, usec_t now) {
        if (s->yields && !s->want_yields && now < s->full_weight_until)
                return s->came_back || s->reason == REASON_BELOW_LEVEL;
        if (s->want == LIMIT_UNSET)
                return s->throttled && s->reason == REASON_BELOW_LEVEL;
        return s->came_back && s->throttled && s->want > s->quota && s->want - s->quota > s->quota / 10;
}

/* The others' are lowered when it is time for that, which this does not put off. */
static void drop_who_waits(usec_t now, EngineSlice *const *slices, Plan *plan) {
        size_t count = 0;

        for (size_t i = 0; i < plan->count; i++)
                if (need_not_wait(slices[plan->change[i].slice], now))
                        plan->change[count++] = plan->change[i];
        plan->count = count;
}

/* Moved from one share to another by the level, rather than set or lifted. */
static bool is_moved_by_level(const EngineSlice *slice) {
        return slice->reason == REASON_ABOVE_LEVEL && slice->quota != LIMIT_UNSET &&
               slice->want != LIMIT_UNSET && slice->want != slice->quota;
}

static void update_debts(Engine *engine, usec_t now, bool whole_changed, EngineSlice *const *slices,
                         size_t n) {
        usec_t elapsed = now - MAX(engine->owing_since, now - MIN(now, DEBT_GAP_USEC));
        double budget = (double) MAX(engine->budget, UINT64_C(1));

        engine->capped = 0;
        for (size_t i = 0; i < n; i++) {
                EngineSlice *s = slices[i];
                bool moved = is_moved_by_level(s);

                engine->capped += s->quota != LIMIT_UNSET;
                debt_add(&s->debt, moved ? ((double) s->quota - (double) s->want) / budget : 0, elapsed,
                         now);
                s->debt.called |= moved && whole_changed;
        }
        engine->owing_since = now;
}

static bool is_due(const Engine *engine, usec_t now, const EngineSlice *slice) {
        if (slice->want_yields != slice->yields)
                return true;
        if (slice->want == slice->quota)
                return false;
        return !is_moved_by_level(slice) || engine->contended_since == now ||
               debt_is_due(&slice->debt, engine->capped, now);
}

static void note_done(Engine *engine, usec_t now, const Change *change, EngineSlice *slice) {
        debt_paid(&slice->debt, now);
        slice->came_back = false;
        engine->capped += change->to != LIMIT_UNSET;
        engine->capped -= change->from != LIMIT_UNSET;
}

static int collect_changes(Engine *engine, const Round *round, bool overrun, EngineSlice *const *slices,
                           size_t n, Plan *plan) {
        Moves moves = { .overrun = overrun };
        usec_t now = round->now;

        for (size_t i = 0; i < n; i++) {
                const EngineSlice *s = slices[i];

                if (!is_due(engine, now, s))
                        continue;
                if (plan_add(plan, &(Change){ .slice = i,
                                              .from = s->quota,
                                              .to = s->want,
                                              .yields = s->want_yields,
                                              .reason = s->reason }) < 0) {
                        plan->count = 0;
                        return -ENOMEM;
                }
                add_move(&moves, s);
        }
        if (must_wait(engine, round->config, now, &moves))
                drop_who_waits(now, slices, plan);
        else if (plan->count > 0) {
                engine->changed = now;
                if (moves.lowers)
                        engine->lowered = now;
        }
        for (size_t i = 0; i < plan->count; i++)
                note_done(engine, now, &plan->change[i], slices[plan->change[i].slice]);
        return 0;
}

static void summarize(const Engine *engine, const Round *round, EngineSlice *const *slices, size_t n,
                      Plan *plan) {
        plan->contended = engine->contended;
        plan->budget = engine->budget;
        plan->outside = lasting_outside(engine);
        plan->level = round->level;
        plan->active = round->active;
        plan->use = 0;
        for (size_t i = 0; i < n; i++)
                plan->use += slices[i]->use;
}

int engine_tick(Engine *engine, const EngineConfig *config, usec_t now, const EngineHost *host,
                EngineSlice *const *slices, size_t n, Plan *plan) {
        uint64_t whole = engine_whole_budget(config, host);
        uint64_t activity = part_of_host(host, config->activity_permyriad);
        bool whole_changed = engine->whole != whole;
        Round round;
        Found found;

        plan->count = 0;
        if (claims_reserve(engine, n) < 0)
                return -ENOMEM;

        found = observe(config, now, activity, slices, n);
        /* Of a slice that is gone the counter is gone too, with what was used last. */
        update_outside(engine, config, now, host, found.known && n >= engine->last_slices, found.delta);
        engine->last_slices = n;
        update_budget(engine, config, now, whole);
        tracker_observe(&engine->all_used, now, engine_window(config), host->usage_usec, 0, NULL);
        update_contention(engine, config, now, found.recent, slices, n);

        round = (Round){
                .config = config,
                .now = now,
                .contended = engine->contended,
                .dwelling = engine->contended && now < engine->dwell_until,
                .budget = engine->budget,
                .exceeded = found.recent > EXCEEDED(engine->budget),
                .crowded = engine->crowded && !whole_changed,
                .claims = engine->claims,
                .level = LIMIT_UNSET,
        };
        for (size_t i = 0; i < n; i++)
                round.active += slices[i]->active;
        policy_for(config->policy)(&round, slices, n);
        engine->crowded = round.crowded;

        if (policy_needs_contention(config->policy))
                drop_small_changes(slices, n, round.budget);
        summarize(engine, &round, slices, n, plan);
        update_debts(engine, now, whole_changed, slices, n);
        return collect_changes(engine, &round, found.recent > OVERRUN(round.budget), slices, n, plan);
}
