/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sim.h"

void sim_init(Sim *sim, unsigned cpus, size_t n, uint64_t seed) {
        *sim = (Sim){
                .config = { .policy = SHARE_MAX_MIN,
                            .threshold_permyriad = 9000,
                            .activity_permyriad = 100,
                            .interval = USEC_PER_SEC },
                .cpus = cpus * SIM_CPU,
                .users = calloc(n, sizeof(SimUser)),
                .slices = calloc(n, sizeof(EngineSlice *)),
                .n = n,
                .engine = engine_new(),
                .prng = { seed },
                .now = 1000 * USEC_PER_SEC,
        };
        if (!sim->users || !sim->slices || !sim->engine)
                abort();
        sim->next_look = sim->marked = sim->now;
        for (size_t i = 0; i < n; i++) {
                sim->users[i].slice = ENGINE_SLICE_INIT;
                sim->users[i].quota = sim->users[i].quota_left = LIMIT_UNSET;
                sim->users[i].period_ends = sim->now + prng_between(&sim->prng, 1, 20) * SIM_STEP;
                sim->users[i].next_burst = sim->now + prng_between(&sim->prng, 0, 20) * SIM_STEP;
                sim->slices[i] = &sim->users[i].slice;
        }
}

void sim_done(Sim *sim) {
        engine_free(sim->engine);
        plan_done(&sim->plan);
        free(sim->users);
        free(sim->slices);
        *sim = (Sim){};
}

void sim_make_noisy(Sim *sim) {
        sim->late = 20 * USEC_PER_MSEC;
        sim->bus_delay = 10 * USEC_PER_MSEC;
        sim->host_noise = engine_window(&sim->config) / 100;
}

void sim_set_cap(Sim *sim, size_t user, uint64_t cap) {
        sim->users[user].slice.cap = sim->users[user].quota = cap;
        sim->users[user].quota_left = cap / 10;
}

/* µs of CPU in one step */
static uint64_t in_a_step(uint64_t rate) {
        return rate * SIM_STEP / USEC_PER_SEC;
}

bool sim_at_work(const Sim *sim, size_t user) {
        const SimLoad *load = &sim->users[user].load;

        return load->processes > 0 &&
               (load->off == 0 || (sim->now + load->phase) % (load->on + load->off) < load->on);
}

static uint64_t with_noise(Sim *sim, uint64_t amount, unsigned percent) {
        return amount * prng_between(&sim->prng, 100 - percent, 100 + percent) / 100;
}

/* Work that is late by more than one burst is not asked for any more. */
static void work_comes(Sim *sim, SimUser *user) {
        const SimLoad *load = &user->load;
        usec_t every = MAX(load->every, SIM_STEP);
        uint64_t burst;

        if (!sim_at_work(sim, (size_t) (user - sim->users))) {
                user->backlog = 0;
                user->next_burst = sim->now;
        } else if (load->rate == SIM_BUSY)
                user->backlog = SIM_BUSY;
        else if (sim->now >= user->next_burst) {
                burst = with_noise(sim, load->rate * every / USEC_PER_SEC, load->noise);
                user->backlog = MIN(user->backlog + burst, 2 * burst);
                user->next_burst = MAX(user->next_burst, sim->now - every) + every;
        }
}

/* The period's timer counts and refills; so does a new quota, as the kernel's. */
static void quota_refills(const Sim *sim, SimUser *user) {
        bool fresh = user->quota_due > 0 && sim->now >= user->quota_due;

        if (sim->now >= user->period_ends) {
                user->nr_throttled += user->hit;
                user->period_ends += SIM_PERIOD;
        } else if (!fresh)
                return;
        if (fresh) {
                user->quota = MIN(user->slice.quota, user->slice.cap);
                user->quota_due = 0;
        }
        user->hit = false;
        user->quota_left = user->quota == LIMIT_UNSET ? LIMIT_UNSET : user->quota / 10;
}

/* What the user could use in this step if nobody else were there. */
static uint64_t wanted(const SimUser *user) {
        uint64_t most = MIN(user->backlog, user->load.processes * SIM_STEP);

        return MIN(most, user->quota_left);
}

static void run(Sim *sim, SimUser *user, uint64_t amount) {
        user->usage_usec += amount;
        sim->host_usage += amount;
        if (user->backlog != SIM_BUSY)
                user->backlog -= amount;
        if (user->quota_left == LIMIT_UNSET)
                return;
        user->quota_left -= amount;
        user->hit = user->hit || (user->quota_left == 0 && user->backlog > 0);
}

static uint64_t weight(const SimUser *user) {
        return user->slice.yields ? engine_yielding_weight(user->slice.weight) : user->slice.weight;
}

static uint64_t weights_of_unserved(const Sim *sim) {
        uint64_t weights = 0;

        for (size_t i = 0; i < sim->n; i++)
                weights += sim->users[i].served ? 0 : weight(&sim->users[i]);
        return weights;
}

/* Serves those who want no more than their part of `room`. Returns what that took;
 * *again says whether there was anybody. */
