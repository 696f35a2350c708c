/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>

#include "daemon/managed-slice.h"
#include "support/fixture.h"
#include "support/test.h"

#define BIT(limit) ((LimitMask) 1U << (limit))
#define MIB        (UINT64_C(1) << 20)

static Ledger *ledger;
static ManagedSlice *slice;
static Fixture *fixture;
static CgroupTree *tree; /* what the slice has its files from */
static Limits pending;
static LimitMask waiting;

static int setup(_unused_ void **state) {
        unsigned skipped;

        fixture = fixture_new();
        if (ledger_open(-1, &ledger, &skipped) < 0 ||
            managed_slice_new("user-1000.slice", ledger_get(ledger, 1000), &slice) < 0)
                return -1;
        slice->config.limits = LIMITS_UNSET;
        slice->config.limits.value[LIMIT_CPU_WEIGHT] = CPU_WEIGHT_DEFAULT;
        return 0;
}

static int teardown(_unused_ void **state) {
        slice = managed_slice_free(slice);
        tree = cgroup_tree_free(tree);
        ledger = ledger_free(ledger);
        fixture = fixture_free(fixture);
        return 0;
}

static void configure(Limit limit, uint64_t value) {
        slice->config.limits.value[limit] = value;
}

static LimitMask get_pending(void) {
        return managed_slice_pending(slice, &pending, &waiting);
}

/* What the daemon does when the backend has taken a change. */
static void take_pending(void) {
        LimitMask mask = get_pending();

        for (unsigned i = 0; i < _LIMIT_COUNT; i++)
                if (mask & BIT(i))
                        slice->set.value[i] = pending.value[i];
        slice->known |= mask;
        slice->confirmed |= mask;
        managed_slice_note(slice, mask);
}

static const Limits kernel_default = { .value = { LIMIT_UNSET, CPU_WEIGHT_DEFAULT, LIMIT_UNSET, LIMIT_UNSET,
                                                  LIMIT_UNSET } };

static Limits kernel_with(Limit limit, uint64_t value) {
        Limits limits = kernel_default;

        limits.value[limit] = value;
        return limits;
}

static LimitMask take_kernel(Limits kernel) {
        return managed_slice_take_kernel(slice, &kernel, LIMIT_MASK_ALL);
}

static void open_files(void) {
        fixture_add_user(fixture, 1000);
        assert_int_equal(cgroup_tree_open(fixture_cgroup_path(fixture), &tree), 0);
        assert_int_equal(slice_files_open_user(tree, "user-1000.slice", &slice->files), 0);
}

static void test_fresh(_unused_ void **state) {
        assert_int_equal(get_pending(), 0);
        configure(LIMIT_MEMORY_MAX, 64 * MIB);
        configure(LIMIT_CPU_WEIGHT, 200);
        assert_int_equal(get_pending(), BIT(LIMIT_MEMORY_MAX) | BIT(LIMIT_CPU_WEIGHT));
        assert_int_equal(pending.value[LIMIT_MEMORY_MAX], 64 * MIB);
        assert_int_equal(waiting, 0);
        take_pending();
        assert_int_equal(get_pending(), 0);
}

static void test_quota_is_the_smaller(_unused_ void **state) {
        configure(LIMIT_CPU_QUOTA, 1500000);
        slice->engine.quota = 900000;
        assert_int_equal(get_pending(), BIT(LIMIT_CPU_QUOTA));
        assert_int_equal(pending.value[LIMIT_CPU_QUOTA], 900000);
        slice->engine.quota = 1800000;
        (void) get_pending();
        assert_int_equal(pending.value[LIMIT_CPU_QUOTA], 1500000);
        slice->engine.quota = LIMIT_UNSET;
        (void) get_pending();
        assert_int_equal(pending.value[LIMIT_CPU_QUOTA], 1500000);
}

static void test_found_quota(_unused_ void **state) {
        assert_int_equal(take_kernel(kernel_with(LIMIT_CPU_QUOTA, 1500000)), 0);
        assert_int_equal(managed_slice_standing_quota(slice), 1500000);
        assert_int_equal(get_pending(), 0);
        slice->engine.quota = 900000;
        take_pending();
        slice->engine.quota = LIMIT_UNSET;
        assert_int_equal(get_pending(), BIT(LIMIT_CPU_QUOTA));
        assert_int_equal(pending.value[LIMIT_CPU_QUOTA], 1500000);
}

