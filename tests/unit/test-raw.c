/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "backend/cgroup1.h"
#include "backend/cgroup2.h"
#include "cgroup/cpu-bandwidth.h"
#include "support/drive.h"
#include "support/raw-kernel.h"

/* What the backends that write files write, in which order, and what they say when it does not go. */

#define SLICE  "user-1000.slice"
#define MIB    (UINT64_C(1) << 20)
#define BIT(l) ((LimitMask) 1U << (l))

static sd_event *loop;
static Backend *backend;

static struct {
        unsigned n_done;
        int error;
        char message[512];
        unsigned turns;
} told;

static void on_done(_unused_ const char *slice, int error, const char *message, _unused_ void *userdata) {
        told.n_done++;
        told.error = error;
        snprintf(told.message, sizeof told.message, "%s", message ?: "");
}

static void on_online(_unused_ bool online, _unused_ void *userdata) {
}

static void start(RawKernelKind kind) {
        const BackendHandlers handlers = { .done = on_done, .online = on_online };

        memset(&told, 0, sizeof told);
        assert_true(sd_event_new(&loop) >= 0);
        drive_add(loop);
        raw_kernel_start(kind);
        if (kind == RAW_KERNEL_UNIFIED)
                assert_int_equal(backend_cgroup2_new(&handlers, loop, raw_kernel.tree, &backend), 0);
        else
                assert_int_equal(backend_cgroup1_new(&handlers, loop, raw_kernel.tree, &backend), 0);
        DRIVE_UNTIL(backend->is_online);
        raw_kernel_add_slice(SLICE);
}

static int setup_v1(_unused_ void **state) {
        start(RAW_KERNEL_APART);
        return 0;
}

static int setup_v2(_unused_ void **state) {
        start(RAW_KERNEL_UNIFIED);
        return 0;
}

static int setup_systemd(_unused_ void **state) {
        start(RAW_KERNEL_SYSTEMD);
        return 0;
}

static int teardown(_unused_ void **state) {
        backend = backend_free(backend);
        raw_kernel_stop();
        drive_remove(loop);
        loop = sd_event_unref(loop);
        return 0;
}

/* Sets the limits and drives the loop until it is done; returns the error. */
static int set_limits(const Limits *limits, LimitMask mask) {
        unsigned n = told.n_done;

        raw_kernel_forget_writes();
        told.turns = 0;
        assert_int_equal(backend_set_limits(backend, SLICE, limits, mask), 0);
        while (told.n_done == n) {
                assert_true(told.turns++ < 10000);
                assert_true(drive_step(USEC_PER_SEC));
        }
        return told.error;
}

static int set_one(Limit limit, uint64_t value) {
        Limits limits = LIMITS_UNSET;

        limits.value[limit] = value;
        return set_limits(&limits, BIT(limit));
}

static int set_memory(uint64_t max, uint64_t swap) {
        Limits limits = LIMITS_UNSET;

        limits.value[LIMIT_MEMORY_MAX] = max;
        limits.value[LIMIT_MEMORY_SWAP_MAX] = swap;
        return set_limits(&limits, BIT(LIMIT_MEMORY_MAX) | BIT(LIMIT_MEMORY_SWAP_MAX));
}

#define EXPECT_WRITTEN(text) assert_string_equal(raw_kernel_written(), text)
#define EXPECT_SAID(text)    assert_non_null(strstr(told.message, text))

static void expect_standing(Limit limit, uint64_t value) {
        Limits now;

        raw_kernel_limits(SLICE, &now);
        assert_int_equal(now.value[limit], value);
}

static void use_memory(uint64_t bytes, uint64_t unreclaimable) {
        char text[32];

        snprintf(text, sizeof text, "%" PRIu64 "\n", bytes);
        if (raw_kernel.kind == RAW_KERNEL_UNIFIED)
                raw_kernel_put(SLICE, "memory.current", text);
        else {
                raw_kernel_put(SLICE, "memory.usage_in_bytes", text);
                raw_kernel_put(SLICE, "memory.memsw.usage_in_bytes", text);
        }
        raw_kernel.unreclaimable = unreclaimable;
}

