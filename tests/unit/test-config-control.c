/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "config-tree.h"
#include "unit.h"

#define RAM      (UINT64_C(16) << 30)
#define GIBIBYTE (UINT64_C(1) << 30)

/* A configuration, and what was set over the bus above it. */
typedef struct Host {
        ControlDirs dirs;
        Config *config;
        Control *control;
        char *problems; /* of what was set over the bus */
} Host;

static void host_done(Host *host) {
        tree_close_control(&host->dirs);
        config_free(host->config);
        control_free(host->control);
        free(host->problems);
}

static Host host_load(const Tree *tree, const char *text) {
        Host host = { .dirs = tree_open_control(tree), .config = tree_load_good(tree, text) };

        host.control = tree_load_control(&host.dirs, host.config, &host.problems);
        return host;
}

static SliceConfig resolve(const Host *host, uid_t uid, const char *name) {
        User user = { .uid = uid, .name = (char *) name };
        SliceConfig slice;

        config_resolve(host->config, host->control, &user, RAM, &slice);
        return slice;
}

static uint64_t value(const Host *host, uid_t uid, const char *name, Limit limit) {
        return resolve(host, uid, name).limits.value[limit];
}

#define weight(host, uid, name) ((int) value((host), (uid), (name), LIMIT_CPU_WEIGHT))

static void test_nothing_set(void **state) {
        _cleanup_(host_done) Host host = host_load(*state, "[User 1000]\nCPUWeight=5\n");

        assert_string_equal(host.problems, "");
        assert_int_equal(weight(&host, 1000, NULL), 5);
}

static void test_precedence(void **state) {
        _cleanup_(host_done) Host host = {};

        tree_put(*state, RUNTIME_CONTROL "user-1000.slice.conf", "[User 1000]\nMemoryMax=1G\n");
        tree_put(*state, PERSISTENT_CONTROL "user-1000.slice.conf",
                 "[User 1000]\nMemoryMax=2G\nMemoryHigh=2G\nCPUQuota=infinity\n");
        host = host_load(*state,
                         "[User alice]\nMemoryMax=3G\nMemoryHigh=3G\nMemorySwapMax=3G\nCPUQuota=50%\n"
                         "[User 1000]\nCPUWeight=3\n");
        assert_string_equal(host.problems, "");
        assert_int_equal(value(&host, 1000, "alice", LIMIT_MEMORY_MAX), GIBIBYTE);
        assert_int_equal(value(&host, 1000, "alice", LIMIT_MEMORY_HIGH), 2 * GIBIBYTE);
        assert_int_equal(value(&host, 1000, "alice", LIMIT_MEMORY_SWAP_MAX), 3 * GIBIBYTE);
        assert_true(value(&host, 1000, "alice", LIMIT_CPU_QUOTA) == LIMIT_UNSET);
        assert_int_equal(weight(&host, 1000, "alice"), 3);
        assert_int_equal(value(&host, 1001, "alice", LIMIT_MEMORY_MAX), 3 * GIBIBYTE);
}

/* All that [User] allows may stand there; the plan is the configuration's. */
static void test_other_keys(void **state) {
        static const char conf[] =
                "[User 1000]\nPlan=one\n[Plan one]\nCPUWeight=1\n[Plan two]\nCPUWeight=2\n";
        _cleanup_(config_freep) Config *other = NULL;
        _cleanup_(host_done) Host host = {};

        tree_put(*state, PERSISTENT_CONTROL "50-mine.conf",
                 "[User alice]\nPlan=two\nMemoryStrict=yes\n[User 1001]\nPlan=none\n");
        host = host_load(*state, conf);
        assert_string_equal(host.problems,
                            "E /var/lib/fairslice/control.d/50-mine.conf:5: [User 1001] Plan=none: there is "
                            "no such plan; allowed is the NAME of a section [Plan NAME].\n");
        assert_int_equal(weight(&host, 1000, "alice"), 2);
        assert_true(resolve(&host, 1000, "alice").memory_strict);
        assert_int_equal(weight(&host, 1000, "bob"), 1);
        assert_int_equal(weight(&host, 1001, NULL), 100);

        /* It is found by its name, so the configuration can be another one. */
        other = TAKE_PTR(host.config);
        host.config = tree_load_good(*state, "[Plan two]\nCPUWeight=22\n");
        assert_int_equal(weight(&host, 1000, "alice"), 22);
        config_free(host.config);
        host.config = tree_load_good(*state, "[User 1000]\nPlan=one\n[Plan one]\nCPUWeight=11\n");
        assert_int_equal(weight(&host, 1000, "alice"), 11);
}

