/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "place/record.h"
#include "place/refused.h"

static char directory[64];
static int runtime_fd = -1, proc_fd = -1;
static CgroupTree *tree;
static Record record;
static unsigned skipped;

static int setup(_unused_ void **state) {
        strcpy(directory, "/tmp/fairslice-record-XXXXXX");
        if (!mkdtemp(directory))
                return -1;
        runtime_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        record = (Record){};
        return runtime_fd < 0 || proc_fd < 0 ? -1 : cgroup_tree_open(directory, &tree);
}

static int teardown(_unused_ void **state) {
        record_done(&record);
        tree = cgroup_tree_free(tree);
        (void) unlinkat(runtime_fd, "groups", 0);
        runtime_fd = safe_close(runtime_fd);
        proc_fd = safe_close(proc_fd);
        return rmdir(directory);
}

static void read_it(void) {
        record_done(&record);
        assert_int_equal(record_read(tree, proc_fd, runtime_fd, &record, &skipped), 0);
}

static void put(const char *text) {
        assert_int_equal(write_file_atomic(runtime_fd, "groups", text, strlen(text), 0600), 0);
}

static bool there(void) {
        return faccessat(runtime_fd, "groups", F_OK, 0) >= 0;
}

static void test_round_trip(_unused_ void **state) {
        PlaceSlice *slice;

        read_it();
        assert_int_equal(record.n_slices + skipped, 0);
        assert_true(record.boot_id[0] != '\0');
        record.made = 1;
        record.on_root = 3;
        record.on_user_slice = 2;
        slice = record_get(&record, 1001);
        slice->made = 1;
        assert_int_equal(record_set_origin(slice, 0, "/a b/(c) d"), 0);
        record_get(&record, 1000)->made = 1;
        (void) record_get(&record, 1002); /* not ours */
        assert_int_equal(record_write(&record), 0);
        read_it();
        assert_int_equal(skipped, 0);
        assert_int_equal(record.made, 1);
        assert_int_equal(record.on_root, 3);
        assert_int_equal(record.on_user_slice, 2);
        assert_int_equal(record.n_slices, 2);
        assert_string_equal(record_origin(record_find(&record, 1001), 0), "/a b/(c) d");
        assert_null(record_origin(record_find(&record, 1000), 0));
        assert_null(record_find(&record, 1002));
}

static void test_nothing_left(_unused_ void **state) {
        read_it();
        record.made = 1;
        assert_int_equal(record_write(&record), 0);
        assert_true(there());
        record.made = 0;
        (void) record_get(&record, 1000);
        assert_int_equal(record_write(&record), 0);
        assert_false(there());
        assert_int_equal(record_write(&record), 0);
}

static void test_another_boot(_unused_ void **state) {
        put("boot 00000000-0000-0000-0000-000000000000\nmade user.slice unified\nmade user-1000.slice "
            "unified\n");
        read_it();
        assert_int_equal(record.made + record.n_slices + skipped, 0);
}

static void test_rubbish(_unused_ void **state) {
        put("made user.slice cpu\nmade user.slice\nmade\n\nmade ../x unified\nmade user-01000.slice "
            "unified\n"
            "origin user-1000.slice unified\norigin user-1000.slice unified a\n"
            "origin user-1000.slice unified /user.slice/user-1001.slice\norigin user.slice unified /\n"
            "on / io\non /x cpu\non /\nboots x\nmade user-1000.slice unified");
        read_it();
        assert_int_equal(skipped, 14);
        assert_int_equal(record.made + record.on_root + record.on_user_slice, 0);
        assert_int_equal(record.n_slices, 1); /* the last line, though its end is missing */
        assert_null(record_origin(record.slice[0], 0));
}

static void test_sorted(_unused_ void **state) {
        read_it();
        for (unsigned i = 0; i < 1000; i++)
                assert_non_null(record_get(&record, 1000 + i * 7919 % 1000));
        assert_int_equal(record.n_slices, 1000);
        for (unsigned i = 0; i < 1000; i++)
                assert_int_equal(record.slice[i]->uid, 1000 + i);
        for (unsigned i = 0; i < 1000; i += 2)
                record_drop(&record, record_find(&record, 1000 + i));
        assert_int_equal(record.n_slices, 500);
        assert_null(record_find(&record, 1000));
        assert_non_null(record_find(&record, 1999));
}

static void test_refused(_unused_ void **state) {
        static Refused refused;
        Process usual = { .pid = 7, .start = 1 }, realtime = { .pid = 8, .start = 1, .realtime = true };
        Process again = { .pid = 7, .start = 2 };
        usec_t t = 1000 * USEC_PER_SEC;

        assert_false(refused_stands(&refused, &usual, t));
        refused_add(&refused, &usual, t);
        refused_add(&refused, &realtime, t);
        assert_true(refused_stands(&refused, &usual, t + 30 * USEC_PER_SEC));
        assert_false(refused_stands(&refused, &again, t)); /* another with that PID */
        assert_false(refused_stands(&refused, &usual, t + 61 * USEC_PER_SEC));
        assert_true(refused_stands(&refused, &realtime, t + 61 * USEC_PER_SEC));
        realtime.realtime = false;
        assert_false(refused_stands(&refused, &realtime, t + 61 * USEC_PER_SEC));
        for (int i = 0; i < REFUSED_MAX; i++)
                refused_add(&refused, &(Process){ .pid = 100 + i, .start = 1 }, t);
        assert_false(refused_stands(&refused, &usual, t)); /* forgotten */
        refused_clear(&refused);
        assert_false(refused_stands(&refused, &(Process){ .pid = 100, .start = 1 }, t));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_round_trip), TEST(test_nothing_left), TEST(test_another_boot),
                TEST(test_rubbish),    TEST(test_sorted),       TEST(test_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
