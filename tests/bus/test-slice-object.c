/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "bus/objects-host.h"

/* The objects of slices: what they say, and to whom. */

#define PROPERTIES     "org.freedesktop.DBus.Properties"
#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"
#define INTROSPECTABLE "org.freedesktop.DBus.Introspectable"

#define PATH(uid)  SLICE_PATH_PREFIX "/user_2d" uid "_2eslice"
#define ALICE_PATH PATH("1000")
#define CAROL_PATH PATH("1002")

static bool number_is(sd_bus *bus, const char *path, const char *property, uint64_t expected) {
        uint64_t value = 0;
        int r = sd_bus_get_property_trivial(bus, BUS_NAME, path, SLICE_INTERFACE, property, NULL, 't',
                                            &value);

        if (r < 0 || value != expected)
                fprintf(stderr, "%s of %s: %d, %llu\n", property, path, r, (unsigned long long) value);
        return r >= 0 && value == expected;
}

static bool flag_is(sd_bus *bus, const char *path, const char *property, bool expected) {
        int value;

        return sd_bus_get_property_trivial(bus, BUS_NAME, path, SLICE_INTERFACE, property, NULL, 'b',
                                           &value) >= 0 &&
               (bool) value == expected;
}

static bool text_is(sd_bus *bus, const char *path, const char *interface, const char *property,
                    const char *expected) {
        _cleanup_free_ char *value = NULL;

        return sd_bus_get_property_string(bus, BUS_NAME, path, interface, property, NULL, &value) >= 0 &&
               strcmp(value, expected) == 0;
}

static int reads_figures(void) {
        sd_bus *bus = objects_connect();
        uint32_t uid;

        CHECK(text_is(bus, ALICE_PATH, SLICE_INTERFACE, "Id", "user-1000.slice"));
        CHECK(text_is(bus, ALICE_PATH, SLICE_INTERFACE, "ControlGroup", "/user.slice/user-1000.slice"));
        CHECK(text_is(bus, ALICE_PATH, USER_SLICE_INTERFACE, "UserName", "alice"));
        CHECK(sd_bus_get_property_trivial(bus, BUS_NAME, ALICE_PATH, USER_SLICE_INTERFACE, "UID", NULL, 'u',
                                          &uid) >= 0);
        CHECK(uid == FAKE_ALICE);
        CHECK(flag_is(bus, ALICE_PATH, "Exempt", false) && flag_is(bus, PATH("1003"), "Exempt", true));
        CHECK(flag_is(bus, ALICE_PATH, "Active", true) && flag_is(bus, objects.own_path, "Active", false));
        CHECK(flag_is(bus, ALICE_PATH, "Throttled", true) &&
              flag_is(bus, objects.own_path, "Throttled", false));
        CHECK(number_is(bus, CAROL_PATH, "CPUUseUSecPerSec", 500000));
        CHECK(number_is(bus, CAROL_PATH, "CPUShareUSecPerSec", 1400000));
        CHECK(number_is(bus, CAROL_PATH, "CPUGuaranteedUSecPerSec", 500000));
        CHECK(text_is(bus, CAROL_PATH, SLICE_INTERFACE, "CPUHeldBy", "cpu-quota"));
        CHECK(text_is(bus, ALICE_PATH, SLICE_INTERFACE, "CPUHeldBy", "fair-share"));
        CHECK(number_is(bus, CAROL_PATH, "CPUHeldTimestamp", FAKE_NOW - 600 * USEC_PER_SEC));
        CHECK(number_is(bus, CAROL_PATH, "CPUQuotaPerSecUSec", 500000));
        CHECK(number_is(bus, CAROL_PATH, "CPUWeight", 200));
        CHECK(number_is(bus, CAROL_PATH, "MemoryMax", UINT64_C(4) << 30));
        CHECK(number_is(bus, ALICE_PATH, "MemoryHigh", UINT64_C(12) << 30));
        CHECK(number_is(bus, CAROL_PATH, "MemoryHigh", UINT64_MAX));
        CHECK(number_is(bus, CAROL_PATH, "MemorySwapMax", 0));
        CHECK(number_is(bus, CAROL_PATH, "CPUUsageNSec", UINT64_C(1800000000000)));
        CHECK(number_is(bus, CAROL_PATH, "CPUThrottledUSec", 640000000));
        CHECK(number_is(bus, CAROL_PATH, "MemoryCurrent", (UINT64_C(4) << 30) - (UINT64_C(100) << 20)));
        CHECK(number_is(bus, CAROL_PATH, "MemoryPeak", UINT64_C(4) << 30));
        CHECK(number_is(bus, CAROL_PATH, "OOMKills", 3));
        CHECK(number_is(bus, PATH("1003"), "OOMKills", UINT64_MAX));
        return 0;
}

