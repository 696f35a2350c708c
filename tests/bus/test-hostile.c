/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "basic/bus-peer.h"
#include "bus/budget.h"
#include "bus/objects-host.h"

/* Callers who mean no good. Whatever they send, they get an answer or are dropped, and others are served. */

#define PROPERTIES "org.freedesktop.DBus.Properties"
#define INVALID    SD_BUS_ERROR_INVALID_ARGS

static int is_served(void) {
        sd_bus *bus = objects_connect();

        CHECK(sd_bus_call_method(bus, MANAGER, "ListSlices", NULL, NULL, NULL) >= 0);
        CHECK(sd_bus_call_method(bus, MANAGER, "GetSlice", NULL, NULL, "s", objects.own_slice) >= 0);
        return 0;
}

static void expect_service(void) {
        as_user(objects.own, is_served);
}

/* ---- who asks for too much ---- */

#define MANY_LOOKS 8640U
/* As many as there is a budget for, also if that takes ten seconds. */
#define ANSWERS_MAX ((BUDGET_VALUES + 10 * BUDGET_VALUES_PER_SEC) / (5 * MANY_LOOKS) + 1)

/* Asks until it is refused. */
static int asks_too_often(sd_bus *bus, unsigned max, const char *path, const char *interface,
                          const char *member, const char *types, ...) {
        for (unsigned i = 0; i < max; i++) {
                _cleanup_(bus_message_unrefp) sd_bus_message *m = NULL;
                sd_bus_error error = SD_BUS_ERROR_NULL;
                va_list ap;
                int r;

                CHECK(sd_bus_message_new_method_call(bus, &m, BUS_NAME, path, interface, member) >= 0);
                va_start(ap, types);
                CHECK(sd_bus_message_appendv(m, types, ap) >= 0);
                va_end(ap);
                r = sd_bus_call(bus, m, 0, &error, NULL);
                if (r < 0) {
                        CHECK(sd_bus_error_has_name(&error, SD_BUS_ERROR_LIMITS_EXCEEDED));
                        sd_bus_error_free(&error);
                        return 0;
                }
        }
        fprintf(stderr, "%s was never refused.\n", member);
        return 1;
}

static int asks_for_history(void) {
        return asks_too_often(objects_connect(), ANSWERS_MAX, MANAGER_PATH, MANAGER_INTERFACE, "GetHistory",
                              "st", "", UINT64_C(0));
}

/* Whoever is connected again is the same user. */
static int asks_on_two_connections(void) {
        CHECK(asks_for_history() == 0);
        /* With a budget of its own it would get more. */
        return asks_too_often(objects_connect(), BUDGET_VALUES / (5 * MANY_LOOKS) - 5, MANAGER_PATH,
                              MANAGER_INTERFACE, "GetHistory", "st", "", UINT64_C(0));
}

static void test_history_is_asked_for_too_often(_unused_ void **state) {
        need_root_to_be_others();
        objects.fake->looks = MANY_LOOKS;
        as_user(objects.stranger, asks_on_two_connections);
        expect_service();
        as_user(0, is_served);
}

static int introspects(void) {
        return asks_too_often(objects_connect(), (BUDGET_VALUES + 20 * BUDGET_VALUES_PER_SEC) / 5000 + 10,
                              MANAGER_PATH "/slice", "org.freedesktop.DBus.Introspectable", "Introspect",
                              "");
}

static void test_introspects_too_often(_unused_ void **state) {
        need_root_to_be_others();
        objects.fake->many = 1000;
        as_user(objects.stranger, introspects);
        objects.fake->many = 0;
        expect_service();
}

/* One who may see only what is their own does not make the service look at everybody. */
static int lists(void) {
        sd_bus *bus = objects_connect();

        CHECK(sd_bus_call_method(bus, MANAGER, "ListSlices", NULL, NULL, NULL) >= 0);
        CHECK(sd_bus_call_method(bus, BUS_NAME, MANAGER_PATH, "org.freedesktop.DBus.ObjectManager",
                                 "GetManagedObjects", NULL, NULL, NULL) >= 0);
        return 0;
}

