/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is left when the disk fails, or the host crashes, at each place in turn. */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "config-tree.h"
#include "fate.h"
#include "unit.h"

#define MEBIBYTE (UINT64_C(1) << 20)
#define GIBIBYTE (UINT64_C(1) << 30)
#define RUNTIME  RUNTIME_CONTROL "user-1000.slice.conf"
#define PERSIST  PERSISTENT_CONTROL "user-1000.slice.conf"
#define COMMENT                                                           \
        "# Limits of the user with UID 1000 that were set with "          \
        "fairslicectl. To undo them:\n# \"fairslicectl reset 1000\", or " \
        "remove this file.\n"

/* ---- help ---- */

static const LimitSetting max_8g = { LIMIT_MEMORY_MAX, 8 * GIBIBYTE, false };

static void set(const Tree *tree, bool runtime, const LimitSetting *settings, size_t n) {
        ControlDirs dirs = tree_open_control(tree);

        assert_int_equal(control_set(&dirs, 1000, settings, n, runtime), 0);
        tree_close_control(&dirs);
}

static int try_set(const Tree *tree, bool runtime, const LimitSetting *settings, size_t n) {
        ControlDirs dirs = tree_open_control(tree);
        int r = control_set(&dirs, 1000, settings, n, runtime);

        tree_close_control(&dirs);
        return r;
}

static int reset(const Tree *tree) {
        ControlDirs dirs = tree_open_control(tree);
        int r = control_reset(&dirs, 1000);

        tree_close_control(&dirs);
        return r;
}

static void check_text(const Tree *tree, const char *path, const char *wanted) {
        _cleanup_free_ char *text = tree_get(tree, path);

        if (wanted)
                assert_string_equal(text ?: "(none)", wanted);
        else
                assert_null(text);
}

/* What is in force for the user. */
static Limits in_force(const Tree *tree, uint64_t ram) {
        _cleanup_(config_freep) Config *config = tree_load_good(tree, "");
        _cleanup_(control_freep) Control *control = NULL;
        _cleanup_free_ char *problems = NULL;
        ControlDirs dirs = tree_open_control(tree);
        User user = { .uid = 1000 };
        SliceConfig slice;

        control = tree_load_control(&dirs, config, &problems);
        tree_close_control(&dirs);
        config_resolve(config, control, &user, ram, &slice);
        return slice.limits;
}

/* ---- the text ---- */

static void test_new_file(void **state) {
        const LimitSetting settings[] = {
                { LIMIT_MEMORY_HIGH, 2500, true },
                { LIMIT_CPU_QUOTA, 1500000, false },
                { LIMIT_MEMORY_SWAP_MAX, LIMIT_UNSET, false },
                { LIMIT_CPU_WEIGHT, 50, false },
        };
        mode_t mask = umask(077);
        struct stat st;

        set(*state, false, settings, ELEMENTSOF(settings));
        umask(mask);
        check_text(*state, PERSIST,
                   COMMENT
                   "[User 1000]\nCPUQuota=150%\nCPUWeight=50\nMemoryHigh=25%\nMemorySwapMax=infinity\n");
        check_text(*state, RUNTIME, NULL);
        assert_int_equal(fstatat(((Tree *) *state)->fd, &PERSIST[1], &st, 0), 0);
        assert_int_equal(st.st_mode & 07777, 0644);
        set(*state, true, &max_8g, 1);
        check_text(*state, RUNTIME, COMMENT "[User 1000]\nMemoryMax=8G\n");
}

