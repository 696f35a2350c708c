/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "basic/bus-peer.h"
#include "bus/objects-host.h"
#include "model/limits.h"

/* The methods of the Manager, called as they should be and as they should not. */

#define CALL(bus, member, reply, ...)                                                                 \
        sd_bus_call_method((bus), BUS_NAME, MANAGER_PATH, MANAGER_INTERFACE, (member), NULL, (reply), \
                           __VA_ARGS__)
#define REFUSES(bus, member, expected, text, ...) \
        FAILS((bus), MANAGER_PATH, MANAGER_INTERFACE, (member), (expected), (text), __VA_ARGS__)
#define INVALID SD_BUS_ERROR_INVALID_ARGS
#define DENIED  SD_BUS_ERROR_ACCESS_DENIED

#define MIB (UINT64_C(1) << 20)

static const char *hint(const char *action) {
        return objects.on_bus ? action : "call this as root";
}

static bool path_is(sd_bus *bus, const char *member, const char *type, const void *argument,
                    const char *expected) {
        sd_bus_message *m = NULL;
        const char *path = "";
        int r;

        if (*type == 's')
                r = CALL(bus, member, &m, "s", (const char *) argument);
        else
                r = CALL(bus, member, &m, "u", *(const uint32_t *) argument);
        return r >= 0 && sd_bus_message_read(m, "o", &path) > 0 && strcmp(path, expected) == 0;
}

#define ALICE_PATH SLICE_PATH_PREFIX "/user_2d1000_2eslice"

/* The test's own process is alice's, as the made up service has it. */
static int finds_slices(void) {
        sd_bus *bus = objects_connect();

        CHECK(path_is(bus, "GetSlice", "s", "user-1000.slice", ALICE_PATH));
        CHECK(path_is(bus, "GetSliceByUID", "u", &(uint32_t){ FAKE_ALICE }, ALICE_PATH));
        CHECK(path_is(bus, "GetSliceByPID", "u", &(uint32_t){ (uint32_t) getppid() }, ALICE_PATH));
        CHECK(REFUSES(bus, "GetSlice", ERROR_NO_SUCH_SLICE, "user-4711.slice", "s", "user-4711.slice"));
        CHECK(REFUSES(bus, "GetSliceByUID", ERROR_NO_SUCH_SLICE, "user-4711.slice", "u", 4711));
        CHECK(REFUSES(bus, "GetSliceByUID", ERROR_NO_SUCH_SLICE, "user-0.slice", "u", UINT32_MAX));
        CHECK(REFUSES(bus, "GetSliceByPID", ERROR_NO_SUCH_SLICE, "process 1", "u", 1));
        CHECK(REFUSES(bus, "GetSliceByPID", ERROR_NO_SUCH_PROCESS, "4194305", "u", 4194305));
        CHECK(REFUSES(bus, "GetSliceByPID", ERROR_NO_SUCH_PROCESS, "4294967295", "u", UINT32_MAX));
        return 0;
}

static int finds_own_slice(void) {
        sd_bus *bus = objects_connect();

        CHECK(path_is(bus, "GetSlice", "s", objects.own_slice, objects.own_path));
        CHECK(path_is(bus, "GetSliceByUID", "u", &(uint32_t){ objects.own }, objects.own_path));
        CHECK(path_is(bus, "GetSliceByUID", "u", &(uint32_t){ UINT32_MAX }, objects.own_path));
        CHECK(REFUSES(bus, "GetSlice", DENIED, hint(ACTION_READ_OTHERS), "s", "user-1000.slice"));
        CHECK(REFUSES(bus, "GetSliceByUID", DENIED, hint(ACTION_READ_OTHERS), "u", FAKE_ALICE));
        CHECK(REFUSES(bus, "GetSliceByPID", DENIED, hint(ACTION_READ_OTHERS), "u", (uint32_t) getppid()));
        return 0;
}

/* The process that the bus, or the kernel, says it is. */
static int finds_own_process(void) {
        sd_bus *bus = objects_connect();

        CHECK(path_is(bus, "GetSliceByPID", "u", &(uint32_t){ 0 }, ALICE_PATH));
        return 0;
}

static int is_in_no_slice(void) {
        CHECK(REFUSES(objects_connect(), "GetSliceByPID", ERROR_NO_SUCH_PROCESS, "There is no process", "u",
                      0));
        return 0;
}