static void test_own_slices_cost_no_round(_unused_ void **state) {
        need_root_to_be_others();
        as_user(objects.own, lists);
        assert_int_equal(objects.fake->rounds, 0);
        as_user(0, lists);
        assert_int_equal(objects.fake->rounds, 2);
}

/* ---- who sends what is not asked for ---- */

/* The length of the type that begins there. */
static size_t type_length(const char *types) {
        size_t depth = 0, n = 0;

        if (*types == 'a')
                return 1 + type_length(types + 1);
        do {
                depth += types[n] == '(' || types[n] == '{';
                depth -= types[n] == ')' || types[n] == '}';
                n++;
        } while (depth > 0);
        return n;
}

static int append_one(sd_bus_message *m, const char *types) {
        static const uint64_t one[2] = { 1 };
        char contents[256];

        switch (*types) {
        case 'a':
                snprintf(contents, sizeof contents, "%.*s", (int) type_length(types + 1), types + 1);
                if (sd_bus_message_open_container(m, 'a', contents) < 0)
                        return -EINVAL;
                return sd_bus_message_close_container(m);
        case 'v':
                return sd_bus_message_append(m, "v", "s", "");
        case 's':
                return sd_bus_message_append(m, "s", "user-1.slice");
        case 'o':
                return sd_bus_message_append(m, "o", "/");
        case 'g':
                return sd_bus_message_append(m, "g", "");
        default:
                return sd_bus_message_append_basic(m, *types, one);
        }
}

static int append(sd_bus_message *m, const char *types) {
        int r = 0;

        while (*types && r >= 0) {
                r = append_one(m, types);
                types += type_length(types);
        }
        return r;
}

static const char *const signatures[] = {
        "",
        "s",
        "u",
        "t",
        "b",
        "o",
        "g",
        "v",
        "d",
        "y",
        "n",
        "st",
        "ss",
        "ssv",
        "ay",
        "as",
        "a{sv}",
        "a(ss)",
        "aay",
        "sa{sv}",
        "sa{sv}b",
        "ts",
        "sa{sv}bb",
        "sa{sb}b",
        "a{oa{sa{sv}}}",
        "ssss",
        "tttttttttttttttt",
};

/* Anything but the right types is refused; the right ones may be. What is about properties names an
 * interface that is none: sd-bus looks at that first. */
static int calls_with_all_types(sd_bus *bus, const char *path, const char *interface, const char *member,
                                const char *right) {
        for (size_t i = 0; i < ELEMENTSOF(signatures); i++) {
                _cleanup_(bus_message_unrefp) sd_bus_message *m = NULL;
                sd_bus_error error = SD_BUS_ERROR_NULL;
                bool refused;

                CHECK(sd_bus_message_new_method_call(bus, &m, BUS_NAME, path, interface, member) >= 0);
                CHECK(append(m, signatures[i]) >= 0);
                refused = sd_bus_call(bus, m, 0, &error, NULL) < 0 &&
                          (sd_bus_error_has_name(&error, INVALID) || strcmp(interface, PROPERTIES) == 0);
                sd_bus_error_free(&error);
                if (refused || strcmp(signatures[i], right) == 0)
                        continue;
                fprintf(stderr, "%s.%s of %s takes '%s'.\n", interface, member, path, signatures[i]);
                return 1;
        }
        return 0;
}

/* The next attribute of this name in the text, which it is cut out of. */
static char *attribute(char **text, const char *before) {
        char *begin = strstr(*text, before), *end;

        if (!begin)
                return NULL;
        begin += strlen(before);
        end = strchr(begin, '"');
        *end = '\0';
        *text = end + 1;
        return begin;
}