/* By name, and then the users' own. */
static void test_order_of_files(void **state) {
        _cleanup_(host_done) Host host = {};

        tree_put(*state, RUNTIME_CONTROL "a.conf", "[User 1000]\nCPUWeight=1\n");
        tree_put(*state, RUNTIME_CONTROL "b.conf", "[User alice]\nCPUWeight=2\n[User 1001]\nCPUWeight=2\n");
        tree_put(*state, RUNTIME_CONTROL "user-1001.slice.conf", "[User 1001]\nCPUWeight=3\n");
        tree_put(*state, RUNTIME_CONTROL "zz.conf", "[User 1001]\nCPUWeight=4\n[User 1002]\nCPUWeight=4\n");
        tree_put(*state, RUNTIME_CONTROL "user-01002.slice.conf", "[User 1002]\nCPUWeight=5\n");
        host = host_load(*state, "");
        assert_string_equal(host.problems, "");
        assert_int_equal(weight(&host, 1000, "alice"), 2);
        assert_int_equal(weight(&host, 1000, "bob"), 1);
        assert_int_equal(weight(&host, 1001, NULL), 3);
        assert_int_equal(weight(&host, 1002, NULL), 4); /* no slice has that name */
}

static void test_ignored_names(void **state) {
        static const char *const names[] = { ".conf",
                                             "..conf",
                                             ".#user-1000.slice.conf",
                                             ".user-1000.slice.conf",
                                             "user-1000.slice.conf~",
                                             "user-1000.slice",
                                             "conf",
                                             "README" };
        _cleanup_(host_done) Host host = {};

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                char path[128];

                snprintf(path, sizeof path, RUNTIME_CONTROL "%s", names[i]);
                tree_put(*state, path, "[User 1000]\nCPUWeight=1\nrubbish\n");
        }
        tree_put(*state, RUNTIME_CONTROL "sub/user-1000.slice.conf", "[User 1000]\nCPUWeight=1\n");
        host = host_load(*state, "");
        assert_string_equal(host.problems, "");
        assert_int_equal(weight(&host, 1000, NULL), 100);
}

static void test_wrong_sections(void **state) {
        _cleanup_(host_done) Host host = {};

        tree_put(*state, PERSISTENT_CONTROL "a.conf",
                 "[CPU]\nCPUWeight=1\n[Manager]\nObserve=yes\n[User 1000-1999]\nCPUWeight=1\n"
                 "[Group staff]\nCPUWeight=1\n[Plan p]\nCPUWeight=1\n[Usr 1000]\nCPUWeight=1\n[User]\n"
                 "CPUWeight=1\n[User 1000-1000]\nCPUWeight=7\nIntervalSec=1s\nCPUWeight=0\n");
        host = host_load(*state, "");
#define A "E /var/lib/fairslice/control.d/a.conf:"
#define C ": not in control.d, so the section is left out; allowed is [User UID] or [User NAME].\n"
        assert_string_equal(
                host.problems,
                A "1: [CPU]" C A "3: [Manager]" C A
                  "5: [User 1000-1999]: not a single user, so the section is left out; allowed is "
                  "[User UID] or [User NAME].\n" A "7: [Group staff]" C A "9: [Plan p]" C A
                  "11: [Usr 1000]: no such section, left out; did you mean [User …]?\n" A
                  "13: [User]: a name is missing, so the section is left out; allowed is [User UID] or "
                  "[User NAME].\n" A
                  "17: [User 1000-1000] IntervalSec=: does not belong here; it is set for the whole "
                  "host, in [Manager].\n" A
                  "18: [User 1000-1000] CPUWeight=0: out of range; allowed is a whole number from 1 to "
                  "10000.\n");
        assert_int_equal(weight(&host, 1000, NULL), 7);
        assert_int_equal(weight(&host, 1001, NULL), 100);
}