static void test_get_slice(_unused_ void **state) {
        need_root_to_be_others();
        as_user(0, finds_slices);
        as_user(objects.own, finds_own_slice);
        as_user(objects.own, is_in_no_slice);
        objects.fake->everybody_is_alice = true;
        as_user(objects.own, finds_own_process);
}

static int gives_bad_names(void) {
        static const char *const names[] = {
                "",
                "alice",
                ".slice",
                "user-1000.service",
                "../user-1000.slice",
                "/user-1000.slice",
                "user-1000 .slice",
                "user-1000\n.slice",
                "us\xc3\xa9r.slice",
                "user-%n%s.slice",
        };
        char many[4096];
        sd_bus *bus = objects_connect();

        memset(many, 'x', sizeof many);
        strcpy(many + sizeof many - sizeof ".slice", ".slice");
        CHECK(REFUSES(bus, "GetSlice", INVALID, "user-1000.slice", "s", many));
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                CHECK(REFUSES(bus, "GetSlice", INVALID, "user-1000.slice", "s", names[i]));
                CHECK(REFUSES(bus, "SetLimits", INVALID, "user-1000.slice", "sa{sv}b", names[i], 1,
                              "CPUWeight", "t", UINT64_C(50), 0));
                CHECK(REFUSES(bus, "ResetLimits", INVALID, "user-1000.slice", "s", names[i]));
                CHECK(REFUSES(bus, "GetSettings", INVALID, "user-1000.slice", "s", names[i]));
                if (*names[i])
                        CHECK(REFUSES(bus, "GetHistory", INVALID, "user-1000.slice", "st", names[i],
                                      UINT64_C(0)));
        }
        return 0;
}

static void test_bad_names(_unused_ void **state) {
        as_user(getuid(), gives_bad_names);
        as_user(getuid() == 0 ? objects.stranger : getuid(), gives_bad_names);
        assert_int_equal(objects.fake->sets + objects.fake->resets, 0);
}

static int sets_limits(void) {
        CHECK(CALL(objects_connect(), "SetLimits", NULL, "sa{sv}b", "user-1000.slice", 5,
                   "CPUQuotaPerSecUSec", "t", UINT64_C(840000), "CPUWeight", "t", UINT64_C(50), "MemoryMax",
                   "t", 512 * MIB, "MemoryHighScale", "u", UINT32_MAX / 8, "MemorySwapMax", "t", UINT64_MAX,
                   1) >= 0);
        return 0;
}

static int sets_one_limit(void) {
        CHECK(CALL(objects_connect(), "SetLimits", NULL, "sa{sv}b", "user-4711.slice", 1, "MemoryMaxScale",
                   "u", UINT32_MAX, 0) >= 0);
        return 0;
}

static void expect_set(size_t i, Limit limit, uint64_t value, bool of_ram) {
        const LimitSetting *setting = &objects.fake->settings[i];

        assert_int_equal(setting->limit, limit);
        assert_int_equal(setting->value, value);
        assert_int_equal(setting->of_ram, of_ram);
}

static void test_set_limits(_unused_ void **state) {
        need_root_to_be_others();
        as_user(0, sets_limits);
        assert_int_equal(objects.fake->sets, 1);
        assert_string_equal(objects.fake->name, "user-1000.slice");
        assert_true(objects.fake->runtime);
        assert_int_equal(objects.fake->by, 0);
        assert_int_equal(objects.fake->n_settings, 5);
        expect_set(0, LIMIT_CPU_QUOTA, 840000, false);
        expect_set(1, LIMIT_CPU_WEIGHT, 50, false);
        expect_set(2, LIMIT_MEMORY_MAX, 512 * MIB, false);
        expect_set(3, LIMIT_MEMORY_HIGH, 1250, true);
        expect_set(4, LIMIT_MEMORY_SWAP_MAX, LIMIT_UNSET, false);
        as_user(0, sets_one_limit);
        assert_string_equal(objects.fake->name, "user-4711.slice");
        assert_false(objects.fake->runtime);
        assert_int_equal(objects.fake->n_settings, 1);
        expect_set(0, LIMIT_MEMORY_MAX, 10000, true);
}

#define SET(bus, text, ...) \
        REFUSES((bus), "SetLimits", INVALID, (text), "sa{sv}b", "user-1000.slice", __VA_ARGS__)