static void test_bandwidth(_unused_ void **state) {
        static const struct {
                uint64_t wanted, standing, quota, period;
        } cases[] = {
                { 1500000, 100000, 150000, 100000 }, /* the period that stands is kept … */
                { 1500000, 50000, 75000, 50000 },
                { 10000, 100000, 1000, 100000 },
                { 1500000, 0, 150000, 100000 },   /* … unless it is not known, */
                { 1500000, 999, 150000, 100000 }, /* none that the kernel takes, */
                { 1500000, 1000001, 150000, 100000 },
                { 125500, 33333, 12550, 100000 }, /* the quota would come back as another, */
                { 10000, 50000, 1000, 100000 },   /* or it would be less than a millisecond. */
                { 5000, 100000, 1000, 200000 },
                { 1000, 100000, 1000, 1000000 },
                { 1000, 1000000, 1000, 1000000 },
        };
        CpuBandwidth bandwidth;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                assert_int_equal(cpu_bandwidth_for(cases[i].wanted, cases[i].standing, &bandwidth), 0);
                assert_int_equal(bandwidth.quota, cases[i].quota);
                assert_int_equal(bandwidth.period, cases[i].period);
        }
        assert_int_equal(cpu_bandwidth_for(0, 100000, &bandwidth), -ERANGE);
        assert_int_equal(cpu_bandwidth_for(999, 100000, &bandwidth), -ERANGE);
        assert_int_equal(cpu_bandwidth_for(UINT64_MAX - 1, 100000, &bandwidth), 0);
        /* Every percentage with two digits comes back. */
        for (uint64_t wanted = 1000; wanted <= 3000000; wanted += 100) {
                assert_int_equal(cpu_bandwidth_for(wanted, 100000, &bandwidth), 0);
                assert_true(bandwidth.quota >= 1000 && bandwidth.period <= 1000000);
                assert_int_equal((bandwidth.quota * 1000000 + bandwidth.period / 2) / bandwidth.period,
                                 wanted);
        }
}

static void test_cpu_max_period(_unused_ void **state) {
        assert_int_equal(cpu_max_period("max 100000\n", 11), 100000);
        assert_int_equal(cpu_max_period("5000 20000\n", 11), 20000);
        assert_int_equal(cpu_max_period("5000 \n", 6), 0);
        assert_int_equal(cpu_max_period("5000 20000", 10), 0);
        assert_int_equal(cpu_max_period("5000", 4), 0);
        assert_int_equal(cpu_max_period("", 0), 0);
}

static void test_v1_cpu(_unused_ void **state) {
        assert_int_equal(set_one(LIMIT_CPU_QUOTA, 1500000), 0);
        EXPECT_WRITTEN("cpu.cfs_quota_us=150000");
        assert_int_equal(set_one(LIMIT_CPU_QUOTA, 5000), 0);
        EXPECT_WRITTEN("cpu.cfs_period_us=200000 cpu.cfs_quota_us=1000");
        expect_standing(LIMIT_CPU_QUOTA, 5000);
        raw_kernel_put(SLICE, "cpu.cfs_period_us", "33333\n");
        assert_int_equal(set_one(LIMIT_CPU_QUOTA, 125500), 0);
        EXPECT_WRITTEN("cpu.cfs_period_us=100000 cpu.cfs_quota_us=12550");
        raw_kernel_put(SLICE, "cpu.cfs_period_us", "300000\n");
        assert_int_equal(set_one(LIMIT_CPU_QUOTA, 777700), 0);
        EXPECT_WRITTEN("cpu.cfs_quota_us=233310");
        raw_kernel_put(SLICE, "cpu.cfs_period_us", "333333\n");
        assert_int_equal(set_one(LIMIT_CPU_QUOTA, 125500), 0);
        EXPECT_WRITTEN("cpu.cfs_quota_us=12550 cpu.cfs_period_us=100000");
        assert_int_equal(set_one(LIMIT_CPU_QUOTA, LIMIT_UNSET), 0);
        EXPECT_WRITTEN("cpu.cfs_quota_us=-1");
        assert_int_equal(set_one(LIMIT_CPU_WEIGHT, 200), 0);
        EXPECT_WRITTEN("cpu.shares=2048");
        assert_int_equal(set_one(LIMIT_CPU_WEIGHT, LIMIT_UNSET), 0);
        EXPECT_WRITTEN("cpu.shares=1024");
        assert_int_equal(set_one(LIMIT_CPU_QUOTA, 999), -ERANGE);
        EXPECT_SAID("cpu.cfs_quota_us");
}