/* Of one method: until the next element that is no argument. The attributes come in any order. */
static void read_signature(char **text, char signature[static 64]) {
        signature[0] = '\0';
        for (;;) {
                char *argument = *text + strcspn(*text, "<"), *end = argument + strcspn(argument, ">");

                if (strncmp(argument, "<arg ", 5) != 0)
                        return;
                *end = '\0';
                *text = end + 1;
                if (strstr(argument, "direction=\"in\""))
                        strncat(signature, attribute(&argument, "type=\""), 63 - strlen(signature));
        }
}

static int calls_methods(sd_bus *bus, const char *path, const char *interface, char *text) {
        char *member, signature[64];

        while ((member = attribute(&text, "<method name=\""))) {
                text += strcspn(text, ">") + 1;
                read_signature(&text, signature);
                CHECK(calls_with_all_types(bus, path, interface, member, signature) == 0);
        }
        return 0;
}

/* Cuts the XML into interfaces. */
static int calls_all_methods_of(sd_bus *bus, const char *path) {
        _cleanup_(bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_free_ char *xml = NULL;
        char *rest, *interface, *end;
        unsigned n = 0;
        const char *text;

        CHECK(sd_bus_call_method(bus, BUS_NAME, path, "org.freedesktop.DBus.Introspectable", "Introspect",
                                 NULL, &m, NULL) >= 0);
        CHECK(sd_bus_message_read(m, "s", &text) > 0);
        rest = xml = strdup(text);
        while ((interface = attribute(&rest, "<interface name=\""))) {
                end = strstr(rest, "</interface>");
                *end = '\0';
                /* Of Ping and GetMachineId sd-bus lets any be. */
                if (strcmp(interface, "org.freedesktop.DBus.Peer") != 0)
                        CHECK(calls_methods(bus, path, interface, rest) == 0);
                rest = end + 1;
                n++;
        }
        CHECK(n >= 4);
        return 0;
}

static int calls_everything(void) {
        sd_bus *bus = objects_connect();

        CHECK(calls_all_methods_of(bus, MANAGER_PATH) == 0);
        return calls_all_methods_of(bus, objects.own_path);
}

static void test_arguments_of_all_types(_unused_ void **state) {
        need_root_to_be_others();
        as_user(objects.own, calls_everything);
        assert_int_equal(objects.fake->sets + objects.fake->resets + objects.fake->reloads, 0);
        expect_service();
}

static int sets_properties(void) {
        static const char *const property[] = { "Version", "Contended", "Backend", "Observing" };
        sd_bus *bus = objects_connect();

        for (size_t i = 0; i < ELEMENTSOF(property); i++)
                CHECK(FAILS(bus, MANAGER_PATH, PROPERTIES, "Set", SD_BUS_ERROR_PROPERTY_READ_ONLY, "", "ssv",
                            MANAGER_INTERFACE, property[i], "s", "mine"));
        CHECK(FAILS(bus, objects.own_path, PROPERTIES, "Set", SD_BUS_ERROR_PROPERTY_READ_ONLY, "", "ssv",
                    SLICE_INTERFACE, "MemoryMax", "t", UINT64_MAX));
        CHECK(FAILS(bus, objects.own_path, PROPERTIES, "Set", SD_BUS_ERROR_PROPERTY_READ_ONLY, "", "ssv",
                    USER_SLICE_INTERFACE, "UID", "u", 0));
        return 0;
}

static void test_properties_are_not_set(_unused_ void **state) {
        need_root_to_be_others();
        as_user(0, sets_properties);
}

static int asks_about_odd_objects(void) {
        static const char *const path[] = {
                "/",
                "/org",
                "/org/fairslice1/slice",
                "/org/fairslice1/slice/_",
                "/org/fairslice1/slice/_00",
                "/org/fairslice1/slice/_2e_2e",
                "/org/fairslice1/slice/user_2D1000_2eslice",
                "/org/fairslice1/slice/user_2d1000_2eslice/x",
                "/org/fairslice1/slice/_2f_2e_2e_2fetc_2fpasswd",
        };
        sd_bus *bus = objects_connect();

        for (size_t i = 0; i < ELEMENTSOF(path); i++) {
                CHECK(sd_bus_call_method(bus, BUS_NAME, path[i], PROPERTIES, "GetAll", NULL, NULL, "s",
                                         SLICE_INTERFACE) < 0);
                CHECK(sd_bus_call_method(bus, BUS_NAME, path[i], MANAGER_INTERFACE, "Reload", NULL, NULL,
                                         NULL) < 0);
        }
        return 0;
}

static void test_odd_objects(_unused_ void **state) {
        need_root_to_be_others();
        as_user(0, asks_about_odd_objects);
        assert_int_equal(objects.fake->reloads, 0);
}

/* ---- who sends a lot ---- */

#define ENTRIES 100000U

static int append_dictionary(sd_bus_message *m, const char *key) {
        int r = sd_bus_message_append(m, "s", "user-1.slice");

        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{sv}");
        for (unsigned i = 0; i < ENTRIES && r >= 0; i++)
                r = sd_bus_message_append(m, "{sv}", key, "t", UINT64_C(100));
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_append(m, "b", true);
}

static int append_bytes(sd_bus_message *m, const char *text) {
        size_t size = strtoul(text, NULL, 10);
        void *space;
        int r = sd_bus_message_append_array_space(m, 'y', size, &space);

        if (r >= 0)
                memset(space, 'x', size);
        return r;
}

static int append_text(sd_bus_message *m, const char *text) {
        _cleanup_free_ char *value = calloc(1, strtoul(text, NULL, 10) + 1);

        if (!value)
                return -ENOMEM;
        memset(value, 'x', strtoul(text, NULL, 10));
        return sd_bus_message_append(m, "s", value);
}

/* On the socket it is dropped, on the bus it is told. */
static int sends_a_lot(void) {
        static const struct {
                const char *member;
                int (*append)(sd_bus_message *m, const char *value);
                const char *value;
        } lots[] = {
                { "SetLimits", append_dictionary, "CPUWeight" }, { "SetLimits", append_dictionary, "X" },
                { "GetSlice", append_text, "1048576" },          { "ResetLimits", append_text, "1048576" },
                { "GetSlice", append_bytes, "16777216" },        { "Check", append_bytes, "33000000" },
        };

        for (size_t i = 0; i < ELEMENTSOF(lots); i++) {
                _cleanup_(bus_message_unrefp) sd_bus_message *m = NULL;
                sd_bus_error error = SD_BUS_ERROR_NULL;
                sd_bus *bus = objects_connect();

                CHECK(sd_bus_message_new_method_call(bus, &m, BUS_NAME, MANAGER_PATH, MANAGER_INTERFACE,
                                                     lots[i].member) >= 0);
                CHECK(lots[i].append(m, lots[i].value) >= 0);
                /* dbus-daemon takes its time with some of them. */
                CHECK(sd_bus_call(bus, m, USEC_INFINITY, &error, NULL) < 0);
                CHECK(!objects.on_bus || sd_bus_error_has_name(&error, INVALID));
                sd_bus_error_free(&error);
        }
        return 0;
}

static void test_large_messages(_unused_ void **state) {
        need_root_to_be_others();
        as_user(objects.stranger, sends_a_lot);
        assert_int_equal(objects.fake->sets + objects.fake->resets, 0);
        expect_service();
}

#define ON_BUS(f) cmocka_unit_test_setup_teardown(f, objects_setup_on_bus, objects_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                ON_BUS(test_history_is_asked_for_too_often),
                ON_BUS(test_introspects_too_often),
                ON_BOTH(test_own_slices_cost_no_round),
                ON_BOTH(test_arguments_of_all_types),
                ON_BOTH(test_properties_are_not_set),
                ON_BOTH(test_odd_objects),
                ON_BOTH(test_large_messages),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