static int gives_bad_limits(void) {
        sd_bus *bus = objects_connect();
        char key[1024];

        CHECK(SET(bus, "No limit is given", 0, 0));
        CHECK(SET(bus, "TasksMax is no limit; allowed are CPUQuotaPerSecUSec", 1, "TasksMax", "t",
                  UINT64_C(1), 0));
        CHECK(SET(bus, "CPUWeightScale is no limit", 1, "CPUWeightScale", "u", 1, 0));
        CHECK(SET(bus, " is no limit", 1, "", "t", UINT64_C(1), 0));
        CHECK(SET(bus, "%s%n is no limit", 1, "%s%n", "t", UINT64_C(1), 0));
        memset(key, 'M', sizeof key);
        key[sizeof key - 1] = '\0';
        CHECK(SET(bus, "That key is no limit", 1, key, "t", UINT64_C(1), 0));
        CHECK(SET(bus, "MemoryMax is given twice", 2, "MemoryMax", "t", MIB, "MemoryMax", "t", MIB, 0));
        CHECK(SET(bus, "MemoryMax is given twice", 2, "MemoryMax", "t", MIB, "MemoryMaxScale", "u", 9, 0));
        CHECK(SET(bus, "MemoryMax has to be of type t", 1, "MemoryMax", "s", "512M", 0));
        CHECK(SET(bus, "MemoryMax has to be of type t", 1, "MemoryMax", "x", INT64_C(-1), 0));
        CHECK(SET(bus, "MemoryMax has to be of type t", 1, "MemoryMax", "v", "v", "t", UINT64_C(1), 0));
        CHECK(SET(bus, "MemoryMax has to be of type t", 1, "MemoryMax", "(tt)", MIB, MIB, 0));
        CHECK(SET(bus, "MemoryMax has to be of type t", 1, "MemoryMax", "at", 0, 0));
        CHECK(SET(bus, "MemoryMaxScale has to be of type u", 1, "MemoryMaxScale", "t", UINT64_C(1), 0));
        CHECK(SET(bus, "CPUWeight=0 is out of range; allowed is a whole number from 1 to 10000", 1,
                  "CPUWeight", "t", UINT64_C(0), 0));
        CHECK(SET(bus, "MemoryHigh", 2, "MemoryMax", "t", MIB, "MemoryHigh", "t", UINT64_C(1), 1));
        CHECK(SET(bus, "MemoryMax=0% is out of range", 1, "MemoryMaxScale", "u", 0, 0));
        CHECK(REFUSES(bus, "SetLimits", INVALID, "", "s", "user-1000.slice"));
        CHECK(REFUSES(bus, "SetLimits", INVALID, "", "sa{ss}b", "user-1000.slice", 1, "MemoryMax", "1G", 0));
        CHECK(REFUSES(bus, "SetLimits", INVALID, "", "sa{sv}", "user-1000.slice", 1, "MemoryMax", "t", MIB));
        return 0;
}

/* Also who may not set anything hears of that first, and polkit asks nobody about it. */
static void test_bad_limits(_unused_ void **state) {
        as_user(getuid(), gives_bad_limits);
        as_user(getuid() == 0 ? objects.stranger : getuid(), gives_bad_limits);
        assert_int_equal(objects.fake->sets, 0);
}

/* Behind the limits that there are, and as many as a peer may send. */
static int gives_many_limits(void) {
        sd_bus *bus = objects_connect();
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *m = NULL;
        unsigned n = objects.on_bus ? 100000 : 1500;

        CHECK(sd_bus_message_new_method_call(bus, &m, BUS_NAME, MANAGER_PATH, MANAGER_INTERFACE,
                                             "SetLimits") >= 0);
        CHECK(sd_bus_message_append(m, "s", "user-1000.slice") >= 0);
        CHECK(sd_bus_message_open_container(m, 'a', "{sv}") >= 0);
        for (Limit limit = 0; limit < _LIMIT_COUNT; limit++)
                CHECK(sd_bus_message_append(m, "{sv}", limit_to_string(limit), "t", UINT64_C(10000) * MIB) >=
                      0);
        for (unsigned i = 0; i < n; i++)
                CHECK(sd_bus_message_append(m, "{sv}", "MemoryMax", "t", MIB) >= 0);
        CHECK(sd_bus_message_close_container(m) >= 0);
        CHECK(sd_bus_message_append(m, "b", 0) >= 0);
        CHECK(sd_bus_call(bus, m, 0, &error, NULL) < 0);
        CHECK(sd_bus_error_has_name(&error, INVALID));
        CHECK(strstr(error.message, "MemoryMax is given twice"));
        return 0;
}