static void test_edited(void **state) {
        static const struct {
                const char *old, *new; /* after MemoryMax=8G was set */
        } cases[] = {
                { "", COMMENT "[User 1000]\nMemoryMax=8G\n" },
                { "[User 1000]\nMemoryMax=1G\n", "[User 1000]\nMemoryMax=8G\n" },
                { "[User 1000]\nMemoryMax=1G", "[User 1000]\nMemoryMax=8G\n" },
                { "# mine\n\n[User 1000]\n# why\n MemoryMax = 1G # ticket 5\nCPUWeight=5 # x\n\n",
                  "# mine\n\n[User 1000]\n# why\nMemoryMax=8G # ticket 5\nCPUWeight=5 # x\n\n" },
                { "[User 1000]\nCPUWeight=5", "[User 1000]\nCPUWeight=5\nMemoryMax=8G\n" },
                /* Mistakes stay and are told. */
                { "[User 1000]\nrubbish\nMemoryMaxx=1G\n[CPU\nMemoryMax=1G\n",
                  "[User 1000]\nrubbish\nMemoryMaxx=1G\n[CPU\nMemoryMax=1G\n\n[User 1000]\nMemoryMax=8G\n" },
                { "MemoryMax=1G\n", "MemoryMax=1G\n\n[User 1000]\nMemoryMax=8G\n" },
                { "[User 1000]\nMemoryMax=x\n", "[User 1000]\nMemoryMax=8G\n" },
                /* What is said later would win. */
                { "[User 1000]\nMemoryMax=1G\n[User alice]\nMemoryMax=2G\n",
                  "[User 1000]\n[User alice]\nMemoryMax=2G\n\n[User 1000]\nMemoryMax=8G\n" },
                { "[User 1000]\nMemoryMax=1G\n[User 1000-1000]\nMemoryMax=2G\nMemoryMax=\nCPUWeight=5\n",
                  "[User 1000]\n[User 1000-1000]\nMemoryMax=8G\nCPUWeight=5\n" },
                { "[User 1001]\nMemoryMax=1G\n",
                  "[User 1001]\nMemoryMax=1G\n\n[User 1000]\nMemoryMax=8G\n" },
                { "\xef\xbb\xbf[User 1000]\r\nMemoryMax=1G\r\n",
                  "\xef\xbb\xbf[User 1000]\r\nMemoryMax=8G\n" },
                { "\n\n", "\n\n\n[User 1000]\nMemoryMax=8G\n" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                tree_put(*state, PERSIST, cases[i].old);
                set(*state, false, &max_8g, 1);
                check_text(*state, PERSIST, cases[i].new);
                assert_int_equal(in_force(*state, 0).value[LIMIT_MEMORY_MAX], 8 * GIBIBYTE);
                set(*state, false, &max_8g, 1);
                check_text(*state, PERSIST, cases[i].new);
        }
}

/* For good takes the keys out of the file for now. */
static void test_for_now_goes(void **state) {
        static const struct {
                const char *old, *new; /* after MemoryMax= was set for good */
        } cases[] = {
                { COMMENT "[User 1000]\nMemoryMax=1G\n", NULL },
                { "\n[User 1000]\nMemoryMax=1G\n\n[User 1000]\n  MemoryMax=2G\n", NULL },
                { COMMENT "[User 1000]\nMemoryMax=1G\nMemoryHigh=1G\n",
                  COMMENT "[User 1000]\nMemoryHigh=1G\n" },
                { "# mine\n[User 1000]\nMemoryMax=1G # x\n", "# mine\n[User 1000]\n" },
                { "[User 1000]\nMemoryMax=1G\n[User alice]\n", "[User 1000]\n[User alice]\n" },
                { "[User 1000]\nrubbish\nMemoryMax=1G\n", "[User 1000]\nrubbish\n" },
                { "[User 1000]\nCPUWeight=1\n", "[User 1000]\nCPUWeight=1\n" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                tree_put(*state, RUNTIME, cases[i].old);
                set(*state, false, &max_8g, 1);
                check_text(*state, RUNTIME, cases[i].new);
                assert_int_equal(in_force(*state, 0).value[LIMIT_MEMORY_MAX], 8 * GIBIBYTE);
        }
}

static void test_nothing_to_set(void **state) {
        set(*state, false, NULL, 0);
        check_text(*state, PERSIST, NULL);
}

/* ---- what is refused ---- */

static int check(Limit limit, uint64_t number, bool of_ram) {
        const char *allowed = NULL;
        int r = control_check(&(LimitSetting){ limit, number, of_ram }, &allowed);

        assert_true((r == 0) == (allowed == NULL));
        return r;
}

static void test_check(void **state) {
        const LimitSetting bad[] = { max_8g, { LIMIT_CPU_QUOTA, 123456, false } };
        const char *allowed;

        assert_int_equal(control_check(&bad[1], &allowed), -ERANGE);
        assert_string_equal(allowed, "a whole percentage of one CPU from 1%, such as 150%, or infinity");
        assert_int_equal(check(LIMIT_CPU_QUOTA, 0, false), -ERANGE);
        assert_int_equal(check(LIMIT_CPU_QUOTA, 10000, false), 0);
        assert_int_equal(check(LIMIT_CPU_QUOTA, 10001, false), -ERANGE);
        assert_int_equal(check(LIMIT_CPU_QUOTA, UINT64_C(10000000000), false), 0);
        assert_int_equal(check(LIMIT_CPU_QUOTA, UINT64_C(10000010000), false), -ERANGE);
        assert_int_equal(check(LIMIT_CPU_QUOTA, UINT64_MAX - 1, false), -ERANGE);
        assert_int_equal(check(LIMIT_CPU_QUOTA, LIMIT_UNSET, false), 0);
        assert_int_equal(check(LIMIT_CPU_QUOTA, 5000, true), -ERANGE);
        assert_int_equal(check(LIMIT_CPU_WEIGHT, 0, false), -ERANGE);
        assert_int_equal(check(LIMIT_CPU_WEIGHT, 10000, false), 0);
        assert_int_equal(check(LIMIT_CPU_WEIGHT, 10001, false), -ERANGE);
        assert_int_equal(check(LIMIT_CPU_WEIGHT, LIMIT_UNSET, false), -ERANGE);
        assert_int_equal(check(LIMIT_CPU_WEIGHT, 100, true), -ERANGE);
        assert_int_equal(check(LIMIT_MEMORY_MAX, 0, false), -ERANGE);
        assert_int_equal(check(LIMIT_MEMORY_MAX, MEBIBYTE - 1, false), -ERANGE);
        assert_int_equal(check(LIMIT_MEMORY_MAX, UINT64_MAX - 1, false), 0);
        assert_int_equal(check(LIMIT_MEMORY_MAX, LIMIT_UNSET, false), 0);
        assert_int_equal(check(LIMIT_MEMORY_MAX, 0, true), -ERANGE);
        assert_int_equal(check(LIMIT_MEMORY_MAX, 10000, true), 0);
        assert_int_equal(check(LIMIT_MEMORY_MAX, 10001, true), -ERANGE);
        assert_int_equal(check(LIMIT_MEMORY_MAX, LIMIT_UNSET, true), -ERANGE);
        assert_int_equal(check(LIMIT_MEMORY_SWAP_MAX, 0, false), 0);
        assert_int_equal(check(LIMIT_MEMORY_SWAP_MAX, 0, true), 0);
        assert_int_equal(try_set(*state, false, bad, 2), -ERANGE);
        check_text(*state, PERSIST, NULL);
}

/* No file, or no file of text: it stays as it is, and so does the other one. */
static void check_refused(const Tree *tree, const char *path, int error) {
        const char *other = strcmp(path, RUNTIME) == 0 ? PERSIST : RUNTIME;

        assert_int_equal(try_set(tree, false, &max_8g, 1), error);
        check_text(tree, other, NULL);
        if (strcmp(path, RUNTIME) == 0)
                assert_int_equal(try_set(tree, true, &max_8g, 1), error);
        check_text(tree, other, NULL);
}

static void test_refused_files(void **state) {
        static const char *const paths[] = { RUNTIME, PERSIST };
        const Tree *tree = *state;
        char *text = malloc(MEBIBYTE + 1);

        assert_non_null(text);
        memset(text, '\n', MEBIBYTE + 1);
        tree_put(tree, "/etc/target", "[User 1000]\nCPUWeight=1\n");
        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                tree_put_bytes(tree, paths[i], "[User 1000]\n\0", 13);
                check_refused(tree, paths[i], -EBADMSG);
                tree_put_bytes(tree, paths[i], text, MEBIBYTE + 1);
                check_refused(tree, paths[i], -EBADMSG);
                unlinkat(tree->fd, paths[i] + 1, 0);
                tree_link(tree, paths[i], "../../../etc/target");
                check_refused(tree, paths[i], -EBADMSG);
                unlinkat(tree->fd, paths[i] + 1, 0);
                tree_link(tree, paths[i], "/nowhere");
                check_refused(tree, paths[i], -EBADMSG);
                unlinkat(tree->fd, paths[i] + 1, 0);
                tree_mkdir(tree, paths[i]);
                check_refused(tree, paths[i], -EBADMSG);
                unlinkat(tree->fd, paths[i] + 1, AT_REMOVEDIR);
                tree_mkfifo(tree, paths[i]);
                check_refused(tree, paths[i], -EBADMSG);
                unlinkat(tree->fd, paths[i] + 1, 0);
        }
        check_text(tree, "/etc/target", "[User 1000]\nCPUWeight=1\n");
        /* As large as can be read, and something more. */
        tree_put_bytes(tree, PERSIST, text, MEBIBYTE);
        assert_int_equal(try_set(tree, false, &max_8g, 1), -EFBIG);
        free(text);
}

/* Somebody left a link where the new file will be written. */
static void test_link_in_the_way(void **state) {
        tree_put(*state, "/etc/target", "x");
        tree_link(*state, PERSISTENT_CONTROL ".#user-1000.slice.conf", "../../../../etc/target");
        set(*state, false, &max_8g, 1);
        check_text(*state, "/etc/target", "x");
        check_text(*state, PERSIST, COMMENT "[User 1000]\nMemoryMax=8G\n");
}

static void test_no_directory(void **state) {
        ControlDirs dirs = tree_open_control(*state);

        dirs.runtime_fd = safe_close(dirs.runtime_fd);
        assert_int_equal(control_set(&dirs, 1000, &max_8g, 1, true), -EROFS);
        assert_int_equal(control_set(&dirs, 1000, &max_8g, 1, false), 0);
        assert_int_equal(control_reset(&dirs, 1000), 1);
        dirs.persistent_fd = safe_close(dirs.persistent_fd);
        assert_int_equal(control_set(&dirs, 1000, &max_8g, 1, false), -EROFS);
        assert_int_equal(control_reset(&dirs, 1000), -EROFS);
        tree_close_control(&dirs);
        check_text(*state, RUNTIME, NULL);
        check_text(*state, PERSIST, NULL);
}

static void test_reset(void **state) {
        assert_int_equal(reset(*state), 0);
        set(*state, false, &max_8g, 1);
        assert_int_equal(reset(*state), 1);
        set(*state, true, &max_8g, 1);
        assert_int_equal(reset(*state), 1);
        set(*state, false, &max_8g, 1);
        set(*state, true, &max_8g, 1);
        tree_put(*state, RUNTIME_CONTROL "user-1001.slice.conf", "");
        assert_int_equal(reset(*state), 1);
        check_text(*state, RUNTIME, NULL);
        check_text(*state, PERSIST, NULL);
        check_text(*state, PERSISTENT_CONTROL ".#user-1000.slice.conf", NULL);
        check_text(*state, RUNTIME_CONTROL "user-1001.slice.conf", "");
        assert_int_equal(reset(*state), 0);
}

static void test_reset_what_is_no_file(void **state) {
        tree_put(*state, "/etc/target", "x");
        tree_link(*state, PERSIST, "../../../etc/target");
        tree_link(*state, RUNTIME, "/nowhere");
        assert_int_equal(reset(*state), 1);
        check_text(*state, "/etc/target", "x");
        tree_mkdir(*state, PERSIST);
        tree_put(*state, RUNTIME, "");
        assert_int_equal(reset(*state), -EISDIR);
        check_text(*state, RUNTIME, "");
        assert_int_equal(unlinkat(((Tree *) *state)->fd, &PERSIST[1], AT_REMOVEDIR), 0);
        assert_int_equal(unlinkat(((Tree *) *state)->fd, &RUNTIME[1], 0), 0);
        tree_mkdir(*state, RUNTIME);
        tree_put(*state, PERSIST, "");
        assert_int_equal(reset(*state), -EISDIR);
        check_text(*state, PERSIST, "");
}

/* ---- what was set is what is in force ---- */

static uint64_t random_number(unsigned *seed) {
        uint64_t n = (uint64_t) rand_r(seed) << 62 ^ (uint64_t) rand_r(seed) << 31 ^ (uint64_t) rand_r(seed);

        n >>= rand_r(seed) % 64;
        return rand_r(seed) % 2 ? n : n & ~UINT64_C(0xfffff);
}

static LimitSetting random_setting(unsigned *seed) {
        LimitSetting s = { .limit = (Limit) (rand_r(seed) % _LIMIT_COUNT), .value = random_number(seed) };

        s.of_ram = s.limit >= LIMIT_MEMORY_MAX && rand_r(seed) % 3 == 0;
        if (s.of_ram)
                s.value %= 10001;
        else if (s.limit == LIMIT_CPU_WEIGHT)
                s.value %= 10001;
        else if (s.limit == LIMIT_CPU_QUOTA && rand_r(seed) % 4)
                s.value = s.value % 1000001 * 10000;
        else if (rand_r(seed) % 16 == 0)
                s.value = LIMIT_UNSET;
        return s;
}

/* With this memory a percentage is its number. */
#define RAM UINT64_C(10000)

static void test_round_trip(void **state) {
        Limits wanted = { .value = { LIMIT_UNSET, 100, LIMIT_UNSET, LIMIT_UNSET, LIMIT_UNSET } };
        unsigned seed = 1, refused = 0, of_ram = 0;

        for (unsigned i = 0; i < 500; i++) {
                LimitSetting s[2] = { random_setting(&seed), random_setting(&seed) };
                bool runtime = rand_r(&seed) % 3 == 0;
                size_t n = 1 + (s[0].limit != s[1].limit && rand_r(&seed) % 2);
                int r = try_set(*state, runtime, s, n);
                Limits limits;

                refused += r < 0;
                of_ram += r == 0 && s[0].of_ram;
                assert_true(r == 0 || r == -ERANGE);
                /* What is for now hides what is for good, but setting it for good takes that away. */
                for (size_t k = 0; r == 0 && k < n; k++)
                        wanted.value[s[k].limit] = s[k].value;
                limits = in_force(*state, RAM);
                assert_memory_equal(&limits, &wanted, sizeof limits);
        }
        assert_true(refused > 20 && refused < 300 && of_ram > 20);
}

/* ---- a disk that fails, and a host that crashes ---- */

typedef struct Scene {
        const char *runtime, *persistent;
        enum { FOR_NOW, FOR_GOOD, RESET } operation;
} Scene;

static const Scene scenes[] = {
        { NULL, NULL, FOR_NOW },
        { NULL, NULL, FOR_GOOD },
        { "[User 1000]\nMemoryMax=1G\nCPUWeight=1\n", NULL, FOR_NOW },
        { "[User 1000]\nMemoryMax=1G\nCPUWeight=1\n", NULL, FOR_GOOD },
        { "[User 1000]\nMemoryMax=1G\nCPUWeight=1\nMemoryHigh=3G\n",
          "[User 1000]\nMemoryMax=2G\nCPUWeight=2\n", FOR_GOOD },
        { "[User 1000]\nMemoryMax=1G\nCPUWeight=1\n", "[User 1000]\nMemoryMax=2G\nCPUWeight=2\n", FOR_GOOD },
        { "[User 1000]\nMemoryHigh=1G\n", "[User 1000]\nMemoryMax=2G\n", FOR_GOOD },
        { NULL, NULL, RESET },
        { "[User 1000]\nMemoryMax=1G\n", NULL, RESET },
        { NULL, "[User 1000]\nMemoryMax=1G\n", RESET },
        { "[User 1000]\nMemoryMax=1G\nCPUWeight=5\n", "[User 1000]\nMemoryMax=2G\nMemoryHigh=1G\n", RESET },
};

static void put_back(const Tree *tree, const char *path, const char *text) {
        if (text)
                tree_put(tree, path, text);
        else
                (void) unlinkat(tree->fd, path + 1, 0);
}

static void prepare(const Tree *tree, const Scene *scene) {
        put_back(tree, RUNTIME, scene->runtime);
        put_back(tree, PERSIST, scene->persistent);
}

static int operate(const Tree *tree, const Scene *scene) {
        const LimitSetting settings[] = { max_8g, { LIMIT_CPU_WEIGHT, 77, false } };
        ControlDirs dirs = tree_open_control(tree);
        int r;

        calls = 0;
        r = scene->operation == RESET ? control_reset(&dirs, 1000)
                                      : control_set(&dirs, 1000, settings, 2, scene->operation == FOR_NOW);
        fate = GOOD;
        tree_close_control(&dirs);
        return r;
}

/* What is in force now, and what will be after the host has started again. */
typedef struct Effect {
        Limits now, later;
} Effect;

static Effect effect(const Tree *tree) {
        Effect e = { .now = in_force(tree, 0) };
        _cleanup_free_ char *text = tree_get(tree, RUNTIME);

        put_back(tree, RUNTIME, NULL);
        e.later = in_force(tree, 0);
        put_back(tree, RUNTIME, text);
        return e;
}

static bool same(const Limits *a, const Limits *b) {
        return memcmp(a, b, sizeof *a) == 0;
}

/* What is in force is the one or the other. A reset of two files may stop between them, so there it is so
 * for each key. */
static bool one_or_other(const Scene *scene, const Limits *limits, const Limits *old, const Limits *new) {
        bool each = true;

        for (unsigned i = 0; i < _LIMIT_COUNT; i++)
                each = each && (limits->value[i] == old->value[i] || limits->value[i] == new->value[i]);
        return scene->operation == RESET ? each : same(limits, old) || same(limits, new);
}

/* Returns whether the fate was met. */
static bool check_fate(const Tree *tree, const Scene *scene, Fate what, long when, const Effect *old,
                       const Effect *new) {
        Effect e;
        bool met;
        int r;

        prepare(tree, scene);
        at = when;
        fate = what;
        r = operate(tree, scene);
        met = calls > when;
        e = effect(tree);
        if (r >= 0) {
                assert_true(same(&e.now, &new->now) && same(&e.later, &new->later));
        } else if (what == FAIL_ONCE) {
                assert_int_equal(r, -EIO);
                check_text(tree, RUNTIME, scene->runtime);
                check_text(tree, PERSIST, scene->persistent);
        } else {
                assert_true(one_or_other(scene, &e.now, &old->now, &new->now));
                assert_true(one_or_other(scene, &e.later, &old->later, &new->later));
        }
        return met;
}

static bool check_crash(const Tree *tree, const Scene *scene, long when, const Effect *old,
                        const Effect *new) {
        int status;
        pid_t pid;
        Effect e;

        prepare(tree, scene);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                at = when;
                fate = CRASH;
                (void) operate(tree, scene);
                _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        e = effect(tree);
        assert_true(one_or_other(scene, &e.now, &old->now, &new->now));
        assert_true(one_or_other(scene, &e.later, &old->later, &new->later));
        /* What a crash leaves hinders nobody. */
        assert_true(operate(tree, scene) >= 0);
        e = effect(tree);
        assert_true(same(&e.now, &new->now) && same(&e.later, &new->later));
        return WEXITSTATUS(status) != 0;
}

static void test_failures(void **state) {
        unsigned failed = 0;

        for (size_t i = 0; i < ELEMENTSOF(scenes); i++) {
                const Scene *scene = &scenes[i];
                Effect old, new;

                prepare(*state, scene);
                old = effect(*state);
                assert_true(operate(*state, scene) >= 0);
                new = effect(*state);
                for (long n = 0; check_fate(*state, scene, FAIL_ONCE, n, &old, &new); n++)
                        failed++;
                for (long n = 0;
                     scene->operation != RESET && check_fate(*state, scene, FAIL_ALWAYS, n, &old, &new); n++)
                        failed++;
                for (long n = 0; check_crash(*state, scene, n, &old, &new); n++)
                        failed++;
        }
        assert_true(failed > 100);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_new_file),        TEST(test_edited),
                TEST(test_for_now_goes),    TEST(test_nothing_to_set),
                TEST(test_check),           TEST(test_refused_files),
                TEST(test_link_in_the_way), TEST(test_no_directory),
                TEST(test_reset),           TEST(test_reset_what_is_no_file),
                TEST(test_round_trip),      TEST(test_failures),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
