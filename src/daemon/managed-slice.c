/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/managed-slice.h"

#include <string.h>

#include "engine/memory-step.h"

#define BIT(limit) ((LimitMask) 1U << (limit))

int managed_slice_new(const char *name, LedgerEntry *entry, ManagedSlice **ret) {
        ManagedSlice *slice = calloc(1, sizeof *slice);

        if (!slice)
                return -ENOMEM;
        snprintf(slice->name, sizeof slice->name, "%s", name);
        slice->entry = entry;
        slice->engine = ENGINE_SLICE_INIT;
        slice->verify_at = USEC_INFINITY;
        managed_slice_assume_fresh(slice);
        *ret = slice;
        return 0;
}

ManagedSlice *managed_slice_free(ManagedSlice *slice) {
        if (!slice)
                return NULL;
        user_done(&slice->user);
        slice_files_free(slice->files);
        history_free(slice->history);
        free(slice);
        return NULL;
}

void managed_slice_assume_fresh(ManagedSlice *slice) {
        LimitMask found = slice->entry->found & slice->entry->ours;

        slice->found_quota = found & BIT(LIMIT_CPU_QUOTA) ? slice->entry->standing_quota : LIMIT_UNSET;
        slice->found_weight = found & BIT(LIMIT_CPU_WEIGHT) ? slice->entry->standing_weight : LIMIT_UNSET;
        slice->set = LIMITS_UNSET;
        slice->set.value[LIMIT_CPU_WEIGHT] = CPU_WEIGHT_DEFAULT;
        slice->known = LIMIT_MASK_ALL & ~slice->entry->ours;
        slice->confirmed = slice->pretended = slice->unanswered = 0;
        slice->kernel_seen = false;
        slice->repaired = slice->given_up = slice->memory_waits = 0;
}

uint64_t managed_slice_standing_quota(const ManagedSlice *slice) {
        uint64_t configured = slice->config.limits.value[LIMIT_CPU_QUOTA];

        return configured != LIMIT_UNSET ? configured : slice->found_quota;
}

uint64_t managed_slice_weight(const ManagedSlice *slice) {
        uint64_t configured = slice->config.limits.value[LIMIT_CPU_WEIGHT];

        return configured == CPU_WEIGHT_DEFAULT && slice->found_weight != LIMIT_UNSET ? slice->found_weight
                                                                                      : configured;
}

/* A fair share that leaves more than stands in any case is nobody's limit: what stands is not ours then. */
static bool has_fair_share(const ManagedSlice *slice) {
        return slice->engine.quota < managed_slice_standing_quota(slice);
}

/* The weight while the fair share holds the slice back, if that is another one than it has otherwise. */
static bool is_weight_lowered(const ManagedSlice *slice) {
        return has_fair_share(slice) && slice->engine.yields &&
               engine_yielding_weight(managed_slice_weight(slice)) != managed_slice_weight(slice);
}

static bool may_be_throttled(const ManagedSlice *slice) {
        return !slice->throttling_read || slice->in_flight || slice->engine.quota != LIMIT_UNSET ||
               !(slice->known & ~slice->pretended & BIT(LIMIT_CPU_QUOTA)) ||
               slice->set.value[LIMIT_CPU_QUOTA] != LIMIT_UNSET;
}

int managed_slice_read_cpu(ManagedSlice *slice, CpuStat *ret) {
        bool all = may_be_throttled(slice);
        CpuStat stat;
        int r = all ? slice_files_read_cpu(slice->files, &stat)
                    : slice_files_read_cpu_usage(slice->files, &stat);

        if (r < 0)
                return r;
        if (all || r > 0) {
                slice->throttling_read = true;
                slice->engine.nr_throttled = stat.nr_throttled;
                slice->throttled_usec = stat.throttled_usec;
        }
        if (all && !may_be_throttled(slice))
                slice_files_let_go_throttling(slice->files); /* it was the first look at it */
        stat.nr_throttled = slice->engine.nr_throttled;
        stat.throttled_usec = slice->throttled_usec;
        *ret = stat;
        return 0;
}

/* A quota is enforced in parts of a second, and who is at it may have used a little less. */
static bool is_at(const EngineSlice *engine, uint64_t quota) {
        return engine->throttled || engine->use >= quota - quota / 16;
}

/* Everybody has a quota under SharePolicy=equal, also who uses less; with the others only who asks for more.
 * What was only said while observing holds nobody. */
static bool is_held_by_share(const ManagedSlice *slice, SharePolicy policy) {
        const EngineSlice *engine = &slice->engine;

        if (!has_fair_share(slice) || (slice->pretended & BIT(LIMIT_CPU_QUOTA)))
                return false;
        return policy != SHARE_EQUAL || is_at(engine, engine->quota);
}