static void test_found_weight(_unused_ void **state) {
        assert_int_equal(take_kernel(kernel_with(LIMIT_CPU_WEIGHT, 300)), 0);
        assert_int_equal(managed_slice_weight(slice), 300);
        assert_int_equal(get_pending(), 0);
        configure(LIMIT_CPU_WEIGHT, 50);
        assert_int_equal(managed_slice_weight(slice), 50);
        assert_int_equal(get_pending(), BIT(LIMIT_CPU_WEIGHT));
}

static void hold_back(uint64_t quota) {
        slice->engine.quota = quota;
        slice->engine.yields = quota != LIMIT_UNSET;
}

static void test_lowered_weight(_unused_ void **state) {
        configure(LIMIT_CPU_WEIGHT, 200);
        take_pending();
        assert_true(managed_slice_stands(slice));
        hold_back(900000);
        assert_int_equal(get_pending(), LIMIT_MASK_CPU);
        assert_int_equal(pending.value[LIMIT_CPU_WEIGHT], 66);
        assert_int_equal(managed_slice_weight(slice), 200); /* shares are by this one */
        take_pending();
        assert_false(managed_slice_stands(slice));
        slice->engine.yields = false;
        assert_int_equal(get_pending(), BIT(LIMIT_CPU_WEIGHT));
        assert_int_equal(pending.value[LIMIT_CPU_WEIGHT], 200);
        hold_back(LIMIT_UNSET);
        assert_int_equal(get_pending(), LIMIT_MASK_CPU);
        assert_int_equal(pending.value[LIMIT_CPU_WEIGHT], 200);
        take_pending();
        assert_true(managed_slice_stands(slice));
}

/* What somebody else has set is gone back to, and is theirs again then. */
static void test_lowered_found_weight(_unused_ void **state) {
        assert_int_equal(take_kernel(kernel_with(LIMIT_CPU_WEIGHT, 300)), 0);
        hold_back(900000);
        take_pending();
        assert_int_equal(pending.value[LIMIT_CPU_WEIGHT], 100);
        assert_int_equal(slice->entry->standing_weight, 300);
        assert_int_equal(slice->entry->found, LIMIT_MASK_CPU);
        assert_int_equal(
                take_kernel((Limits){ .value = { 900000, 100, LIMIT_UNSET, LIMIT_UNSET, LIMIT_UNSET } }), 0);

        /* Another process of ours comes after this one has died. */
        slice->engine = ENGINE_SLICE_INIT;
        managed_slice_assume_fresh(slice);
        assert_int_equal(managed_slice_weight(slice), 300);
        take_pending();
        assert_int_equal(slice->set.value[LIMIT_CPU_WEIGHT], 300);
        assert_true(slice->set.value[LIMIT_CPU_QUOTA] == LIMIT_UNSET);
        assert_int_equal(take_kernel(kernel_with(LIMIT_CPU_WEIGHT, 300)), 0);
        assert_int_equal(slice->entry->ours, 0);
        assert_int_equal(take_kernel(kernel_with(LIMIT_CPU_WEIGHT, 400)), 0);
        assert_int_equal(managed_slice_weight(slice), 400);
}

/* There is nothing below a weight of one, and idle groups have less than that. */
static void test_least_weight_is_not_lowered(_unused_ void **state) {
        assert_int_equal(take_kernel(kernel_with(LIMIT_CPU_WEIGHT, 0)), 0);
        hold_back(900000);
        assert_int_equal(get_pending(), BIT(LIMIT_CPU_QUOTA));
}

/* What the ledger goes back to follows the configuration, also if the fair share is set already. */
static void test_ledger_follows_configuration(_unused_ void **state) {
        configure(LIMIT_CPU_QUOTA, 1500000);
        hold_back(900000);
        take_pending();
        assert_int_equal(slice->entry->standing_quota, 1500000);
        configure(LIMIT_CPU_QUOTA, 1200000);
        configure(LIMIT_CPU_WEIGHT, 101);
        assert_int_equal(get_pending(), 0);
        managed_slice_note(slice, 0);
        assert_int_equal(slice->entry->standing_quota, 1200000);
        assert_int_equal(slice->entry->standing_weight, 101);
        assert_int_equal(slice->entry->found, 0);
}

/* An idle group has no weight in the kernel, and one of 1 for the shares. */
static void test_found_idle(_unused_ void **state) {
        assert_int_equal(take_kernel(kernel_with(LIMIT_CPU_WEIGHT, 0)), 0);
        assert_int_equal(managed_slice_weight(slice), CPU_WEIGHT_MIN);
        assert_int_equal(get_pending(), 0);
}