static void test_warnings(void **state) {
        _cleanup_(host_done) Host host = {};

        tree_put(*state, PERSISTENT_CONTROL "user-999.slice.conf",
                 "[User 999]\nMemoryMax=1G\nMemoryHigh=2G\n");
        host = host_load(*state, "");
        assert_string_equal(host.problems,
                            "W /var/lib/fairslice/control.d/user-999.slice.conf:3: [User 999] MemoryHigh=: "
                            "above MemoryMax=, so it never takes effect.\n"
                            "W /var/lib/fairslice/control.d/user-999.slice.conf:2: [User 999]: exempt by "
                            "MinUID=1000, so the section never takes effect.\n");
}

static void put_large(const Tree *tree, const char *path) {
        size_t size = (1 << 20) + 1;
        char *text = malloc(size);

        assert_non_null(text);
        memset(text, '\n', size);
        memcpy(text, "[User 1000]\nCPUWeight=1\n", 24);
        tree_put_bytes(tree, path, text, size);
        free(text);
}

static void put_socket(const ControlDirs *dirs, const char *name) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", dirs->runtime_fd, name);
        assert_int_equal(bind(fd, (struct sockaddr *) &address, sizeof address), 0);
        close(fd);
}

/* What is no file of text is told and left out, the rest is read. */
static void test_no_files(void **state) {
        _cleanup_(host_done) Host host = {};
        ControlDirs dirs = tree_open_control(*state);

        tree_mkdir(*state, RUNTIME_CONTROL "a.conf");
        tree_mkfifo(*state, RUNTIME_CONTROL "b.conf");
        tree_put(*state, "/etc/target", "[User 1000]\nCPUWeight=1\n");
        tree_link(*state, RUNTIME_CONTROL "c.conf", "../../../etc/target");
        tree_link(*state, RUNTIME_CONTROL "d.conf", "/dev/null");
        tree_link(*state, RUNTIME_CONTROL "user-1000.slice.conf", "../../../etc/target");
        put_large(*state, RUNTIME_CONTROL "e.conf");
        tree_put_bytes(*state, RUNTIME_CONTROL "f.conf", "[User 1000]\nCPUWeight=1\0\n", 25);
        put_socket(&dirs, "g.conf");
        tree_put(*state, RUNTIME_CONTROL "z\x1b\xff.conf", "[User 1000]\nrubbish\nCPUWeight=7\n");
        tree_close_control(&dirs);
        host = host_load(*state, "");
#define R "E /run/fairslice/control.d/"
        assert_string_equal(host.problems,
                            R "a.conf:0: Cannot be read: Not a regular file.\n" R
                              "b.conf:0: Cannot be read: Not a regular file.\n" R
                              "c.conf:0: Cannot be read: Links are not followed here.\n" R
                              "d.conf:0: Cannot be read: Links are not followed here.\n" R
                              "e.conf:0: The file is too large; allowed are 1048576 bytes.\n" R
                              "f.conf:2: The file has a NUL byte; allowed is text.\n" R
                              "g.conf:0: Cannot be read: Not a regular file.\n" R
                              "z??.conf:2: rubbish: not an assignment (Missing delimiter); allowed is "
                              "KEY=VALUE.\n" R
                              "user-1000.slice.conf:0: Cannot be read: Links are not followed here.\n");
        assert_int_equal(weight(&host, 1000, NULL), 7);
}

static void test_no_directories(void **state) {
        _cleanup_(config_freep) Config *config = tree_load_good(*state, "");
        ControlDirs dirs = { .runtime_fd = -1, .persistent_fd = -1 };
        _cleanup_(control_freep) Control *control = NULL, *other = NULL;
        _cleanup_free_ char *problems = NULL, *other_problems = NULL;

        control = tree_load_control(&dirs, config, &problems);
        assert_string_equal(problems, "");
        dirs = (ControlDirs){ .runtime_fd = open("/dev/null", O_RDONLY | O_CLOEXEC),
                              .runtime_path = "/run/x",
                              .persistent_fd = -1 };
        other = tree_load_control(&dirs, config, &other_problems);
        assert_string_equal(other_problems, "E /run/x:0: Cannot be read: Not a directory.\n");
        tree_close_control(&dirs);
}

static int print_value(const ConfigValue *setting, void *userdata) {
        if (setting->line > 0)
                fprintf(userdata, "%s=%s %s:%u\n", setting->key, setting->value, setting->file,
                        setting->line);
        return 0;
}