static void test_many_limits(_unused_ void **state) {
        as_user(getuid(), gives_many_limits);
        assert_int_equal(objects.fake->sets, 0);
}

static int may_change_nothing(void) {
        sd_bus *bus = objects_connect();

        CHECK(REFUSES(bus, "SetLimits", DENIED, hint(ACTION_SET_LIMITS_RUNTIME), "sa{sv}b",
                      objects.own_slice, 1, "CPUWeight", "t", UINT64_C(50), 1));
        CHECK(REFUSES(bus, "SetLimits", DENIED, hint(ACTION_SET_LIMITS), "sa{sv}b", objects.own_slice, 1,
                      "CPUWeight", "t", UINT64_C(50), 0));
        CHECK(REFUSES(bus, "ResetLimits", DENIED, hint(ACTION_SET_LIMITS), "s", objects.own_slice));
        CHECK(REFUSES(bus, "Reload", DENIED, hint(ACTION_RELOAD), NULL));
        CHECK(REFUSES(bus, "Check", DENIED, hint(ACTION_RELOAD), NULL));
        CHECK(REFUSES(bus, "Release", DENIED, hint(ACTION_RELEASE), NULL));
        CHECK(REFUSES(bus, "GetSettings", DENIED, hint(ACTION_READ_OTHERS), "s", "user-1002.slice"));
        CHECK(REFUSES(bus, "GetSettings", DENIED, hint(ACTION_READ_OTHERS), "s", "user-4711.slice"));
        CHECK(REFUSES(bus, "GetHistory", DENIED, hint(ACTION_READ_OTHERS), "st", "user-1002.slice",
                      UINT64_C(0)));
        CHECK(REFUSES(bus, "GetHistory", DENIED, hint(ACTION_READ_OTHERS), "st", "system.slice",
                      UINT64_C(0)));
        return 0;
}

static void test_denied(_unused_ void **state) {
        const FakeOperations *fake = objects.fake;

        need_root_to_be_others();
        as_user(objects.own, may_change_nothing);
        assert_int_equal(fake->sets + fake->resets + fake->reloads + fake->checks + fake->releases, 0);
}

static int resets(void) {
        CHECK(CALL(objects_connect(), "ResetLimits", NULL, "s", "user-1002.slice") >= 0);
        return 0;
}

static int releases(void) {
        CHECK(CALL(objects_connect(), "Release", NULL, NULL) >= 0);
        return 0;
}

static void test_reset_and_release(_unused_ void **state) {
        need_root_to_be_others();
        as_user(0, resets);
        assert_int_equal(objects.fake->resets, 1);
        assert_string_equal(objects.fake->name, "user-1002.slice");
        objects.fake->reset_result = 0;
        as_user(0, resets);
        as_user(0, releases);
        assert_int_equal(objects.fake->releases, 1);
}

#define BOTH_CALLS(bus, error, text)                                                                     \
        (REFUSES((bus), "SetLimits", (error), (text), "sa{sv}b", "user-1002.slice", 1, "CPUWeight", "t", \
                 UINT64_C(50), 0) &&                                                                     \
         REFUSES((bus), "ResetLimits", (error), (text), "s", "user-1002.slice") &&                       \
         REFUSES((bus), "GetSettings", (error), "", "s", "user-1002.slice"))

static const struct {
        int result;
        const char *error, *text;
} outcomes[] = {
        { -ENOENT, ERROR_NO_SUCH_SLICE, "user-1002.slice" },
        { -EHOSTUNREACH, ERROR_NO_SUCH_USER, "user-1002.slice" },
        { -EPERM, ERROR_EXEMPT, "ExemptUsers=" },
        { -EROFS, "System.Error.EROFS", "may not write to its directory control.d" },
        { -ENOSPC, "System.Error.ENOSPC", "user-1002.slice cannot be written" },
}, *outcome;

static int hears_of_outcome(void) {
        CHECK(BOTH_CALLS(objects_connect(), outcome->error, outcome->text));
        return 0;
}