/* The kernel takes no share beyond the parent's, not even between two writes. */
static void test_v1_below_a_parent(_unused_ void **state) {
        static const uint64_t quotas[] = { 500000, 5000, 490000, 2500, 5000, 500000 };

        raw_kernel.parent_usec_per_sec = 500000;
        for (size_t i = 0; i < ELEMENTSOF(quotas); i++) {
                assert_int_equal(set_one(LIMIT_CPU_QUOTA, quotas[i]), 0);
                expect_standing(LIMIT_CPU_QUOTA, quotas[i]);
        }
        assert_int_equal(set_one(LIMIT_CPU_QUOTA, 510000), -EINVAL);
        EXPECT_SAID("cpu.cfs_quota_us: cannot write 204000: ");
        EXPECT_SAID("Invalid argument");
}

static void test_v2_cpu(_unused_ void **state) {
        assert_int_equal(set_one(LIMIT_CPU_QUOTA, 1500000), 0);
        EXPECT_WRITTEN("cpu.max=150000 100000");
        raw_kernel_put(SLICE, "cpu.max", "max 20000\n");
        assert_int_equal(set_one(LIMIT_CPU_QUOTA, 1500000), 0);
        EXPECT_WRITTEN("cpu.max=30000 20000");
        assert_int_equal(set_one(LIMIT_CPU_QUOTA, LIMIT_UNSET), 0);
        EXPECT_WRITTEN("cpu.max=max");
        expect_standing(LIMIT_CPU_QUOTA, LIMIT_UNSET);
        assert_int_equal(set_one(LIMIT_CPU_QUOTA, 5000), 0);
        EXPECT_WRITTEN("cpu.max=1000 200000");
        assert_int_equal(set_one(LIMIT_CPU_WEIGHT, LIMIT_UNSET), 0);
        EXPECT_WRITTEN("cpu.weight=100");
        assert_int_equal(set_one(LIMIT_CPU_QUOTA, 999), -ERANGE);
        EXPECT_SAID("cpu.max");
}

/* From each pair of limits to each: the kernel refuses nothing, and both come back. */
static void test_v1_memory_all_ways(_unused_ void **state) {
        static const uint64_t values[] = { LIMIT_UNSET, 0, 16 * MIB, 1024 * MIB, 1024 * MIB + 4096 };
        size_t n = ELEMENTSOF(values);

        for (size_t from = 0; from < n * n; from++)
                for (size_t to = 0; to < n * n; to++) {
                        uint64_t max = values[to / n], swap = values[to % n];
                        bool impossible = max == LIMIT_UNSET && swap != LIMIT_UNSET;

                        (void) set_memory(values[from / n], values[from % n]);
                        assert_int_equal(set_memory(max, swap), impossible ? -EOPNOTSUPP : 0);
                        expect_standing(LIMIT_MEMORY_MAX, max);
                        expect_standing(LIMIT_MEMORY_SWAP_MAX, impossible ? LIMIT_UNSET : swap);
                        for (size_t i = 0; i < raw_kernel.n_writes; i++)
                                assert_int_equal(raw_kernel.write[i].error, 0);
                        assert_true(raw_kernel.n_writes <= 2);
                }
}