static void test_explain(void **state) {
        User user = { .uid = 1000, .name = (char *) "alice" };
        _cleanup_(host_done) Host host = {};
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);

        tree_put(*state, RUNTIME_CONTROL "user-1000.slice.conf", "\n[User 1000]\nMemoryMax=8G\nPlan=p\n");
        tree_put(*state, PERSISTENT_CONTROL "x\xff.conf", "[User alice]\nMemoryMax=1G\nMemoryHigh=12.5%\n");
        host = host_load(*state, "[CPU]\nCPUWeight=9\n[Plan p]\nMemorySwapMax=0\n");
        assert_int_equal(config_explain(host.config, host.control, &user, print_value, f), 0);
        fclose(f);
        assert_string_equal(text, "CPUWeight=9 " MAIN_CONF ":2\n"
                                  "MemoryMax=8G /run/fairslice/control.d/user-1000.slice.conf:3\n"
                                  "MemoryHigh=12.5% /var/lib/fairslice/control.d/x?.conf:3\n"
                                  "MemorySwapMax=0 " MAIN_CONF ":4\n"
                                  "Plan=p /run/fairslice/control.d/user-1000.slice.conf:4\n");
}

/* ---- against the rules, applied the slow way ---- */

enum { USERS = 8, KEYS = 4, LAYERS = 3, FILES = 3 };

static uint64_t expected[USERS][KEYS];

static const char *const key_names[KEYS] = { "CPUWeight", "MemoryMax", "CPUQuota", "MemorySwapMax" };
static const Limit key_limits[KEYS] = { LIMIT_CPU_WEIGHT, LIMIT_MEMORY_MAX, LIMIT_CPU_QUOTA,
                                        LIMIT_MEMORY_SWAP_MAX };

static const uint64_t key_units[KEYS] = { 1, GIBIBYTE, 10000, GIBIBYTE };
static const char *const key_suffixes[KEYS] = { "", "G", "%", "G" };

/* A file that says something of random users by their UID or name. What is read later counts, so the calls
 * go in that order; the number makes each value another one. */
static void put_random(const Tree *tree, const char *path, unsigned *seed, unsigned *number) {
        char *text = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);

        for (unsigned n = (unsigned) rand_r(seed) % 6; n > 0; n--) {
                unsigned user = (unsigned) rand_r(seed) % USERS, key = (unsigned) rand_r(seed) % KEYS;

                ++*number;
                fprintf(f, rand_r(seed) % 2 ? "[User %u]\n" : "[User name%u]\n", 1000 + user);
                fprintf(f, "%s=%u%s\n", key_names[key], *number, key_suffixes[key]);
                expected[user][key] = *number * key_units[key];
        }
        fclose(f);
        tree_put(tree, path, text);
        free(text);
}

static void check_random(const Tree *tree, unsigned *seed) {
        static const char *const layers[LAYERS] = { DROP_INS("/etc"), PERSISTENT_CONTROL, RUNTIME_CONTROL };
        static const char *const files[FILES] = { "10-a.conf", "zz.conf", "user-1000.slice.conf" };
        _cleanup_(host_done) Host host = {};
        unsigned number = 0;

        for (unsigned i = 0; i < USERS; i++)
                for (unsigned k = 0; k < KEYS; k++)
                        expected[i][k] = k == 0 ? 100 : LIMIT_UNSET;
        for (unsigned l = 0; l < LAYERS; l++)
                for (unsigned i = 0; i < FILES; i++) {
                        char path[128];

                        snprintf(path, sizeof path, "%s%s", layers[l],
                                 l == 0 && i == 2 ? "zzz.conf" : files[i]);
                        put_random(tree, path, seed, &number);
                }
        host = host_load(tree, "");
        for (unsigned i = 0; i < USERS; i++)
                for (unsigned k = 0; k < KEYS; k++) {
                        char name[16];

                        snprintf(name, sizeof name, "name%u", 1000 + i);
                        assert_true(value(&host, 1000 + i, name, key_limits[k]) == expected[i][k]);
                }
}

static void test_random(void **state) {
        unsigned seed = 1;

        for (unsigned i = 0; i < 60; i++)
                check_random(*state, &seed);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_nothing_set),    TEST(test_precedence),    TEST(test_other_keys),
                TEST(test_order_of_files), TEST(test_ignored_names), TEST(test_wrong_sections),
                TEST(test_warnings),       TEST(test_no_files),      TEST(test_no_directories),
                TEST(test_explain),        TEST(test_random),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