static void test_outcomes(_unused_ void **state) {
        need_root_to_be_others();
        for (size_t i = 0; i < ELEMENTSOF(outcomes); i++) {
                outcome = &outcomes[i];
                objects.fake->set_result = objects.fake->reset_result = objects.fake->settings_result =
                        outcome->result;
                as_user(0, hears_of_outcome);
        }
}

static int release_is_too_late(void) {
        CHECK(REFUSES(objects_connect(), "Release", ERROR_SHUTTING_DOWN, "about to end", NULL));
        return 0;
}

static void test_shutting_down(_unused_ void **state) {
        need_root_to_be_others();
        objects.fake->release_result = -ESHUTDOWN;
        as_user(0, release_is_too_late);
}

static int sees_settings(void) {
        sd_bus_message *m = NULL;
        const char *key, *value, *file;
        uint32_t line;

        CHECK(CALL(objects_connect(), "GetSettings", &m, "s", objects.own_slice) >= 0);
        CHECK(sd_bus_message_enter_container(m, 'a', "(sssu)") > 0);
        CHECK(sd_bus_message_read(m, "(sssu)", &key, &value, &file, &line) > 0);
        CHECK(strcmp(key, "CPUQuota") == 0 && strcmp(value, "50%") == 0 && line == 2);
        CHECK(strcmp(file, "/run/fairslice/control.d/user-1002.slice.conf") == 0);
        for (int i = 1; i < 7; i++)
                CHECK(sd_bus_message_skip(m, "(sssu)") > 0);
        CHECK(sd_bus_message_at_end(m, false) > 0);
        return 0;
}

static int sees_problems(void) {
        sd_bus_message *m = NULL;
        const char *file, *message;
        uint32_t line;
        int error;

        CHECK(CALL(objects_connect(), "Check", &m, NULL) >= 0);
        CHECK(sd_bus_message_enter_container(m, 'a', "(bsus)") > 0);
        CHECK(sd_bus_message_read(m, "(bsus)", &error, &file, &line, &message) > 0);
        CHECK(error && line == 4 && strstr(message, "CPUWeight=20000"));
        CHECK(sd_bus_message_read(m, "(bsus)", &error, &file, &line, &message) > 0);
        CHECK(!error && line == 0);
        CHECK(sd_bus_message_at_end(m, false) > 0);
        return 0;
}

static void test_settings_and_problems(_unused_ void **state) {
        need_root_to_be_others();
        as_user(objects.own, sees_settings);
        as_user(0, sees_settings);
        as_user(0, sees_problems);
}

/* Returns how many looks there are, -1 if something else; the last one's figures are left in `last`. */
static int count_looks(const char *slice, uint64_t since, uint64_t last[static 5]) {
        sd_bus_message *m = NULL;
        uint64_t interval;
        int n = 0;

        if (CALL(objects_connect(), "GetHistory", &m, "st", slice, since) < 0 ||
            sd_bus_message_read(m, "t", &interval) <= 0 || interval != FAKE_INTERVAL ||
            sd_bus_message_enter_container(m, 'a', "(ttttt)") < 0)
                return -1;
        while (sd_bus_message_read(m, "(ttttt)", &last[0], &last[1], &last[2], &last[3], &last[4]) > 0)
                n++;
        return n;
}

static int sees_history(void) {
        uint64_t last[5];

        CHECK(count_looks(objects.own_slice, 0, last) == FAKE_LOOKS);
        CHECK(last[0] == FAKE_NOW && last[1] == 250000 && last[2] == UINT64_MAX && last[3] == 0);
        CHECK(count_looks(objects.own_slice, FAKE_NOW - FAKE_INTERVAL, last) == 2);
        CHECK(count_looks(objects.own_slice, UINT64_MAX, last) == 0);
        CHECK(count_looks("", 0, last) == FAKE_LOOKS);
        CHECK(last[1] == 500000 && last[2] == 3600000);
        return 0;
}

#define MANY_LOOKS 8640

static int sees_long_history(void) {
        uint64_t last[5];

        CHECK(count_looks("", 0, last) == MANY_LOOKS);
        return 0;
}

static int finds_no_history(void) {
        CHECK(REFUSES(objects_connect(), "GetHistory", ERROR_NO_SUCH_SLICE, "user-4711.slice", "st",
                      "user-4711.slice", UINT64_C(0)));
        return 0;
}