static void test_v1_memory_order(_unused_ void **state) {
        assert_int_equal(set_memory(64 * MIB, 0), 0);
        EXPECT_WRITTEN("memory.limit_in_bytes=67108864 memory.memsw.limit_in_bytes=67108864");
        assert_int_equal(set_memory(128 * MIB, 64 * MIB), 0);
        EXPECT_WRITTEN("memory.memsw.limit_in_bytes=201326592 memory.limit_in_bytes=134217728");
        assert_int_equal(set_memory(192 * MIB, 0), 0);
        EXPECT_WRITTEN("memory.limit_in_bytes=201326592");
        assert_int_equal(set_memory(32 * MIB, 32 * MIB), 0);
        EXPECT_WRITTEN("memory.limit_in_bytes=33554432 memory.memsw.limit_in_bytes=67108864");
        assert_int_equal(set_memory(LIMIT_UNSET, LIMIT_UNSET), 0);
        EXPECT_WRITTEN("memory.memsw.limit_in_bytes=-1 memory.limit_in_bytes=-1");
        assert_int_equal(set_memory(LIMIT_UNSET, LIMIT_UNSET), 0);
        EXPECT_WRITTEN("");
        assert_int_equal(set_one(LIMIT_MEMORY_HIGH, 16 * MIB), 0);
        EXPECT_WRITTEN("memory.soft_limit_in_bytes=16777216");
        assert_int_equal(set_one(LIMIT_MEMORY_HIGH, LIMIT_UNSET), 0);
        EXPECT_WRITTEN("memory.soft_limit_in_bytes=-1");
}

/* The limit that is not asked for stays what it was. */
static void test_v1_memory_one_of_both(_unused_ void **state) {
        assert_int_equal(set_memory(64 * MIB, 16 * MIB), 0);
        assert_int_equal(set_one(LIMIT_MEMORY_MAX, 128 * MIB), 0);
        expect_standing(LIMIT_MEMORY_SWAP_MAX, 16 * MIB);
        assert_int_equal(set_one(LIMIT_MEMORY_MAX, 32 * MIB + 1), 0);
        expect_standing(LIMIT_MEMORY_MAX, 32 * MIB);
        expect_standing(LIMIT_MEMORY_SWAP_MAX, 16 * MIB);
        assert_int_equal(set_one(LIMIT_MEMORY_SWAP_MAX, 4097), 0);
        expect_standing(LIMIT_MEMORY_MAX, 32 * MIB);
        expect_standing(LIMIT_MEMORY_SWAP_MAX, 4096);
        assert_int_equal(set_one(LIMIT_MEMORY_SWAP_MAX, LIMIT_UNSET), 0);
        expect_standing(LIMIT_MEMORY_SWAP_MAX, LIMIT_UNSET);
        assert_int_equal(set_one(LIMIT_MEMORY_MAX, LIMIT_UNSET), 0);
        EXPECT_WRITTEN("memory.limit_in_bytes=-1");
        assert_int_equal(set_one(LIMIT_MEMORY_SWAP_MAX, 0), -EOPNOTSUPP);
        EXPECT_WRITTEN("");
        EXPECT_SAID("needs MemoryMax=");
}

static void test_v1_no_swap_accounting(_unused_ void **state) {
        const Limits limits = { .value = { 1500000, 200, 64 * MIB, 48 * MIB, 0 } };

        raw_kernel_remove_file(SLICE, "memory.memsw.limit_in_bytes");
        raw_kernel_remove_file(SLICE, "memory.memsw.usage_in_bytes");
        assert_int_equal(set_limits(&limits, LIMIT_MASK_ALL), -EOPNOTSUPP);
        EXPECT_SAID("memory.memsw.limit_in_bytes: the kernel does not account for swap");
        EXPECT_WRITTEN("cpu.cfs_quota_us=150000 cpu.shares=2048 memory.soft_limit_in_bytes=50331648 "
                       "memory.limit_in_bytes=67108864");
        assert_int_equal(set_one(LIMIT_MEMORY_SWAP_MAX, LIMIT_UNSET), 0);
        assert_int_equal(set_one(LIMIT_MEMORY_SWAP_MAX, 0), -EOPNOTSUPP);
        EXPECT_WRITTEN("");
        expect_standing(LIMIT_MEMORY_MAX, 64 * MIB);
        assert_int_equal(set_one(LIMIT_MEMORY_MAX, LIMIT_UNSET), 0);
}

