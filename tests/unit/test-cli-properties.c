/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Answers as a service of another version, or somebody else, may give them. */

#include <string.h>
#include <sys/socket.h>

#include "basic/bus-peer.h"
#include "cli/figures.h"
#include "unit.h"

/* Never gets beyond the handshake; messages are made and read all the same. */
static sd_bus *bus;
static int other_end = -1;

static int make_bus(_unused_ void **state) {
        int fds[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
        other_end = fds[1];
        assert_true(sd_bus_new(&bus) >= 0);
        assert_true(sd_bus_set_fd(bus, fds[0], fds[0]) >= 0);
        assert_true(sd_bus_start(bus) >= 0);
        return 0;
}

static int drop_bus(_unused_ void **state) {
        bus = sd_bus_close_unref(bus);
        other_end = safe_close(other_end);
        return 0;
}

static sd_bus_message *begin(void) {
        sd_bus_message *m = NULL;

        assert_true(sd_bus_message_new_method_call(bus, &m, NULL, "/x", "x.y", "Z") >= 0);
        assert_true(sd_bus_message_open_container(m, 'a', "{sv}") >= 0);
        return m;
}

static void end(sd_bus_message *m) {
        assert_true(sd_bus_message_close_container(m) >= 0);
        assert_true(sd_bus_message_seal(m, 1, 0) >= 0);
        assert_true(sd_bus_message_rewind(m, true) >= 0);
}

static void test_read(_unused_ void **state) {
        _cleanup_(bus_message_unrefp) sd_bus_message *m = begin();
        _cleanup_(slice_info_done) SliceInfo slice;
        _cleanup_free_ char *text = NULL;

        properties_init(slice_properties, &slice);
        assert_int_equal(slice.limits[LIMIT_MEMORY_MAX], UINT64_MAX);
        assert_int_equal(slice.uid, UID_INVALID);
        assert_true(sd_bus_message_append(m, "{sv}", "Id", "s", "first") >= 0);
        assert_true(sd_bus_message_append(m, "{sv}", "Id", "s", "user-1000.slice") >= 0);
        assert_true(sd_bus_message_append(m, "{sv}", "OfTheFuture", "a(st)", 1, "x", UINT64_C(1)) >= 0);
        assert_true(sd_bus_message_append(m, "{sv}", "Active", "b", 1) >= 0);
        assert_true(sd_bus_message_append(m, "{sv}", "UID", "u", 1000) >= 0);
        assert_true(sd_bus_message_append(m, "{sv}", "MemoryMax", "t", UINT64_C(4096)) >= 0);
        assert_true(sd_bus_message_append(m, "{sv}", "ConfiguredLimits", "a{st}", 3, "MemoryMax",
                                          UINT64_C(4096), "OfTheFuture", UINT64_C(1), "CPUQuotaPerSecUSec",
                                          UINT64_MAX) >= 0);
        end(m);
        assert_true(properties_read(m, slice_properties, &slice) >= 0);
        assert_string_equal(slice.id, "user-1000.slice");
        assert_true(slice.active && !slice.exempt);
        assert_int_equal(slice.uid, 1000);
        assert_int_equal(slice.limits[LIMIT_MEMORY_MAX], 4096);
        assert_int_equal(slice.limits[LIMIT_CPU_WEIGHT], UINT64_MAX);
        assert_int_equal(slice.configured.mask, 1U << LIMIT_MEMORY_MAX | 1U << LIMIT_CPU_QUOTA);
        for (const Property *p = slice_properties; p->name; p++)
                if (p->type == PROPERTY_LIMITS)
                        text = property_format(p, &slice);
        assert_string_equal(text, "CPUQuotaPerSecUSec=infinity MemoryMax=4096");
}

/* Each property with a value of another type. */
static void test_wrong_types(_unused_ void **state) {
        for (const Property *p = slice_properties; p->name; p++) {
                _cleanup_(bus_message_unrefp) sd_bus_message *m = begin();
                _cleanup_(slice_info_done) SliceInfo slice;

                properties_init(slice_properties, &slice);
                assert_true(sd_bus_message_append(m, "{sv}", "Id", "s", "user-1000.slice") >= 0);
                assert_true(sd_bus_message_append(m, "{sv}", p->name, "as", 1, "x") >= 0);
                end(m);
                assert_int_equal(properties_read(m, slice_properties, &slice), -EBADMSG);
        }
}

static void test_not_a_dictionary(_unused_ void **state) {
        _cleanup_(bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_(slice_info_done) SliceInfo slice;

        properties_init(slice_properties, &slice);
        assert_true(sd_bus_message_new_method_call(bus, &m, NULL, "/x", "x.y", "Z") >= 0);
        assert_true(sd_bus_message_append(m, "s", "no") >= 0);
        assert_true(sd_bus_message_seal(m, 1, 0) >= 0 && sd_bus_message_rewind(m, true) >= 0);
        assert_true(properties_read(m, slice_properties, &slice) < 0);
        assert_null(slice.id);
}

static void test_display(_unused_ void **state) {
        char id[] = "user-1000.slice", name[] = "alice", none[] = "", buffer[8];
        SliceInfo slice = { .id = id, .uid = 1000, .user_name = name };

        assert_string_equal(slice_info_display(&slice, buffer, sizeof buffer), "alice");
        slice.user_name = none;
        assert_string_equal(slice_info_display(&slice, buffer, sizeof buffer), "1000");
        slice.uid = UID_INVALID;
        assert_string_equal(slice_info_display(&slice, buffer, sizeof buffer), "user-10");
        slice.id = NULL;
        assert_string_equal(slice_info_display(&slice, buffer, sizeof buffer), "?");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_read),
                cmocka_unit_test(test_wrong_types),
                cmocka_unit_test(test_not_a_dictionary),
                cmocka_unit_test(test_display),
        };

        return cmocka_run_group_tests(tests, make_bus, drop_bus);
}