static void test_history(_unused_ void **state) {
        need_root_to_be_others();
        as_user(objects.own, sees_history);
        as_user(0, sees_history);
        as_user(0, finds_no_history);
        objects.fake->looks = MANY_LOOKS;
        as_user(objects.stranger, sees_long_history);
}

/* The kinds that there are, in order, each with a blank behind it. */
static int kinds_are(uint64_t since, const char *expected) {
        sd_bus_message *m = NULL;
        char kinds[256] = "";

        CHECK(CALL(objects_connect(), "ListEvents", &m, "t", since) >= 0);
        CHECK(sd_bus_message_enter_container(m, 'a', "(ttssua{sv})") > 0);
        while (sd_bus_message_enter_container(m, 'r', "ttssua{sv}") > 0) {
                const char *kind, *slice;
                uint64_t id, at;
                uint32_t uid;

                CHECK(sd_bus_message_read(m, "ttssu", &id, &at, &kind, &slice, &uid) > 0);
                CHECK(id > 0 && at >= since && at <= FAKE_NOW);
                CHECK((*slice == '\0') == (uid == UINT32_MAX));
                CHECK(sd_bus_message_skip(m, "a{sv}") > 0);
                CHECK(sd_bus_message_exit_container(m) >= 0);
                strcat(strcat(kinds, kind), " ");
        }
        if (strcmp(kinds, expected) != 0)
                fprintf(stderr, "%s\n", kinds);
        return strcmp(kinds, expected) != 0;
}

static int sees_all_events(void) {
        CHECK(kinds_are(0, "reloaded contended limits-set limits-reset memory-warning out-of-memory room "
                           "released ") == 0);
        CHECK(kinds_are(FAKE_NOW - 120 * USEC_PER_SEC, "room released ") == 0);
        return 0;
}

static int sees_events_of_host(void) {
        return kinds_are(0, "reloaded contended room released ");
}

static void test_events(_unused_ void **state) {
        need_root_to_be_others();
        as_user(0, sees_all_events);
        as_user(objects.own, sees_events_of_host);
}

/* Enters the details of the event of this kind. */
static sd_bus_message *details_of(const char *wanted) {
        sd_bus_message *m = NULL;
        const char *kind;

        if (CALL(objects_connect(), "ListEvents", &m, "t", UINT64_C(0)) < 0 ||
            sd_bus_message_enter_container(m, 'a', "(ttssua{sv})") <= 0)
                _exit(4);
        while (sd_bus_message_enter_container(m, 'r', "ttssua{sv}") > 0) {
                if (sd_bus_message_read(m, "ttssu", NULL, NULL, &kind, NULL, NULL) <= 0 ||
                    sd_bus_message_enter_container(m, 'a', "{sv}") < 0)
                        _exit(4);
                if (strcmp(kind, wanted) == 0)
                        return m;
                while (sd_bus_message_skip(m, "{sv}") > 0)
                        if (sd_bus_message_at_end(m, false) > 0)
                                break;
                if (sd_bus_message_exit_container(m) < 0 || sd_bus_message_exit_container(m) < 0)
                        _exit(4);
        }
        _exit(5);
}

static int sees_details_of_limits(void) {
        sd_bus_message *m = details_of("limits-set");
        const char *key, *first, *second;
        uint64_t quota, memory;
        int runtime;
        uint32_t by;

        CHECK(sd_bus_message_read(m, "{sv}", &key, "a{st}", 2, &first, &quota, &second, &memory) > 0);
        CHECK(strcmp(key, "Limits") == 0 && strcmp(first, "CPUQuotaPerSecUSec") == 0 && quota == 500000);
        CHECK(strcmp(second, "MemoryMax") == 0 && memory == 4096 * MIB);
        CHECK(sd_bus_message_read(m, "{sv}", &key, "b", &runtime) > 0);
        CHECK(strcmp(key, "Runtime") == 0 && runtime);
        CHECK(sd_bus_message_read(m, "{sv}", &key, "u", &by) > 0);
        CHECK(strcmp(key, "By") == 0 && by == 0);
        CHECK(sd_bus_message_at_end(m, false) > 0);
        return 0;
}

