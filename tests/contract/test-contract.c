/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "contract/subject.h"
#include "support/drive.h"

/* What backend/backend.h promises, asked of each backend: `test-contract NAME`. */

static const Subject *const subjects[] = {
        &subject_fake,
        &subject_systemd,
        &subject_cgroup1_apart,
        &subject_cgroup1_together,
        &subject_cgroup1_systemd,
        &subject_cgroup2,
};
static const Subject *subject;

/* What the handlers were told. */
static struct {
        size_t n_done;
        SliceName slice; /* of the last */
        int error;
        bool has_message, same_userdata;
        unsigned online, offline, reloading, reloaded;
        bool online_when_done;
        const char *set_again; /* from within the handler, once */
} told;

static Script script;
static Backend *backend;
static bool inside_set_limits;

static void on_done(const char *slice, int error, const char *message, void *userdata) {
        assert_false(inside_set_limits);
        told.n_done++;
        snprintf(told.slice, sizeof told.slice, "%s", slice);
        told.error = error;
        told.has_message = message && *message;
        told.same_userdata = userdata == &told;
        told.online_when_done = backend->is_online;
        if (told.set_again) {
                const char *again = TAKE_PTR(told.set_again);

                assert_int_equal(backend_set_limits(backend, again, &LIMITS_UNSET, LIMIT_MASK_ALL), 0);
        }
}

static void on_online(bool online, void *userdata) {
        assert_ptr_equal(userdata, &told);
        assert_int_equal(backend->is_online, online);
        told.online += online;
        told.offline += !online;
}

static void on_reloading(bool active, void *userdata) {
        assert_ptr_equal(userdata, &told);
        told.reloading += active;
        told.reloaded += !active;
}

static int setup(_unused_ void **state) {
        const BackendHandlers handlers = {
                .done = on_done,
                .online = on_online,
                .reloading = on_reloading,
                .userdata = &told,
        };

        memset(&told, 0, sizeof told);
        subject->start(&handlers, &script, &backend);
        return 0;
}

static int teardown(_unused_ void **state) {
        backend = backend_free(backend);
        subject->stop();
        script_done(&script);
        return 0;
}

void script_standing(const Script *asked, const char *slice, Limits *ret) {
        *ret = LIMITS_UNSET;
        for (size_t i = 0; i < asked->n_calls; i++)
                if (strcmp(asked->call[i].slice, slice) == 0)
                        limits_copy(ret, &asked->call[i].limits, asked->call[i].mask);
}

static void come_online(void) {
        if (subject->go_online)
                subject->go_online();
        DRIVE_UNTIL(backend->is_online);
}

static void add_slice(const char *slice) {
        if (subject->add_slice)
                subject->add_slice(slice);
}

static int set_limits(const char *slice, const Limits *limits, LimitMask mask) {
        int r;

        inside_set_limits = true;
        r = backend_set_limits(backend, slice, limits, mask);
        inside_set_limits = false;
        return r;
}

static int set_memory_max(const char *slice, uint64_t value) {
        Limits limits = LIMITS_UNSET;

        limits.value[LIMIT_MEMORY_MAX] = value;
        return set_limits(slice, &limits, 1U << LIMIT_MEMORY_MAX);
}

/* Where there is no weight, it is the default one. */
static void read_standing(const char *slice, Limits *ret) {
        subject->standing(slice, ret);
        if (ret->value[LIMIT_CPU_WEIGHT] == LIMIT_UNSET)
                ret->value[LIMIT_CPU_WEIGHT] = CPU_WEIGHT_DEFAULT;
}

/* Changes that are under way and stay so until the release. */
static void start_many(unsigned n) {
        SliceName name;

        script.hold = true;
        for (unsigned i = 0; i < n; i++)
                add_slice(slice_name_for_uid(name, 1000 + i));
        for (unsigned i = 0; i < n; i++)
                assert_int_equal(set_memory_max(slice_name_for_uid(name, 1000 + i), 1 << 20), 0);
        assert_int_equal(backend->pending, n);
}

static void until_asked(unsigned n) {
        if (subject->calls_out)
                DRIVE_UNTIL(script.n_calls == n);
}

static void test_begins_offline(_unused_ void **state) {
        assert_non_null(backend->ops->name);
        assert_false(backend->is_online);
        assert_int_equal(backend->pending, 0);
        assert_int_equal(set_memory_max("user-1000.slice", 1 << 20), -ENOTCONN);
        drive_quiet();
        assert_int_equal(script.n_calls, 0);
        assert_int_equal(told.n_done, 0);
        assert_int_equal(backend->is_online, !subject->go_online);
        assert_int_equal(told.online, !subject->go_online);
        assert_int_equal(told.offline, 0);
}