static void test_weight_turns_the_controller_on(_unused_ void **state) {
        LimitMask without = LIMIT_MASK_ALL & ~LIMIT_MASK_CPU;

        assert_int_equal(managed_slice_take_kernel(slice, &LIMITS_UNSET, without), 0);
        assert_int_equal(get_pending(), BIT(LIMIT_CPU_WEIGHT));
        assert_int_equal(pending.value[LIMIT_CPU_WEIGHT], CPU_WEIGHT_DEFAULT);
        take_pending();
        assert_int_equal(take_kernel(kernel_default), 0);
        assert_int_equal(get_pending(), 0);
        assert_int_equal(slice->entry->ours, 0); /* nothing to take back */
}

static void test_differs(_unused_ void **state) {
        configure(LIMIT_MEMORY_MAX, 64 * MIB);
        take_pending();
        assert_int_equal(take_kernel(kernel_default), BIT(LIMIT_MEMORY_MAX));
        assert_true(slice->set.value[LIMIT_MEMORY_MAX] == LIMIT_UNSET);
        assert_int_equal(get_pending(), BIT(LIMIT_MEMORY_MAX));
        slice->given_up = BIT(LIMIT_MEMORY_MAX);
        assert_int_equal(get_pending(), 0);
}

/* What was there before us is no difference. */
static void test_takes_over(_unused_ void **state) {
        configure(LIMIT_MEMORY_MAX, 64 * MIB);
        assert_int_equal(take_kernel(kernel_with(LIMIT_MEMORY_MAX, 64 * MIB)), 0);
        assert_int_equal(get_pending(), 0);
        assert_int_equal(take_kernel(kernel_with(LIMIT_MEMORY_MAX, 32 * MIB)), 0);
        assert_int_equal(get_pending(), BIT(LIMIT_MEMORY_MAX));
}

static void test_whole_pages(_unused_ void **state) {
        configure(LIMIT_MEMORY_MAX, 64 * MIB + 1);
        take_pending();
        assert_int_equal(take_kernel(kernel_with(LIMIT_MEMORY_MAX, 64 * MIB)), 0);
        assert_int_equal(get_pending(), 0);
        assert_int_equal(take_kernel(kernel_with(LIMIT_MEMORY_MAX, 63 * MIB)), BIT(LIMIT_MEMORY_MAX));
}

static void test_whole_pages_before_us(_unused_ void **state) {
        configure(LIMIT_MEMORY_MAX, 64 * MIB + 1);
        slice->known = 0;
        assert_int_equal(take_kernel(kernel_with(LIMIT_MEMORY_MAX, 64 * MIB)), 0);
        assert_int_equal(get_pending(), 0);
}

/* Drop-ins outlive a logout and a crash, so what is in the ledger may stand. */
static void test_ours_from_before(_unused_ void **state) {
        slice->entry->ours = BIT(LIMIT_MEMORY_MAX) | BIT(LIMIT_CPU_QUOTA);
        managed_slice_assume_fresh(slice);
        assert_int_equal(get_pending(), BIT(LIMIT_MEMORY_MAX) | BIT(LIMIT_CPU_QUOTA));
        assert_true(pending.value[LIMIT_MEMORY_MAX] == LIMIT_UNSET);
        assert_true(pending.value[LIMIT_CPU_QUOTA] == LIMIT_UNSET);
        assert_int_equal(take_kernel(kernel_default), 0);
        assert_int_equal(get_pending(), 0);
        assert_int_equal(slice->entry->ours, 0);
}

/* The quota of a service that died is gone already: there is nothing to lift at the end. */
static void test_fair_share_from_before_is_gone(_unused_ void **state) {
        slice->entry->ours = BIT(LIMIT_CPU_QUOTA);
        slice->entry->fair = true;
        managed_slice_assume_fresh(slice);
        assert_int_equal(take_kernel(kernel_with(LIMIT_CPU_QUOTA, 900000)), 0);
        assert_true(slice->entry->fair);
        assert_int_equal(take_kernel(kernel_default), 0);
        assert_false(slice->entry->fair);
}