/* The kernel reclaims a little at a time, and the loop turns in between. */
static void test_v1_lowered_in_steps(_unused_ void **state) {
        assert_int_equal(set_one(LIMIT_MEMORY_MAX, 2048 * MIB), 0);
        use_memory(1024 * MIB, 0);
        assert_int_equal(set_memory(64 * MIB, 0), 0);
        expect_standing(LIMIT_MEMORY_MAX, 64 * MIB);
        expect_standing(LIMIT_MEMORY_SWAP_MAX, 0);
        assert_true(raw_kernel.most_reclaimed <= 32 * MIB);
        assert_true(told.turns > 30);
}

/* As low as the kernel goes, and said. */
static void test_v1_busy(_unused_ void **state) {
        assert_int_equal(set_one(LIMIT_MEMORY_MAX, 2048 * MIB), 0);
        use_memory(1024 * MIB, 300 * MIB);
        assert_int_equal(set_one(LIMIT_MEMORY_MAX, 64 * MIB), -EBUSY);
        expect_standing(LIMIT_MEMORY_MAX, 300 * MIB);
        EXPECT_SAID(
                "memory.limit_in_bytes: cannot write 67108864: Device or resource busy, it is at 314572800");
        /* Again: nothing has changed, and nothing is written that would not go. */
        assert_int_equal(set_one(LIMIT_MEMORY_MAX, 64 * MIB), -EBUSY);
        EXPECT_WRITTEN("");
        raw_kernel.unreclaimable = 0;
        assert_int_equal(set_one(LIMIT_MEMORY_MAX, 64 * MIB), 0);
        expect_standing(LIMIT_MEMORY_MAX, 64 * MIB);
}

/* Both limits go down as far as they can, never one above the other. */
static void test_v1_busy_both(_unused_ void **state) {
        assert_int_equal(set_memory(2048 * MIB, 0), 0);
        use_memory(1024 * MIB, 300 * MIB);
        assert_int_equal(set_memory(64 * MIB, 16 * MIB), -EBUSY);
        expect_standing(LIMIT_MEMORY_MAX, 300 * MIB);
        expect_standing(LIMIT_MEMORY_SWAP_MAX, 0);
        for (size_t i = 0; i < raw_kernel.n_writes; i++)
                assert_int_not_equal(raw_kernel.write[i].error, EINVAL);
}

/* A limit that is refused for good, as with use that grows all the time. */
static void test_v1_always_busy(_unused_ void **state) {
        assert_int_equal(set_one(LIMIT_MEMORY_MAX, 2048 * MIB), 0);
        use_memory(1024 * MIB, 0);
        raw_kernel.refuse_file = "memory.limit_in_bytes";
        raw_kernel.refuse_error = EBUSY;
        assert_int_equal(set_one(LIMIT_MEMORY_MAX, 64 * MIB), -EBUSY);
        expect_standing(LIMIT_MEMORY_MAX, 2048 * MIB);
        EXPECT_SAID("it is at 2147483648");
        assert_in_range(raw_kernel.n_writes, 2, 10);
        raw_kernel.refuse_error = EINTR;
        assert_int_equal(set_one(LIMIT_MEMORY_MAX, 64 * MIB), -EINTR);
        assert_in_range(raw_kernel.n_writes, 2, 20);
}

/* What can be set is set; what cannot is told, all of it. */
static void expect_partial(const char *file, const char *said, Limit refused) {
        const Limits limits = { .value = { 1500000, 200, 64 * MIB, 48 * MIB, 16 * MIB } };

        raw_kernel.refuse_file = file;
        raw_kernel.refuse_error = EIO;
        assert_int_equal(set_limits(&limits, LIMIT_MASK_ALL), -EIO);
        EXPECT_SAID(said);
        for (unsigned i = 0; i < _LIMIT_COUNT; i++)
                if (i != refused && !(refused == LIMIT_MEMORY_MAX && i == LIMIT_MEMORY_SWAP_MAX))
                        expect_standing(i, limits.value[i]);
        raw_kernel.refuse_file = NULL;
        assert_int_equal(set_limits(&LIMITS_UNSET, LIMIT_MASK_ALL), 0);
}

