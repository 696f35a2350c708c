/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "report/event-json.h"

#include <string.h>

#include "unit.h"

#define TIME (UINT64_C(1767268620) * USEC_PER_SEC + 250000)
#define HEAD "{\"time\":\"2026-01-01T11:57:00.250000Z\",\"event\":"

static void expect(const Event *event, const char *user, const char *expected) {
        _cleanup_free_ char *line = event_to_json(event, user);

        assert_non_null(line);
        assert_string_equal(line, expected);
}

static void test_host(_unused_ void **state) {
        Event event = {
                .time = TIME, .id = 7, .kind = EVENT_CONTENDED, .uid = UID_INVALID, .by = UID_INVALID
        };

        expect(&event, NULL, HEAD "\"contended\",\"id\":7}\n");
        event.kind = EVENT_RELEASED;
        event.by = 0;
        expect(&event, NULL, HEAD "\"released\",\"id\":7,\"by\":0}\n");
}

static void test_fair_share(_unused_ void **state) {
        Event event = { .time = TIME,
                        .kind = EVENT_FAIR_SHARE,
                        .slice = "user-1000.slice",
                        .uid = 1000,
                        .by = UID_INVALID,
                        .quota = 1500000 };

        expect(&event, "alice",
               HEAD "\"fair-share\",\"slice\":\"user-1000.slice\",\"uid\":1000,\"user\":\"alice\","
                    "\"quota\":1500000}\n");
        event.kind = EVENT_FAIR_SHARE_ENDED;
        expect(&event, NULL, HEAD "\"fair-share-ended\",\"slice\":\"user-1000.slice\",\"uid\":1000}\n");
}

static void test_limits(_unused_ void **state) {
        Event event = { .time = TIME,
                        .id = 1,
                        .kind = EVENT_LIMITS_SET,
                        .slice = "user-1000.slice",
                        .uid = 1000,
                        .by = 0,
                        .runtime = true,
                        .mask = 1U << LIMIT_CPU_QUOTA | 1U << LIMIT_MEMORY_MAX,
                        .limits = { .value = { 500000, 1, LIMIT_UNSET, 1, 1 } } };

        expect(&event, NULL,
               HEAD "\"limits-set\",\"id\":1,\"slice\":\"user-1000.slice\",\"uid\":1000,"
                    "\"CPUQuotaPerSecUSec\":500000,\"MemoryMax\":null,\"runtime\":true,\"by\":0}\n");
}

static void test_out_of_memory(_unused_ void **state) {
        OomEvent oom;
        Event event;

        oom_event_init(&oom, "user-1000.slice");
        event = event_from_oom(&oom);
        event.time = TIME;
        event.id = 2;
        expect(&event, NULL,
               HEAD "\"out-of-memory\",\"id\":2,\"slice\":\"user-1000.slice\",\"uid\":1000,\"kills\":0,"
                    "\"hits\":0,\"cause\":\"unknown\",\"late\":false,\"victims\":[],\"processes\":[],"
                    "\"processes_incomplete\":false}\n");
        oom.kills = 2;
        oom.hits = 3;
        oom.cause = OOM_CAUSE_SLICE;
        oom.late = oom.memory_max_known = true;
        oom.memory_max = LIMIT_UNSET;
        oom.memory_current = 5;
        oom.memory_peak = 6;
        oom.victims[0] = (OomVictim){ .pid = 1, .comm = "a\"\\\n" };
        oom.victims[1] = (OomVictim){ .pid = 2, .comm = "" };
        oom.n_victims = 2;
        event.oom = oom;
        event.processes = (LargeProcesses){ .process = { { 3, 9, "x" }, { 4, 8, "y" } },
                                            .count = 2,
                                            .incomplete = true };
        expect(&event, "a",
               HEAD
               "\"out-of-memory\",\"id\":2,\"slice\":\"user-1000.slice\",\"uid\":1000,\"user\":\"a\","
               "\"kills\":2,\"hits\":3,\"cause\":\"slice\",\"late\":true,\"memory_max\":null,"
               "\"memory_current\":5,\"memory_peak\":6,"
               "\"victims\":[{\"pid\":1,\"comm\":\"a\\\"\\\\\\u000a\"},{\"pid\":2,\"comm\":\"\"}],"
               "\"processes\":[{\"pid\":3,\"rss\":9,\"comm\":\"x\"},{\"pid\":4,\"rss\":8,\"comm\":\"y\"}],"
               "\"processes_incomplete\":true}\n");
}

static void test_warning(_unused_ void **state) {
        const MemoryWarning warning = { .percent = 75, .used = 76, .current = 80, .max = 100 };
        Event event = event_from_memory_warning(&warning, "user-1000.slice", 1000);

        event.time = TIME;
        event.id = 3;
        expect(&event, NULL,
               HEAD "\"memory-warning\",\"id\":3,\"slice\":\"user-1000.slice\",\"uid\":1000,\"percent\":75,"
                    "\"memory_used\":76,\"memory_current\":80,\"memory_max\":100,\"processes\":[],"
                    "\"processes_incomplete\":false}\n");
}

static void expect_as_string(const char *text, const char *expected) {
        char *found = NULL;
        size_t length;
        FILE *f = open_memstream(&found, &length);

        assert_non_null(f);
        json_write_string(f, text);
        assert_int_equal(fclose(f), 0);
        assert_string_equal(found, expected);
        free(found);
}

static void test_strings(_unused_ void **state) {
        expect_as_string("", "\"\"");
        expect_as_string("\x01\t\x1b[31m\x7f", "\"\\u0001\\u0009\\u001b[31m\\u007f\"");
        expect_as_string("\xc3\xa9\xf0\x9f\x98\x80/", "\"\xc3\xa9\xf0\x9f\x98\x80/\"");
        expect_as_string("\xff\xc2\x9b\xc3", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
}

/* Whatever the clock says. */
static void test_times(_unused_ void **state) {
        Event event = { .time = 0, .kind = EVENT_ROOM, .uid = UID_INVALID, .by = UID_INVALID };

        expect(&event, NULL, "{\"time\":\"1970-01-01T00:00:00.000000Z\",\"event\":\"room\"}\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_host),    cmocka_unit_test(test_fair_share),
                cmocka_unit_test(test_limits),  cmocka_unit_test(test_out_of_memory),
                cmocka_unit_test(test_warning), cmocka_unit_test(test_strings),
                cmocka_unit_test(test_times),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