static void test_found_before(_unused_ void **state) {
        slice->entry->ours = BIT(LIMIT_CPU_QUOTA);
        slice->entry->standing_quota = 1500000;
        managed_slice_assume_fresh(slice);
        assert_true(managed_slice_standing_quota(slice) == LIMIT_UNSET); /* was configured then */
        slice->entry->found = true;
        managed_slice_assume_fresh(slice);
        assert_int_equal(managed_slice_standing_quota(slice), 1500000);
        /* Still the fair share of back then: not what somebody else wants. */
        assert_int_equal(take_kernel(kernel_with(LIMIT_CPU_QUOTA, 900000)), 0);
        assert_int_equal(managed_slice_standing_quota(slice), 1500000);
        assert_int_equal(get_pending(), BIT(LIMIT_CPU_QUOTA));
}

static void test_exempt(_unused_ void **state) {
        slice->exempt = true;
        configure(LIMIT_MEMORY_MAX, 64 * MIB);
        configure(LIMIT_CPU_WEIGHT, 200);
        assert_int_equal(get_pending(), 0);
        slice->exempt = false;
        take_pending();
        slice->exempt = true;
        assert_int_equal(get_pending(), BIT(LIMIT_MEMORY_MAX) | BIT(LIMIT_CPU_WEIGHT));
        assert_true(pending.value[LIMIT_MEMORY_MAX] == LIMIT_UNSET);
        assert_int_equal(pending.value[LIMIT_CPU_WEIGHT], CPU_WEIGHT_DEFAULT);
}

static void test_memory_steps(_unused_ void **state) {
        open_files();
        fixture_put(fixture, 1000, "memory.current", "536870912\n");
        configure(LIMIT_MEMORY_MAX, 64 * MIB);
        assert_int_equal(get_pending(), BIT(LIMIT_MEMORY_MAX));
        assert_in_range(pending.value[LIMIT_MEMORY_MAX], 513 * MIB, 640 * MIB);
        assert_int_equal(waiting, BIT(LIMIT_MEMORY_MAX));
        take_pending();
        assert_int_equal(get_pending(), 0);
        assert_int_equal(waiting, BIT(LIMIT_MEMORY_MAX));
        slice->config.memory_strict = true;
        assert_int_equal(get_pending(), BIT(LIMIT_MEMORY_MAX));
        assert_int_equal(pending.value[LIMIT_MEMORY_MAX], 64 * MIB);
        assert_int_equal(waiting, 0);
}

static void test_memory_steps_with_nothing_known(_unused_ void **state) {
        open_files();
        configure(LIMIT_MEMORY_MAX, 64 * MIB);
        slice->known = 0;
        slice->set.value[LIMIT_MEMORY_MAX] = 64 * MIB; /* perhaps */
        fixture_put(fixture, 1000, "memory.current", "536870912\n");
        assert_true(get_pending() & BIT(LIMIT_MEMORY_MAX));
        assert_in_range(pending.value[LIMIT_MEMORY_MAX], 513 * MIB, 640 * MIB);
        fixture_put(fixture, 1000, "memory.current", "rubbish");
        assert_false(get_pending() & BIT(LIMIT_MEMORY_MAX));
        assert_int_equal(waiting, BIT(LIMIT_MEMORY_MAX));
        assert_null(managed_slice_free(NULL));
}

/* Swap is not lowered in steps: nobody is killed for it. */
static void test_swap_at_once(_unused_ void **state) {
        open_files();
        fixture_put(fixture, 1000, "memory.current", "536870912\n");
        configure(LIMIT_MEMORY_SWAP_MAX, 0);
        assert_int_equal(get_pending(), BIT(LIMIT_MEMORY_SWAP_MAX));
        assert_int_equal(pending.value[LIMIT_MEMORY_SWAP_MAX], 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_fresh),
                TEST(test_quota_is_the_smaller),
                TEST(test_found_quota),
                TEST(test_found_weight),
                TEST(test_lowered_weight),
                TEST(test_lowered_found_weight),
                TEST(test_least_weight_is_not_lowered),
                TEST(test_ledger_follows_configuration),
                TEST(test_found_idle),
                TEST(test_weight_turns_the_controller_on),
                TEST(test_differs),
                TEST(test_takes_over),
                TEST(test_whole_pages),
                TEST(test_whole_pages_before_us),
                TEST(test_ours_from_before),
                TEST(test_fair_share_from_before_is_gone),
                TEST(test_found_before),
                TEST(test_exempt),
                TEST(test_memory_steps),
                TEST(test_memory_steps_with_nothing_known),
                TEST(test_swap_at_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