Hold managed_slice_hold(const ManagedSlice *slice, SharePolicy policy, bool contended, uint64_t guaranteed) {
        const EngineSlice *engine = &slice->engine;
        uint64_t standing = managed_slice_standing_quota(slice);
        bool by_weights = policy == SHARE_WEIGHT || engine->reason == REASON_CROWDED;

        if (slice->exempt || !slice->files)
                return HOLD_NOTHING;
        if (is_held_by_share(slice, policy))
                return HOLD_FAIR_SHARE;
        if (standing != LIMIT_UNSET && is_at(engine, standing))
                return HOLD_CPU_QUOTA;
        /* Who uses less than what is theirs in any case does not ask for more. */
        if (contended && by_weights && engine->active && engine->use >= guaranteed - guaranteed / 16)
                return HOLD_WEIGHT;
        return HOLD_NOTHING;
}

/* A weight is set by us if it is another than the default, and if none is set at all, which turns the CPU
 * controller on. */
static bool weight_is_ours(const ManagedSlice *slice) {
        return slice->config.limits.value[LIMIT_CPU_WEIGHT] != CPU_WEIGHT_DEFAULT ||
               slice->found_weight == LIMIT_UNSET;
}

static LimitMask fair_share_limits(const ManagedSlice *slice) {
        return (has_fair_share(slice) ? BIT(LIMIT_CPU_QUOTA) : 0) |
               (is_weight_lowered(slice) ? BIT(LIMIT_CPU_WEIGHT) : 0);
}

/* Limits that the configuration or a fair share asks for, the default weight not among them. */
static LimitMask asked_for(const ManagedSlice *slice) {
        LimitMask mask = 0;

        if (slice->exempt)
                return 0;
        for (unsigned i = 0; i < _LIMIT_COUNT; i++)
                if (slice->config.limits.value[i] !=
                    (i == LIMIT_CPU_WEIGHT ? CPU_WEIGHT_DEFAULT : LIMIT_UNSET))
                        mask |= BIT(i);
        return mask | fair_share_limits(slice);
}

LimitMask managed_slice_ours(const ManagedSlice *slice) {
        LimitMask ours = slice->entry->ours;

        if (slice->exempt)
                return ours;
        for (unsigned i = 0; i < _LIMIT_COUNT; i++)
                if (slice->config.limits.value[i] != LIMIT_UNSET &&
                    (i != LIMIT_CPU_WEIGHT || weight_is_ours(slice)))
                        ours |= BIT(i);
        return ours | fair_share_limits(slice);
}

/* The limits without a fair share, steps not counted. A slice that has become exempt loses what it had from
 * us. */
static void standing_limits(const ManagedSlice *slice, Limits *ret) {
        if (slice->exempt) {
                *ret = LIMITS_UNSET;
                ret->value[LIMIT_CPU_QUOTA] = slice->found_quota;
                ret->value[LIMIT_CPU_WEIGHT] =
                        slice->found_weight == LIMIT_UNSET ? CPU_WEIGHT_DEFAULT : slice->found_weight;
                return;
        }
        *ret = slice->config.limits;
        ret->value[LIMIT_CPU_QUOTA] = managed_slice_standing_quota(slice);
        ret->value[LIMIT_CPU_WEIGHT] = managed_slice_weight(slice);
}

/* The limits to aim at, steps not counted. */
static void final_limits(const ManagedSlice *slice, Limits *ret) {
        standing_limits(slice, ret);
        if (slice->exempt)
                return;
        ret->value[LIMIT_CPU_QUOTA] = MIN(ret->value[LIMIT_CPU_QUOTA], slice->engine.quota);
        if (is_weight_lowered(slice))
                ret->value[LIMIT_CPU_WEIGHT] = engine_yielding_weight(ret->value[LIMIT_CPU_WEIGHT]);
}

void managed_slice_note(ManagedSlice *slice, LimitMask mask) {
        LedgerEntry *entry = slice->entry;
        Limits standing;

        standing_limits(slice, &standing);
        entry->ours |= mask;
        entry->fair = entry->fair || has_fair_share(slice);
        entry->found = 0;
        if (entry->ours & BIT(LIMIT_CPU_QUOTA)) {
                entry->standing_quota = standing.value[LIMIT_CPU_QUOTA];
                entry->found |= entry->standing_quota == slice->found_quota ? BIT(LIMIT_CPU_QUOTA) : 0;
        }
        if (entry->ours & BIT(LIMIT_CPU_WEIGHT)) {
                entry->standing_weight = standing.value[LIMIT_CPU_WEIGHT];
                entry->found |= slice->found_weight == entry->standing_weight ? BIT(LIMIT_CPU_WEIGHT) : 0;
        }
}

bool managed_slice_stands(const ManagedSlice *slice) {
        Limits standing;

        standing_limits(slice, &standing);
        return limits_differ(&slice->set, &standing, slice->entry->ours & LIMIT_MASK_CPU) == 0;
}

/* What may stand: no limit where that is not known. */
static void may_stand(const ManagedSlice *slice, Limits *ret) {
        *ret = slice->set;
        for (unsigned i = 0; i < _LIMIT_COUNT; i++)
                if (!(slice->known & BIT(i)))
                        ret->value[i] = LIMIT_UNSET;
}