static void test_comes_online(_unused_ void **state) {
        come_online();
        drive_quiet();
        assert_int_equal(told.online, 1);
        assert_int_equal(told.offline, 0);
        assert_int_equal(script.n_calls, 0);
}

/* Each set of limits there is, complete and with nothing else in it; where it is a call to somebody, in one.
 */
static void test_all_that_changed_and_nothing_else(_unused_ void **state) {
        const uint64_t page = (uint64_t) sysconf(_SC_PAGESIZE);
        Limits wanted, now;

        come_online();
        add_slice("user-1000.slice");
        read_standing("user-1000.slice", &wanted);
        for (LimitMask mask = 1; mask <= LIMIT_MASK_ALL; mask++) {
                const Limits limits = { .value = { mask * 50000, 100 + mask, (100 + mask) * page,
                                                   (50 + mask) * page, (mask % 7) * page } };

                limits_copy(&wanted, &limits, mask);
                assert_int_equal(set_limits("user-1000.slice", &limits, mask), 0);
                assert_int_equal(backend->pending, 1);
                DRIVE_UNTIL(told.n_done == mask);
                assert_int_equal(backend->pending, 0);
                assert_int_equal(told.error, 0);
                read_standing("user-1000.slice", &now);
                assert_int_equal(limits_differ(&now, &wanted, LIMIT_MASK_ALL), 0);
                if (!subject->calls_out)
                        continue;
                assert_int_equal(script.n_calls, mask);
                assert_int_equal(script.call[mask - 1].mask, mask);
        }
}

static void test_lifting_is_unset(_unused_ void **state) {
        const Limits limits = { .value = { 1500000, 250, 1 << 20, 1 << 19, 0 } };
        Limits now;

        come_online();
        add_slice("user-1000.slice");
        assert_int_equal(set_limits("user-1000.slice", &limits, LIMIT_MASK_ALL), 0);
        DRIVE_UNTIL(told.n_done == 1);
        assert_int_equal(set_limits("user-1000.slice", &LIMITS_UNSET, LIMIT_MASK_ALL), 0);
        DRIVE_UNTIL(told.n_done == 2);
        assert_int_equal(told.error, 0);
        read_standing("user-1000.slice", &now);
        assert_int_equal(now.value[LIMIT_CPU_WEIGHT], CPU_WEIGHT_DEFAULT);
        assert_int_equal(limits_differ(&now, &LIMITS_UNSET, LIMIT_MASK_ALL & ~(1U << LIMIT_CPU_WEIGHT)), 0);
}

static void test_done_once(_unused_ void **state) {
        come_online();
        add_slice("user-1000.slice");
        assert_int_equal(set_memory_max("user-1000.slice", 1 << 20), 0);
        DRIVE_UNTIL(told.n_done == 1);
        assert_string_equal(told.slice, "user-1000.slice");
        assert_int_equal(told.error, 0);
        assert_true(told.same_userdata);
        drive_quiet();
        assert_int_equal(told.n_done, 1);
}

static void expect_refusal(const char *slice, int error) {
        size_t n = told.n_done;

        if (error != ENOENT)
                add_slice(slice);
        script.refuse = slice;
        script.error = error;
        assert_int_equal(set_memory_max(slice, 1 << 20), 0);
        DRIVE_UNTIL(told.n_done == n + 1);
        assert_int_equal(told.error, -error);
        assert_true(told.has_message);
        assert_string_equal(told.slice, slice);
        assert_int_equal(backend->pending, 0);
        assert_true(backend->is_online);
}

/* A slice that is not there among them. */
static void test_refused(_unused_ void **state) {
        come_online();
        expect_refusal("user-1000.slice", EACCES);
        expect_refusal("user-1001.slice", EINVAL);
        expect_refusal("user-1002.slice", ENOENT);
        /* The others go on. */
        add_slice("user-1003.slice");
        assert_int_equal(set_memory_max("user-1003.slice", 1 << 20), 0);
        DRIVE_UNTIL(told.n_done == 4);
        assert_int_equal(told.error, 0);
}

static void test_busy(_unused_ void **state) {
        come_online();
        add_slice("user-9999.slice");
        start_many(BACKEND_PENDING_MAX);
        assert_int_equal(set_memory_max("user-9999.slice", 1 << 20), -EBUSY);
        assert_int_equal(backend->pending, BACKEND_PENDING_MAX);
        until_asked(BACKEND_PENDING_MAX);
        subject->release();
        DRIVE_UNTIL(told.n_done == BACKEND_PENDING_MAX);
        assert_int_equal(backend->pending, 0);
        assert_int_equal(set_memory_max("user-9999.slice", 1 << 20), 0);
        DRIVE_UNTIL(told.n_done == BACKEND_PENDING_MAX + 1);
        assert_int_equal(told.error, 0);
}