static int sees_details_of_reset(void) {
        sd_bus_message *m = details_of("limits-reset");
        const char *key;
        uint32_t by;

        CHECK(sd_bus_message_read(m, "{sv}", &key, "u", &by) > 0);
        CHECK(strcmp(key, "By") == 0 && by == UINT32_MAX);
        CHECK(sd_bus_message_at_end(m, false) > 0);
        return 0;
}

static int sees_details_of_memory(void) {
        static const char *const numbers[] = { "Kills", "Hits", "MemoryMax", "MemoryCurrent", "MemoryPeak" };
        const uint64_t expected[] = { 3, 5, 4096 * MIB, 4095 * MIB, 4096 * MIB };
        sd_bus_message *m = details_of("out-of-memory");
        const char *key, *cause, *first, *second;
        uint32_t pids[2];
        uint64_t number;
        int late;

        for (size_t i = 0; i < ELEMENTSOF(numbers); i++) {
                if (i == 2) {
                        CHECK(sd_bus_message_read(m, "{sv}", &key, "s", &cause) > 0);
                        CHECK(strcmp(key, "Cause") == 0 && strcmp(cause, "slice") == 0);
                }
                CHECK(sd_bus_message_read(m, "{sv}", &key, "t", &number) > 0);
                CHECK(strcmp(key, numbers[i]) == 0 && number == expected[i]);
        }
        CHECK(sd_bus_message_read(m, "{sv}", &key, "b", &late) > 0);
        CHECK(strcmp(key, "Late") == 0 && !late);
        CHECK(sd_bus_message_read(m, "{sv}", &key, "a(us)", 2, &pids[0], &first, &pids[1], &second) > 0);
        CHECK(strcmp(key, "Victims") == 0 && pids[0] == 4711 && pids[1] == 4712);
        CHECK(strcmp(first, "python3") == 0 && strcmp(second, "a?[31m?") == 0);
        CHECK(sd_bus_message_read(m, "{sv}", &key, "a(uts)", 0) > 0 && strcmp(key, "Processes") == 0);
        CHECK(sd_bus_message_at_end(m, false) > 0);
        return 0;
}

static int sees_details_of_warning(void) {
        static const char *const numbers[] = { "MemoryUsed", "MemoryCurrent", "MemoryMax" };
        const uint64_t expected[] = { 3272 * MIB, 4096 * MIB, 4096 * MIB };
        sd_bus_message *m = details_of("memory-warning");
        const char *key, *first, *second;
        uint64_t number, rss[2];
        uint32_t percent, pids[2];

        CHECK(sd_bus_message_read(m, "{sv}", &key, "u", &percent) > 0);
        CHECK(strcmp(key, "Percent") == 0 && percent == 75);
        for (size_t i = 0; i < ELEMENTSOF(numbers); i++) {
                CHECK(sd_bus_message_read(m, "{sv}", &key, "t", &number) > 0);
                CHECK(strcmp(key, numbers[i]) == 0 && number == expected[i]);
        }
        CHECK(sd_bus_message_read(m, "{sv}", &key, "a(uts)", 2, &pids[0], &rss[0], &first, &pids[1], &rss[1],
                                  &second) > 0);
        CHECK(strcmp(key, "Processes") == 0 && pids[0] == 4711 && pids[1] == 4712);
        CHECK(rss[0] == 3072 * MIB && rss[1] == 20 * MIB);
        CHECK(strcmp(first, "python3") == 0 && strcmp(second, "b?[0m") == 0);
        CHECK(sd_bus_message_at_end(m, false) > 0);
        return 0;
}

static void test_details(_unused_ void **state) {
        need_root_to_be_others();
        as_user(0, sees_details_of_limits);
        as_user(0, sees_details_of_reset);
        as_user(0, sees_details_of_warning);
        as_user(0, sees_details_of_memory);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                ON_BOTH(test_get_slice),         ON_BOTH(test_bad_names),
                ON_BOTH(test_set_limits),        ON_BOTH(test_bad_limits),
                ON_BOTH(test_many_limits),       ON_BOTH(test_denied),
                ON_BOTH(test_reset_and_release), ON_BOTH(test_outcomes),
                ON_BOTH(test_shutting_down),     ON_BOTH(test_settings_and_problems),
                ON_BOTH(test_history),           ON_BOTH(test_events),
                ON_BOTH(test_details),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