static void step_memory(const ManagedSlice *slice, const Limits *standing, Limits *limits, LimitMask lower) {
        MemoryUse use = { .current = UINT64_MAX };

        /* No controller yet: nothing has been counted, and counting begins at nothing. */
        if (slice_files_read_memory(slice->files, &use) == -ENODATA)
                use.current = 0;
        for (unsigned i = 0; i < _LIMIT_COUNT; i++)
                if (lower & BIT(i))
                        limits->value[i] = memory_next_step(&(MemoryStep){
                                .now = standing->value[i],
                                .target = limits->value[i],
                                .in_use = use.current,
                                .cache = use.inactive_file == UINT64_MAX ? 0 : use.inactive_file,
                        });
}

/* Limits whose lowering can make the kernel reclaim and kill. Where there is no cgroup, nobody is killed. */
static LimitMask lowered_memory(const ManagedSlice *slice, const Limits *standing, const Limits *limits,
                                LimitMask pending) {
        LimitMask lower = 0;

        if (slice->config.memory_strict || !slice->files)
                return 0;
        for (unsigned i = LIMIT_MEMORY_MAX; i <= LIMIT_MEMORY_HIGH; i++)
                if ((pending & BIT(i)) && limits->value[i] < standing->value[i])
                        lower |= BIT(i);
        return lower;
}

LimitMask managed_slice_outdated(const ManagedSlice *slice) {
        Limits aim;

        final_limits(slice, &aim);
        return limits_differ(&aim, &slice->sent, slice->sent_mask);
}

LimitMask managed_slice_pending(ManagedSlice *slice, Limits *ret, LimitMask *ret_waiting) {
        LimitMask pending, lower, ours = managed_slice_ours(slice) & ~slice->given_up;
        Limits aim, standing;

        *ret_waiting = 0;
        final_limits(slice, &aim);
        *ret = aim;
        pending = ours & (limits_differ(ret, &slice->set, ours) | ~slice->known | slice->unanswered);
        may_stand(slice, &standing);
        lower = lowered_memory(slice, &standing, ret, pending);
        if (lower) {
                step_memory(slice, &standing, ret, lower);
                *ret_waiting = limits_differ(ret, &aim, lower);
        }
        return (pending & ~lower) | limits_differ(ret, &standing, lower);
}

/* The kernel keeps whole pages. */
static bool same_in_kernel(Limit limit, uint64_t ours, uint64_t kernel) {
        uint64_t page = (uint64_t) sysconf(_SC_PAGESIZE);

        if (ours == kernel)
                return true;
        return (BIT(limit) & LIMIT_MASK_MEMORY) && ours != LIMIT_UNSET && ours - ours % page == kernel;
}

/* A limit that nobody asks us for any more, and that the kernel shows to be gone, is not ours from now on:
 * whoever sets it next may have it. But that may still be we. */
static void release(ManagedSlice *slice, const Limits *kernel) {
        Limits aim;

        final_limits(slice, &aim);
        slice->entry->ours &=
                asked_for(slice) | limits_differ(&aim, kernel, LIMIT_MASK_ALL) | slice->unanswered;
        if (!(slice->entry->ours & BIT(LIMIT_CPU_QUOTA)))
                slice->entry->fair = false;
}

/* What somebody else has set where nothing is configured and nothing was ever set by us. */
static void take_found(ManagedSlice *slice, const Limits *kernel, LimitMask present) {
        LimitMask free = present & ~slice->entry->ours;
        uint64_t weight = kernel->value[LIMIT_CPU_WEIGHT];

        if ((free & BIT(LIMIT_CPU_QUOTA)) && !(managed_slice_ours(slice) & BIT(LIMIT_CPU_QUOTA)))
                slice->found_quota = kernel->value[LIMIT_CPU_QUOTA];
        if ((free & BIT(LIMIT_CPU_WEIGHT)) &&
            slice->config.limits.value[LIMIT_CPU_WEIGHT] == CPU_WEIGHT_DEFAULT)
                slice->found_weight =
                        weight == CPU_WEIGHT_DEFAULT ? LIMIT_UNSET : MAX(weight, CPU_WEIGHT_MIN);
}

LimitMask managed_slice_take_kernel(ManagedSlice *slice, const Limits *kernel, LimitMask present) {
        LimitMask differ = 0;
        Limits aim;

        slice->kernel_seen = true;
        final_limits(slice, &aim);
        for (unsigned i = 0; i < _LIMIT_COUNT; i++) {
                if (!(present & BIT(i)) && i == LIMIT_CPU_WEIGHT) {
                        differ |= slice->confirmed & BIT(i);
                        slice->known &= ~BIT(i);
                        slice->confirmed &= ~BIT(i);
                        slice->set.value[i] = LIMIT_UNSET;
                        continue;
                }
                if ((slice->known & BIT(i)) && same_in_kernel(i, slice->set.value[i], kernel->value[i]))
                        continue;
                if (slice->confirmed & BIT(i))
                        differ |= BIT(i);
                slice->set.value[i] =
                        same_in_kernel(i, aim.value[i], kernel->value[i]) ? aim.value[i] : kernel->value[i];
                slice->known |= BIT(i);
                slice->confirmed &= ~BIT(i);
        }
        release(slice, kernel);
        take_found(slice, kernel, present);
        return differ & managed_slice_ours(slice);
}