static void test_v1_partial(_unused_ void **state) {
        expect_partial("cpu.cfs_quota_us", "cpu.cfs_quota_us: cannot write 150000: Input/output error",
                       LIMIT_CPU_QUOTA);
        expect_partial("cpu.shares", "cpu.shares: cannot write 2048: Input/output error", LIMIT_CPU_WEIGHT);
        expect_partial("memory.soft_limit_in_bytes", "memory.soft_limit_in_bytes: cannot write 50331648",
                       LIMIT_MEMORY_HIGH);
        expect_partial("memory.limit_in_bytes", "memory.limit_in_bytes: cannot write 67108864",
                       LIMIT_MEMORY_MAX);
        expect_partial("memory.memsw.limit_in_bytes", "memory.memsw.limit_in_bytes: cannot write 83886080",
                       LIMIT_MEMORY_SWAP_MAX);
}

static void test_v2_partial(_unused_ void **state) {
        expect_partial("cpu.max", "cpu.max: cannot write 150000 100000: Input/output error",
                       LIMIT_CPU_QUOTA);
        expect_partial("cpu.weight", "cpu.weight: cannot write 200: Input/output error", LIMIT_CPU_WEIGHT);
        expect_partial("memory.max", "memory.max: cannot write 67108864: Input/output error",
                       LIMIT_MEMORY_MAX);
        expect_partial("memory.high", "memory.high: cannot write", LIMIT_MEMORY_HIGH);
        expect_partial("memory.swap.max", "memory.swap.max: cannot write", LIMIT_MEMORY_SWAP_MAX);
}

static void test_v2_memory_order(_unused_ void **state) {
        Limits limits = { .value = { 0, 0, 64 * MIB, 48 * MIB, 16 * MIB } };

        assert_int_equal(set_limits(&limits, LIMIT_MASK_MEMORY), 0);
        EXPECT_WRITTEN("memory.high=50331648 memory.max=67108864 memory.swap.max=16777216");
        limits = (Limits){ .value = { 0, 0, 128 * MIB, 96 * MIB, 32 * MIB } };
        assert_int_equal(set_limits(&limits, LIMIT_MASK_MEMORY), 0);
        EXPECT_WRITTEN("memory.swap.max=33554432 memory.max=134217728 memory.high=100663296");
        limits = (Limits){ .value = { 0, 0, 64 * MIB, LIMIT_UNSET, 64 * MIB } };
        assert_int_equal(set_limits(&limits, LIMIT_MASK_MEMORY), 0);
        EXPECT_WRITTEN("memory.swap.max=67108864 memory.high=max memory.max=67108864");
}

/* memory.high makes the room that memory.max needs, so nobody is killed. */
static void test_v2_lowered_in_steps(_unused_ void **state) {
        const Limits limits = { .value = { 0, 0, 64 * MIB, 48 * MIB, 0 } };

        use_memory(1024 * MIB, 0);
        assert_int_equal(set_limits(&limits, LIMIT_MASK_MEMORY), 0);
        assert_true(raw_kernel.most_reclaimed <= 32 * MIB);
        assert_int_equal(raw_kernel.kills, 0);
        expect_standing(LIMIT_MEMORY_MAX, 64 * MIB);
        expect_standing(LIMIT_MEMORY_HIGH, 48 * MIB);
}

/* A step that did not help is the last one before the target. */
static void test_v2_cannot_reclaim(_unused_ void **state) {
        use_memory(1024 * MIB, 960 * MIB);
        assert_int_equal(set_one(LIMIT_MEMORY_HIGH, 64 * MIB), 0);
        expect_standing(LIMIT_MEMORY_HIGH, 64 * MIB);
        assert_in_range(raw_kernel.n_writes, 2, 5);
        assert_int_equal(raw_kernel.kills, 0);
}