/* The handler may start the next change, for the same slice as well. */
static void test_set_from_done(_unused_ void **state) {
        come_online();
        add_slice("user-1000.slice");
        told.set_again = "user-1000.slice";
        assert_int_equal(set_memory_max("user-1000.slice", 1 << 20), 0);
        DRIVE_UNTIL(told.n_done == 2);
        assert_int_equal(told.error, 0);
        assert_int_equal(backend->pending, 0);
}

static void test_offline_with_changes_under_way(_unused_ void **state) {
        if (!subject->go_offline)
                skip();
        come_online();
        start_many(10);
        until_asked(10);
        subject->go_offline();
        DRIVE_UNTIL(told.n_done == 10);
        assert_int_equal(told.error, -ECANCELED);
        assert_false(told.online_when_done);
        assert_int_equal(backend->pending, 0);
        assert_int_equal(told.offline, 1);
        assert_int_equal(set_memory_max("user-1000.slice", 1 << 20), -ENOTCONN);
        drive_quiet();
        assert_int_equal(told.n_done, 10);
}

static void test_online_again(_unused_ void **state) {
        if (!subject->go_offline)
                skip();
        come_online();
        subject->go_offline();
        DRIVE_UNTIL(!backend->is_online);
        come_online();
        assert_int_equal(told.online, 2);
        assert_int_equal(told.offline, 1);
        assert_int_equal(set_memory_max("user-1000.slice", 1 << 20), 0);
        DRIVE_UNTIL(told.n_done == 1);
        assert_int_equal(told.error, 0);
}

static void test_reloaded(_unused_ void **state) {
        if (!subject->reload)
                skip();
        come_online();
        add_slice("user-1000.slice");
        assert_int_equal(told.reloaded, 0);
        subject->reload();
        DRIVE_UNTIL(told.reloaded == 1);
        assert_int_equal(told.reloading, 1);
        drive_quiet();
        assert_int_equal(told.reloaded, 1);
        assert_int_equal(told.online, 1);
}

static void test_freed_with_changes_under_way(_unused_ void **state) {
        come_online();
        start_many(10);
        until_asked(10);
        backend = backend_free(backend);
        script.hold = false;
        drive_quiet();
        assert_int_equal(told.n_done, 0);
        assert_int_equal(told.offline, 0);
}

static void expect_name(const char *name) {
        size_t n = told.n_done;
        Limits now;

        add_slice(name);
        assert_int_equal(set_memory_max(name, 1 << 20), 0);
        DRIVE_UNTIL(told.n_done == n + 1);
        assert_int_equal(told.error, 0);
        assert_string_equal(told.slice, name);
        read_standing(name, &now);
        assert_int_equal(now.value[LIMIT_MEMORY_MAX], 1 << 20);
}

static void test_names(_unused_ void **state) {
        char name[SLICE_NAME_MAX + 2];

        come_online();
        expect_name("user-0.slice");
        expect_name("user-4294967294.slice");
        expect_name("machine-a\\x2db.slice");
        expect_name("user-%s%n.slice");
        expect_name("größe \"'`$(x).slice");
        memset(name, 'n', sizeof name);
        memcpy(name + SLICE_NAME_MAX - 6, ".slice", 7);
        expect_name(name);
        strcpy(name + SLICE_NAME_MAX - 6, "n.slice");
        assert_int_equal(set_memory_max(name, 1 << 20), -EINVAL);
        assert_int_equal(backend->pending, 0);
}

static void test_null(_unused_ void **state) {
        assert_null(backend_free(NULL));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(int argc, char *argv[]) {
        const struct CMUnitTest tests[] = {
                TEST(test_begins_offline),
                TEST(test_comes_online),
                TEST(test_all_that_changed_and_nothing_else),
                TEST(test_lifting_is_unset),
                TEST(test_done_once),
                TEST(test_refused),
                TEST(test_busy),
                TEST(test_set_from_done),
                TEST(test_offline_with_changes_under_way),
                TEST(test_online_again),
                TEST(test_reloaded),
                TEST(test_freed_with_changes_under_way),
                TEST(test_names),
                cmocka_unit_test(test_null),
        };

        for (size_t i = 0; argc == 2 && i < ELEMENTSOF(subjects); i++)
                if (strcmp(subjects[i]->name, argv[1]) == 0)
                        subject = subjects[i];
        if (!subject)
                return 2;
        return cmocka_run_group_tests_name(subject->name, tests, NULL, NULL);
}
