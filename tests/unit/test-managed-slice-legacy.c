/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Version 1 has how much a slice was throttled in a file of its own, which is read while there is a quota.
 */

#include "unit.h"

#include "cgroup-fixture.h"
#include "daemon/managed-slice.h"

#define SLICE "user-1000.slice"
#define USAGE "cpuacct/user.slice/" SLICE "/cpuacct.usage"
#define STAT  "cpu/user.slice/" SLICE "/cpu.stat"

static Fixture fixture;
static char paths[2][128];
static CgroupTree *tree;
static Ledger *ledger;
static ManagedSlice *slice;

static CgroupMount mount_at(size_t i, const char *name) {
        snprintf(paths[i], sizeof paths[i], "%s/%s", fixture.path, name);
        fixture_mkdir(&fixture, name);
        fixture_mkdir(&fixture, fixture_name("%s/user.slice", name));
        fixture_mkdir(&fixture, fixture_name("%s/user.slice/" SLICE, name));
        fixture_write(&fixture, fixture_name("%s/user.slice/" SLICE "/cgroup.procs", name), "");
        return (CgroupMount){ .path = paths[i], .root = (char *) "/" };
}

static int setup(_unused_ void **state) {
        CgroupMounts mounts = {};
        unsigned skipped;

        if (fixture_open(&fixture) < 0)
                return -1;
        mounts.legacy[CONTROLLER_CPU] = mount_at(0, "cpu");
        mounts.legacy[CONTROLLER_CPUACCT] = mount_at(1, "cpuacct");
        fixture_write(&fixture, USAGE, "5000000\n");
        fixture_write(&fixture, STAT, "nr_periods 0\nnr_throttled 0\nthrottled_time 0\n");
        if (cgroup_tree_open_legacy(&mounts, false, &tree) < 0 || ledger_open(-1, &ledger, &skipped) < 0 ||
            managed_slice_new(SLICE, ledger_get(ledger, 1000), &slice) < 0)
                return -1;
        slice->config.limits = LIMITS_UNSET;
        slice->config.limits.value[LIMIT_CPU_WEIGHT] = CPU_WEIGHT_DEFAULT;
        return slice_files_open_user(tree, SLICE, &slice->files);
}

static int teardown(_unused_ void **state) {
        slice = managed_slice_free(slice);
        ledger = ledger_free(ledger);
        tree = cgroup_tree_free(tree);
        fixture_close(&fixture);
        return 0;
}

static CpuStat look(void) {
        CpuStat stat;

        assert_int_equal(managed_slice_read_cpu(slice, &stat), 0);
        return stat;
}

static void set_quota(uint64_t quota) {
        slice->engine.quota = slice->set.value[LIMIT_CPU_QUOTA] = quota;
}

/* Both descriptors are had while a quota stands, and else the one for what it used. */
static void test_throttling_is_seen_under_a_quota(_unused_ void **state) {
        unsigned before = open_descriptors();

        assert_int_equal(look().nr_throttled, 0);
        assert_int_equal(open_descriptors(), before + 1);

        set_quota(500000);
        (void) look();
        assert_int_equal(open_descriptors(), before + 2);
        fixture_write(&fixture, STAT, "nr_periods 9\nnr_throttled 4\nthrottled_time 7000000\n");
        fixture_write(&fixture, USAGE, "9000000\n");
        assert_int_equal(look().nr_throttled, 4);
        assert_int_equal(look().throttled_usec, 7000);
        assert_int_equal(look().usage_usec, 9000);
        assert_int_equal(open_descriptors(), before + 2);

        set_quota(LIMIT_UNSET);
        assert_int_equal(look().nr_throttled, 4);
        assert_int_equal(look().throttled_usec, 7000);
        assert_int_equal(open_descriptors(), before + 1);
}

/* What stands is the kernel's until a change of it has been answered. */
static void test_throttling_is_seen_until_the_quota_is_lifted(_unused_ void **state) {
        unsigned before = open_descriptors();

        set_quota(500000);
        (void) look();
        set_quota(LIMIT_UNSET);
        slice->in_flight = true;
        fixture_write(&fixture, STAT, "nr_periods 9\nnr_throttled 5\nthrottled_time 8000000\n");
        assert_int_equal(look().nr_throttled, 5);
        assert_int_equal(open_descriptors(), before + 2);
        slice->in_flight = false;
        assert_int_equal(look().throttled_usec, 8000);
        assert_int_equal(open_descriptors(), before + 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_throttling_is_seen_under_a_quota, setup, teardown),
                cmocka_unit_test_setup_teardown(test_throttling_is_seen_until_the_quota_is_lifted, setup,
                                                teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
