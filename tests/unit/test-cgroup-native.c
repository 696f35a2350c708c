/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a directory of ordinary files cannot show: held descriptors on the kernel's own files, and what they
 * say when the group is gone. */

#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "cgroup/slice-files.h"
#include "cgroup/tree.h"

static CgroupTree *tree;
static char group[64];

/* The hierarchy of the host, be it unified or beside version 1's, if we may make groups in it. */
static int find_tree(void) {
        static const char *const paths[] = { CGROUP_TREE_DEFAULT_PATH, CGROUP_TREE_DEFAULT_PATH "/unified" };

        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                if (cgroup_tree_open(paths[i], &tree) < 0)
                        continue;
                if (cgroup_tree_is_unified(tree) > 0 && mkdirat(cgroup_tree_root_fd(tree), group, 0755) >= 0)
                        return 0;
                tree = cgroup_tree_free(tree);
        }
        return -ENOENT;
}

static void remove_group(void) {
        unlinkat(cgroup_tree_root_fd(tree), group, AT_REMOVEDIR);
}

static void test_held_descriptor(_unused_ void **state) {
        _cleanup_(slice_files_freep) SliceFiles *files = NULL;
        MemoryEvents events;
        CpuStat stat;
        int r;

        assert_int_equal(slice_files_open(tree, group, &files), 0);
        for (int i = 0; i < 3; i++)
                assert_int_equal(slice_files_read_cpu(files, &stat), 0);
        assert_int_equal(stat.usage_usec, 0);
        r = slice_files_read_memory_events(files, &events);
        assert_true(r == 0 || r == -ENODATA);
}

static void test_removed_and_made_again(_unused_ void **state) {
        _cleanup_(slice_files_freep) SliceFiles *files = NULL, *again = NULL;
        LimitMask present;
        Limits limits;
        CpuStat stat;

        assert_int_equal(slice_files_open(tree, group, &files), 0);
        assert_int_equal(slice_files_read_cpu(files, &stat), 0);
        remove_group();
        for (int i = 0; i < 2; i++) {
                MemoryEvents events;
                MemoryUse use;

                assert_int_equal(slice_files_read_cpu(files, &stat), -ENODEV);
                assert_int_equal(slice_files_read_memory_events(files, &events), -ENODEV);
                assert_int_equal(slice_files_read_memory_events_local(files, &events), -ENODEV);
                assert_int_equal(slice_files_read_memory(files, &use), -ENODEV);
                assert_int_equal(slice_files_read_limits(files, &limits, &present), -ENODEV);
                assert_int_equal(mkdirat(cgroup_tree_root_fd(tree), group, 0755), i == 0 ? 0 : -1);
        }
        assert_int_equal(slice_files_open(tree, group, &again), 0);
        assert_int_equal(slice_files_read_cpu(again, &stat), 0);
        assert_true(slice_files_inode(again) != slice_files_inode(files));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_held_descriptor),
                cmocka_unit_test(test_removed_and_made_again),
        };
        int r;

        snprintf(group, sizeof group, "fairslice-test-%d.slice", (int) getpid());
        if (find_tree() < 0) {
                fputs("SKIPPED: no cgroup2 file system here that this test may make a group in.\n", stderr);
                return 77;
        }
        r = cmocka_run_group_tests(tests, NULL, NULL);
        remove_group();
        cgroup_tree_free(tree);
        return r;
}