static void test_v2_controllers_are_off(_unused_ void **state) {
        static const char *const files[] = { "cpu.max",    "cpu.weight",  "memory.current",
                                             "memory.max", "memory.high", "memory.swap.max" };

        raw_kernel_remove_file(SLICE, "memory.swap.max");
        assert_int_equal(set_one(LIMIT_MEMORY_SWAP_MAX, 0), -EOPNOTSUPP);
        EXPECT_SAID("memory.swap.max: the kernel does not account for swap");
        raw_kernel_put(SLICE, "memory.swap.max", "max\n");
        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                raw_kernel_remove_file(SLICE, files[i]);
        assert_int_equal(set_one(LIMIT_CPU_QUOTA, 1500000), -EOPNOTSUPP);
        EXPECT_SAID("cpu.max: the cpu controller is off in user-1000.slice");
        assert_int_equal(set_one(LIMIT_CPU_WEIGHT, 100), -EOPNOTSUPP);
        EXPECT_SAID("cpu.weight: the cpu controller is off");
        assert_int_equal(set_one(LIMIT_MEMORY_MAX, MIB), -EOPNOTSUPP);
        EXPECT_SAID("memory.max: the memory controller is off");
        assert_int_equal(set_one(LIMIT_MEMORY_SWAP_MAX, MIB), -EOPNOTSUPP);
        EXPECT_SAID("memory.swap.max: the memory controller is off");
        /* Where there is no limit, none needs to be lifted. */
        assert_int_equal(set_limits(&LIMITS_UNSET, LIMIT_MASK_ALL), 0);
        EXPECT_WRITTEN("");
}

static void test_gone(_unused_ void **state) {
        raw_kernel_remove_slice(SLICE);
        assert_int_equal(set_one(LIMIT_MEMORY_MAX, MIB), -ENOENT);
        EXPECT_SAID(SLICE);
        assert_int_equal(set_limits(&LIMITS_UNSET, LIMIT_MASK_ALL), -ENOENT);
        raw_kernel_add_slice(SLICE);
        assert_int_equal(set_one(LIMIT_MEMORY_MAX, MIB), 0);
}

/* Nobody is there to be asked for the groups, and nothing is made. */
static void test_v1_no_groups(_unused_ void **state) {
        const Limits limits = { .value = { 1500000, 200, 64 * MIB, LIMIT_UNSET, LIMIT_UNSET } };
        struct stat st;
        char path[256];

        assert_int_equal(set_limits(&limits, LIMIT_MASK_ALL), -ENOENT);
        EXPECT_SAID("user-1000.slice has no group in the cpu hierarchy");
        EXPECT_SAID("user-1000.slice has no group in the memory hierarchy");
        snprintf(path, sizeof path, "%s/cpu/user.slice/" SLICE, raw_kernel.path);
        assert_int_equal(stat(path, &st), -1);
        /* Nothing to be lifted */
        assert_int_equal(set_one(LIMIT_CPU_QUOTA, LIMIT_UNSET), 0);
        assert_int_equal(set_one(LIMIT_MEMORY_MAX, LIMIT_UNSET), 0);
        /* The others are set. */
        raw_kernel_add_group("memory", SLICE);
        assert_int_equal(set_limits(&limits, LIMIT_MASK_ALL), -ENOENT);
        assert_int_equal(raw_kernel_get(SLICE, "memory.limit_in_bytes"), 64 * MIB);
        assert_null(strstr(told.message, "memory"));
}

static void test_v1_not_mounted(_unused_ void **state) {
        CgroupMounts mounts = {};
        CgroupTree *tree;
        Backend *other;
        char path[256];
        const BackendHandlers handlers = { .done = on_done, .online = on_online };

        snprintf(path, sizeof path, "%s/cpu", raw_kernel.path);
        mounts.legacy[CONTROLLER_CPU] = mounts.legacy[CONTROLLER_CPUACCT] =
                (CgroupMount){ .path = path, .root = (char *) "/" };
        assert_int_equal(cgroup_tree_open_legacy(&mounts, false, &tree), 0);
        assert_int_equal(backend_cgroup1_new(&handlers, loop, tree, &other), 0);
        DRIVE_UNTIL(other->is_online);
        backend_free(backend);
        backend = other;
        assert_int_equal(set_one(LIMIT_MEMORY_MAX, MIB), -EOPNOTSUPP);
        EXPECT_SAID("memory hierarchy");
        assert_int_equal(set_one(LIMIT_CPU_WEIGHT, 200), 0);
        backend = backend_free(backend);
        cgroup_tree_free(tree);
}