static void test_figures(_unused_ void **state) {
        need_root_to_be_others();
        as_user(0, reads_figures);
}

static int reads_configured_limits(void) {
        sd_bus *bus = objects_connect();
        sd_bus_message *m = NULL;
        const char *names[] = { "CPUQuotaPerSecUSec", "CPUWeight", "MemoryMax", "MemorySwapMax" }, *name;
        const uint64_t values[] = { 500000, 200, UINT64_C(4) << 30, 0 };
        uint64_t value;

        CHECK(sd_bus_get_property(bus, BUS_NAME, CAROL_PATH, SLICE_INTERFACE, "ConfiguredLimits", NULL, &m,
                                  "a{st}") >= 0);
        CHECK(sd_bus_message_enter_container(m, 'a', "{st}") > 0);
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                CHECK(sd_bus_message_read(m, "{st}", &name, &value) > 0);
                CHECK(strcmp(name, names[i]) == 0 && value == values[i]);
        }
        CHECK(sd_bus_message_at_end(m, false) > 0);
        return 0;
}

static void test_configured_limits(_unused_ void **state) {
        need_root_to_be_others();
        as_user(0, reads_configured_limits);
}

/* The number of properties in the a{sv} that comes next; -1: something else. */
static int count_properties(sd_bus_message *m) {
        int n = 0;

        if (sd_bus_message_enter_container(m, 'a', "{sv}") < 0)
                return -1;
        while (sd_bus_message_at_end(m, false) == 0) {
                if (sd_bus_message_skip(m, "{sv}") < 0)
                        return -1;
                n++;
        }
        return sd_bus_message_exit_container(m) < 0 ? -1 : n;
}

#define SLICE_PROPERTIES      21
#define USER_SLICE_PROPERTIES 2

static int count_all(sd_bus *bus, const char *path, const char *interface) {
        sd_bus_message *m = NULL;

        if (sd_bus_call_method(bus, BUS_NAME, path, PROPERTIES, "GetAll", NULL, &m, "s", interface) < 0)
                return -1;
        return count_properties(m);
}

/* The owner, who is not root. */
static int reads_own(void) {
        sd_bus *bus = objects_connect();

        CHECK(text_is(bus, objects.own_path, USER_SLICE_INTERFACE, "UserName", ""));
        CHECK(number_is(bus, objects.own_path, "MemoryCurrent", 8 << 20));
        CHECK(count_all(bus, objects.own_path, SLICE_INTERFACE) == SLICE_PROPERTIES);
        CHECK(count_all(bus, objects.own_path, USER_SLICE_INTERFACE) == USER_SLICE_PROPERTIES);
        CHECK(count_all(bus, objects.own_path, "") == SLICE_PROPERTIES + USER_SLICE_PROPERTIES);
        return 0;
}

static const char *how(void) {
        return objects.on_bus ? ACTION_READ_OTHERS : "call this as root";
}

static int is_denied_others(void) {
        sd_bus *bus = objects_connect();

        CHECK(FAILS(bus, ALICE_PATH, PROPERTIES, "Get", SD_BUS_ERROR_ACCESS_DENIED, how(), "ss",
                    SLICE_INTERFACE, "MemoryCurrent"));
        CHECK(FAILS(bus, ALICE_PATH, PROPERTIES, "Get", SD_BUS_ERROR_ACCESS_DENIED, how(), "ss",
                    USER_SLICE_INTERFACE, "UserName"));
        CHECK(FAILS(bus, ALICE_PATH, PROPERTIES, "Get", SD_BUS_ERROR_ACCESS_DENIED, how(), "ss", "", "Id"));
        CHECK(FAILS(bus, ALICE_PATH, PROPERTIES, "GetAll", SD_BUS_ERROR_ACCESS_DENIED, how(), "s",
                    SLICE_INTERFACE));
        CHECK(FAILS(bus, ALICE_PATH, PROPERTIES, "GetAll", SD_BUS_ERROR_ACCESS_DENIED, how(), "s", ""));
        return 0;
}