static uint64_t serve_modest(Sim *sim, uint64_t room, bool *again) {
        uint64_t weights = weights_of_unserved(sim), took = 0;

        *again = false;
        for (size_t i = 0; i < sim->n; i++) {
                SimUser *user = &sim->users[i];
                uint64_t amount = wanted(user);

                if (user->served || amount * weights > room * weight(user))
                        continue;
                run(sim, user, amount);
                took += amount;
                user->served = *again = true;
        }
        return took;
}

/* Shares the CPUs out by weight: whoever wants less than their part leaves the rest to the others. */
static void run_users(Sim *sim, uint64_t room) {
        uint64_t weights;
        bool again;

        for (size_t i = 0; i < sim->n; i++)
                sim->users[i].served = false;
        do
                room -= serve_modest(sim, room, &again);
        while (again);
        weights = weights_of_unserved(sim);
        for (size_t i = 0; i < sim->n; i++)
                if (!sim->users[i].served)
                        run(sim, &sim->users[i], room * weight(&sim->users[i]) / weights);
}

/* system.slice weighs as much as user.slice. */
static uint64_t run_others(Sim *sim, uint64_t room) {
        uint64_t outside = MIN(in_a_step(sim->outside), room / 2);
        uint64_t for_calls = MIN(MIN(sim->for_calls, SIM_STEP), room / 2 - outside);

        sim->for_calls -= for_calls;
        return outside + for_calls;
}

static void kernel_steps(Sim *sim) {
        uint64_t room = in_a_step(sim->cpus), outside = run_others(sim, room);

        for (size_t i = 0; i < sim->n; i++) {
                quota_refills(sim, &sim->users[i]);
                work_comes(sim, &sim->users[i]);
        }
        sim->host_usage += outside;
        run_users(sim, room - outside);
}

static EngineHost look_at_host(Sim *sim) {
        uint64_t off = prng_between(&sim->prng, 0, 2 * sim->host_noise);

        sim->host_seen = MAX(sim->host_seen, sim->host_usage + off);
        return (EngineHost){ .usage_usec = sim->host_seen, .capacity = sim->cpus };
}

static void apply_plan(Sim *sim) {
        for (size_t i = 0; i < sim->plan.count; i++) {
                const Change *change = &sim->plan.change[i];
                SimUser *user = &sim->users[change->slice];

                user->slice.quota = change->to;
                user->slice.yields = change->yields;
                user->quota_due = sim->now + MAX(sim->bus_delay, (usec_t) 1);
                user->changes++;
        }
        sim->changes += sim->plan.count;
        sim->for_calls += sim->plan.count * sim->call_cost;
}

static void daemon_looks(Sim *sim) {
        EngineHost host = look_at_host(sim);
        bool look = engine_glance(sim->engine, &sim->config, sim->now, &host);

        sim->next_look += engine_glance_interval(sim->engine, &sim->config);
        if (!look)
                return;
        for (size_t i = 0; i < sim->n; i++) {
                sim->users[i].slice.looked = true;
                sim->users[i].slice.usage_usec = sim->users[i].usage_usec;
                sim->users[i].slice.nr_throttled = sim->users[i].nr_throttled;
        }
        if (engine_tick(sim->engine, &sim->config, sim->now, &host, sim->slices, sim->n, &sim->plan) < 0)
                abort();
        sim->ticks++;
        apply_plan(sim);
}

void sim_run(Sim *sim, usec_t duration) {
        for (usec_t end = sim->now + duration; sim->now < end; sim->now += SIM_STEP) {
                if (sim->now >= sim->next_look + prng_between(&sim->prng, 0, sim->late))
                        daemon_looks(sim);
                kernel_steps(sim);
        }
}

void sim_mark(Sim *sim) {
        sim->marked = sim->now;
        sim->ticks = sim->changes = 0;
        for (size_t i = 0; i < sim->n; i++) {
                sim->users[i].marked_usage = sim->users[i].usage_usec;
                sim->users[i].marked_throttled = sim->users[i].nr_throttled;
                sim->users[i].changes = 0;
        }
}

uint64_t sim_use(const Sim *sim, size_t user) {
        return (sim->users[user].usage_usec - sim->users[user].marked_usage) * USEC_PER_SEC /
               (sim->now - sim->marked);
}

uint64_t sim_use_of_all(const Sim *sim) {
        uint64_t use = 0;

        for (size_t i = 0; i < sim->n; i++)
                use += sim_use(sim, i);
        return use;
}

uint64_t sim_throttled(const Sim *sim, size_t user) {
        return sim->users[user].nr_throttled - sim->users[user].marked_throttled;
}

size_t sim_capped(const Sim *sim) {
        size_t capped = 0;

        for (size_t i = 0; i < sim->n; i++)
                capped += sim->users[i].slice.quota != LIMIT_UNSET;
        return capped;
}

uint64_t sim_budget(const Sim *sim) {
        return sim->cpus / 10000 * sim->config.threshold_permyriad;
}

double sim_jain(const Sim *sim, size_t first, size_t n) {
        double sum = 0, squares = 0;

        for (size_t i = first; i < first + n; i++) {
                double use = (double) sim_use(sim, i);

                sum += use;
                squares += use * use;
        }
        return squares > 0 ? sum * sum / ((double) n * squares) : 1;
}