/* Nothing outside of the tree is opened, whatever stands in it. */
static void test_odd_names(_unused_ void **state) {
        static const char *const names[] = {
                "", ".", "..", "/", "a/b", "../user-1000.slice", "user-1000.slice/", "/etc"
        };

        raw_kernel_forget_writes();
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                assert_int_equal(backend_set_limits(backend, names[i], &LIMITS_UNSET, LIMIT_MASK_ALL),
                                 -EINVAL);
        assert_int_equal(backend->pending, 0);
        drive_quiet();
        assert_int_equal(raw_kernel.n_writes, 0);
}

static void test_links_are_not_followed(_unused_ void **state) {
        char from[256], to[256];

        snprintf(to, sizeof to, "%s/elsewhere", raw_kernel.path);
        snprintf(from, sizeof from, "%s/memory/user.slice/" SLICE "/memory.limit_in_bytes", raw_kernel.path);
        assert_int_equal(rename(from, to), 0);
        assert_int_equal(symlink(to, from), 0);
        assert_int_equal(set_one(LIMIT_MEMORY_MAX, MIB), -ELOOP);
        snprintf(from, sizeof from, "%s/cpu/user.slice/" SLICE, raw_kernel.path);
        assert_int_equal(unlink(to), 0);
        assert_int_equal(rename(from, to), 0);
        assert_int_equal(symlink("../../elsewhere", from), 0);
        assert_true(set_one(LIMIT_CPU_WEIGHT, 200) < 0);
        EXPECT_WRITTEN("");
}

/* A tree that lies. */
static void test_v1_rubbish(_unused_ void **state) {
        raw_kernel_put(SLICE, "memory.limit_in_bytes", "lots\n");
        assert_int_equal(set_one(LIMIT_MEMORY_MAX, MIB), -EBADMSG);
        EXPECT_SAID("memory.limit_in_bytes");
        /* Use never falls, whatever is written. */
        raw_kernel_put(SLICE, "memory.limit_in_bytes", "4294967296\n");
        use_memory(1024 * MIB, 0);
        raw_kernel.refuse_file = "memory.limit_in_bytes";
        raw_kernel.refuse_error = 0;
        assert_int_equal(set_one(LIMIT_MEMORY_MAX, 64 * MIB), 0);
        assert_true(told.turns < 10);
        raw_kernel.refuse_file = NULL;
        raw_kernel_put(SLICE, "cpu.cfs_period_us", "\n");
        assert_int_equal(set_one(LIMIT_CPU_QUOTA, 1500000), -EBADMSG);
        raw_kernel_remove_file(SLICE, "cpu.cfs_period_us");
        assert_int_equal(set_one(LIMIT_CPU_QUOTA, LIMIT_UNSET), 0);
        assert_int_equal(set_one(LIMIT_CPU_QUOTA, 1500000), -EOPNOTSUPP);
        EXPECT_SAID("knows of no quotas");
}

#define V1(f)      cmocka_unit_test_setup_teardown(f, setup_v1, teardown)
#define V2(f)      cmocka_unit_test_setup_teardown(f, setup_v2, teardown)
#define SYSTEMD(f) cmocka_unit_test_setup_teardown(f, setup_systemd, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_bandwidth),
                cmocka_unit_test(test_cpu_max_period),
                V1(test_v1_cpu),
                V1(test_v1_below_a_parent),
                V2(test_v2_cpu),
                V1(test_v1_memory_all_ways),
                V1(test_v1_memory_order),
                V1(test_v1_memory_one_of_both),
                V1(test_v1_no_swap_accounting),
                V1(test_v1_lowered_in_steps),
                V1(test_v1_busy),
                V1(test_v1_busy_both),
                V1(test_v1_always_busy),
                V1(test_v1_partial),
                V2(test_v2_partial),
                V2(test_v2_memory_order),
                V2(test_v2_lowered_in_steps),
                V2(test_v2_cannot_reclaim),
                V2(test_v2_controllers_are_off),
                V1(test_gone),
                V2(test_gone),
                SYSTEMD(test_v1_no_groups),
                V1(test_v1_not_mounted),
                V1(test_odd_names),
                V2(test_odd_names),
                V1(test_links_are_not_followed),
                V1(test_v1_rubbish),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
