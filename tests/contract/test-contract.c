/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "contract/subject.h"
#include "support/drive.h"

/* What backend/backend.h promises, asked of each backend: `test-contract NAME`. */

static const Subject *const subjects[] = { &subject_fake, &subject_systemd };
static const Subject *subject;

/* What the handlers were told. */
static struct {
        size_t n_done;
        SliceName slice; /* of the last */
        int error;
        bool has_message, same_userdata;
        unsigned online, offline, reloaded;
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

static void on_reloaded(void *userdata) {
        assert_ptr_equal(userdata, &told);
        told.reloaded++;
}

static int setup(_unused_ void **state) {
        const BackendHandlers handlers = {
                .done = on_done,
                .online = on_online,
                .reloaded = on_reloaded,
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

static void come_online(void) {
        subject->go_online();
        DRIVE_UNTIL(backend->is_online);
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

static void start_many(unsigned n) {
        SliceName name;

        for (unsigned i = 0; i < n; i++)
                assert_int_equal(set_memory_max(slice_name_for_uid(name, 1000 + i), 1 << 20), 0);
}

static void test_begins_offline(_unused_ void **state) {
        assert_non_null(backend->ops->name);
        assert_false(backend->is_online);
        assert_int_equal(backend->pending, 0);
        assert_int_equal(set_memory_max("user-1000.slice", 1 << 20), -ENOTCONN);
        drive_quiet();
        assert_int_equal(script.n_calls, 0);
        assert_int_equal(told.n_done, 0);
        assert_int_equal(told.online + told.offline, 0);
}

static void test_comes_online(_unused_ void **state) {
        come_online();
        drive_quiet();
        assert_int_equal(told.online, 1);
        assert_int_equal(told.offline, 0);
        assert_int_equal(script.n_calls, 0);
}

/* Each set of limits there is, in one call, complete and with nothing else in it. */
static void test_all_that_changed_and_nothing_else(_unused_ void **state) {
        const Limits limits = { .value = { 1500000, 250, 4096, 8192, 0 } };

        come_online();
        for (LimitMask mask = 1; mask <= LIMIT_MASK_ALL; mask++) {
                assert_int_equal(set_limits("user-1000.slice", &limits, mask), 0);
                assert_int_equal(backend->pending, 1);
                DRIVE_UNTIL(told.n_done == mask);
                assert_int_equal(backend->pending, 0);
                assert_int_equal(told.error, 0);
                assert_int_equal(script.n_calls, mask);
                assert_int_equal(script.call[mask - 1].mask, mask);
                assert_int_equal(limits_differ(&script.call[mask - 1].limits, &limits, mask), 0);
        }
}

static void test_lifting_is_unset(_unused_ void **state) {
        come_online();
        assert_int_equal(set_limits("user-1000.slice", &LIMITS_UNSET, LIMIT_MASK_ALL), 0);
        DRIVE_UNTIL(told.n_done == 1);
        for (unsigned i = 0; i < _LIMIT_COUNT; i++)
                assert_true(script.call[0].limits.value[i] == UINT64_MAX);
        assert_int_equal(script.call[0].mask, LIMIT_MASK_ALL);
}

static void test_done_once(_unused_ void **state) {
        come_online();
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
        assert_int_equal(set_memory_max("user-1003.slice", 1 << 20), 0);
        DRIVE_UNTIL(told.n_done == 4);
        assert_int_equal(told.error, 0);
}

static void test_busy(_unused_ void **state) {
        come_online();
        script.hold = true;
        start_many(BACKEND_PENDING_MAX);
        assert_int_equal(backend->pending, BACKEND_PENDING_MAX);
        assert_int_equal(set_memory_max("user-9999.slice", 1 << 20), -EBUSY);
        assert_int_equal(backend->pending, BACKEND_PENDING_MAX);
        DRIVE_UNTIL(script.n_calls == BACKEND_PENDING_MAX);
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
        told.set_again = "user-1000.slice";
        assert_int_equal(set_memory_max("user-1000.slice", 1 << 20), 0);
        DRIVE_UNTIL(told.n_done == 2);
        assert_int_equal(told.error, 0);
        assert_int_equal(script.n_calls, 2);
        assert_int_equal(backend->pending, 0);
}

static void test_offline_with_changes_under_way(_unused_ void **state) {
        come_online();
        script.hold = true;
        start_many(10);
        DRIVE_UNTIL(script.n_calls == 10);
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
        come_online();
        assert_int_equal(told.reloaded, 0);
        subject->reload();
        DRIVE_UNTIL(told.reloaded == 1);
        drive_quiet();
        assert_int_equal(told.reloaded, 1);
        assert_int_equal(told.online, 1);
}

static void test_freed_with_changes_under_way(_unused_ void **state) {
        come_online();
        script.hold = true;
        start_many(10);
        DRIVE_UNTIL(script.n_calls == 10);
        backend = backend_free(backend);
        script.hold = false;
        drive_quiet();
        assert_int_equal(told.n_done, 0);
        assert_int_equal(told.offline, 0);
}

static void expect_name(const char *name) {
        size_t n = told.n_done;

        assert_int_equal(set_memory_max(name, 1 << 20), 0);
        DRIVE_UNTIL(told.n_done == n + 1);
        assert_string_equal(told.slice, name);
        assert_string_equal(script.call[script.n_calls - 1].slice, name);
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