static void test_owner(_unused_ void **state) {
        need_root_to_be_others();
        as_user(objects.own, reads_own);
        as_user(objects.own, is_denied_others);
        as_user(objects.stranger, is_denied_others);
}

/* What is behind these is not what somebody might think. */
static int asks_for_nonsense(void) {
        static const char *const paths[] = {
                PATH("4711"),
                SLICE_PATH_PREFIX "/user_2D1000_2eslice", /* another spelling */
                SLICE_PATH_PREFIX "/user_2d1000_2eslice_00",
                SLICE_PATH_PREFIX "/user_2d01000_2eslice",
                SLICE_PATH_PREFIX "/_2e_2e_2f_2e_2e",
                SLICE_PATH_PREFIX "/_",
                ALICE_PATH "/more",
        };
        sd_bus *bus = objects_connect();

        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                CHECK(FAILS(bus, paths[i], PROPERTIES, "Get", SD_BUS_ERROR_UNKNOWN_OBJECT, "", "ss",
                            SLICE_INTERFACE, "Id"));
                CHECK(FAILS(bus, paths[i], PROPERTIES, "GetAll", SD_BUS_ERROR_UNKNOWN_OBJECT, "", "s", ""));
                CHECK(FAILS(bus, paths[i], INTROSPECTABLE, "Introspect", SD_BUS_ERROR_UNKNOWN_OBJECT, "",
                            NULL));
        }
        CHECK(FAILS(bus, objects.own_path, PROPERTIES, "Get", SD_BUS_ERROR_UNKNOWN_PROPERTY, "", "ss",
                    SLICE_INTERFACE, "Rubbish"));
        CHECK(FAILS(bus, objects.own_path, PROPERTIES, "Get", SD_BUS_ERROR_UNKNOWN_PROPERTY, "", "ss",
                    SLICE_INTERFACE, "UID"));
        CHECK(FAILS(bus, objects.own_path, PROPERTIES, "Get", SD_BUS_ERROR_UNKNOWN_PROPERTY, "", "ss",
                    MANAGER_INTERFACE, "Version"));
        CHECK(FAILS(bus, objects.own_path, PROPERTIES, "GetAll", SD_BUS_ERROR_UNKNOWN_INTERFACE, "", "s",
                    "a.b"));
        CHECK(FAILS(bus, objects.own_path, PROPERTIES, "Get", SD_BUS_ERROR_INVALID_ARGS, "", "sss",
                    SLICE_INTERFACE, "Id", "more"));
        CHECK(FAILS(bus, objects.own_path, PROPERTIES, "Get", SD_BUS_ERROR_INVALID_ARGS, "", "su",
                    SLICE_INTERFACE, 7));
        CHECK(FAILS(bus, objects.own_path, PROPERTIES, "GetAll", SD_BUS_ERROR_INVALID_ARGS, "", NULL));
        CHECK(FAILS(bus, objects.own_path, PROPERTIES, "Set", SD_BUS_ERROR_PROPERTY_READ_ONLY, "", "ssv",
                    SLICE_INTERFACE, "MemoryMax", "t", UINT64_C(1)));
        CHECK(FAILS(bus, objects.own_path, SLICE_INTERFACE, "Rubbish", SD_BUS_ERROR_UNKNOWN_METHOD, "",
                    NULL));
        CHECK(FAILS(bus, objects.own_path, OBJECT_MANAGER, "GetManagedObjects", SD_BUS_ERROR_UNKNOWN_METHOD,
                    "", NULL));
        return 0;
}

static void test_nonsense(_unused_ void **state) {
        as_user(getuid() == 0 ? objects.own : getuid(), asks_for_nonsense);
}

static int introspects(void) {
        sd_bus *bus = objects_connect();
        sd_bus_message *m = NULL;
        const char *xml;

        CHECK(sd_bus_call_method(bus, BUS_NAME, SLICE_PATH_PREFIX, INTROSPECTABLE, "Introspect", NULL, &m,
                                 NULL) >= 0);
        CHECK(sd_bus_message_read(m, "s", &xml) > 0);
        CHECK(strstr(xml, "<node name=\"user_2d1000_2eslice\"/>"));
        CHECK(strstr(xml, "<node name=\"user_2d1002_2eslice\"/>"));
        CHECK(sd_bus_call_method(bus, BUS_NAME, ALICE_PATH, INTROSPECTABLE, "Introspect", NULL, &m, NULL) >=
              0);
        CHECK(sd_bus_message_read(m, "s", &xml) > 0);
        CHECK(strstr(xml, "<interface name=\"" SLICE_INTERFACE "\">"));
        CHECK(strstr(xml, "<interface name=\"" USER_SLICE_INTERFACE "\">"));
        return 0;
}

/* Is for everybody. */
static void test_introspection(_unused_ void **state) {
        as_user(getuid() == 0 ? objects.stranger : getuid(), introspects);
}

/* Returns how many objects there are, all of them whole; -1: something else. */
static int count_objects(sd_bus *bus, const char *only) {
        sd_bus_message *m = NULL;
        const char *path, *interface;
        int n = 0;

        if (sd_bus_call_method(bus, BUS_NAME, MANAGER_PATH, OBJECT_MANAGER, "GetManagedObjects", NULL, &m,
                               NULL) < 0 ||
            sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}") < 0)
                return -1;
        for (; sd_bus_message_enter_container(m, 'e', "oa{sa{sv}}") > 0; n++) {
                if (sd_bus_message_read(m, "o", &path) <= 0 || (only && strcmp(path, only) != 0) ||
                    sd_bus_message_enter_container(m, 'a', "{sa{sv}}") <= 0)
                        return -1;
                if (sd_bus_message_enter_container(m, 'e', "sa{sv}") <= 0 ||
                    sd_bus_message_read(m, "s", &interface) <= 0 ||
                    strcmp(interface, SLICE_INTERFACE) != 0 || count_properties(m) != SLICE_PROPERTIES ||
                    sd_bus_message_exit_container(m) < 0)
                        return -1;
                if (sd_bus_message_enter_container(m, 'e', "sa{sv}") <= 0 ||
                    sd_bus_message_read(m, "s", &interface) <= 0 ||
                    strcmp(interface, USER_SLICE_INTERFACE) != 0 ||
                    count_properties(m) != USER_SLICE_PROPERTIES || sd_bus_message_exit_container(m) < 0)
                        return -1;
                if (sd_bus_message_exit_container(m) < 0 || sd_bus_message_exit_container(m) < 0)
                        return -1;
        }
        return n;
}

static int sees_all_objects(void) {
        CHECK(count_objects(objects_connect(), NULL) == FAKE_USERS);
        return 0;
}

static int sees_own_object(void) {
        CHECK(count_objects(objects_connect(), objects.own_path) == 1);
        return 0;
}

static int sees_no_object(void) {
        CHECK(count_objects(objects_connect(), NULL) == 0);
        return 0;
}

static void test_managed_objects(_unused_ void **state) {
        need_root_to_be_others();
        as_user(0, sees_all_objects);
        as_user(objects.own, sees_own_object);
        as_user(objects.stranger, sees_no_object);
}

#define MANY 1000

static int sees_many_objects(void) {
        sd_bus *bus = objects_connect();
        usec_t begin = now_monotonic();

        CHECK(count_objects(bus, NULL) == MANY);
        fprintf(stderr, "GetManagedObjects() of %d slices: %u ms\n", MANY,
                (unsigned) ((now_monotonic() - begin) / USEC_PER_MSEC));
        return 0;
}

static void test_many_objects(_unused_ void **state) {
        need_root_to_be_others();
        objects.fake->many = MANY;
        as_user(0, sees_many_objects);
        as_user(objects.stranger, sees_no_object);
        assert_int_equal(objects.fake->rounds, 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                ON_BOTH(test_figures),      ON_BOTH(test_configured_limits), ON_BOTH(test_owner),
                ON_BOTH(test_nonsense),     ON_BOTH(test_introspection),     ON_BOTH(test_managed_objects),
                ON_BOTH(test_many_objects),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
