/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* There is no memory at each place in turn: the call fails with -ENOMEM, leaves nothing behind (the
 * sanitizer looks for leaks) and touches no output. The linker puts the functions here in the place of
 * libc's. */

#include <search.h>
#include <stdarg.h>
#include <string.h>

#include "config-tree.h"
#include "config/import-cgroup-py.h"
#include "unit.h"

static long fail_at = -1, asked;

static bool must_fail(void) {
        if (fail_at < 0 || asked++ != fail_at)
                return false;
        errno = ENOMEM;
        return true;
}

/* NOLINTBEGIN: names that the linker wants */
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_reallocarray(void *p, size_t count, size_t size);
void *__wrap_reallocarray(void *p, size_t count, size_t size);
char *__real_strdup(const char *s);
char *__wrap_strdup(const char *s);
char *__real_strndup(const char *s, size_t size);
char *__wrap_strndup(const char *s, size_t size);
int __wrap_vasprintf(char **ret, const char *format, va_list ap);
int __real_vasprintf(char **ret, const char *format, va_list ap);
int __wrap_asprintf(char **ret, const char *format, ...);
void *__real_tsearch(const void *key, void **root, int (*compare)(const void *, const void *));
void *__wrap_tsearch(const void *key, void **root, int (*compare)(const void *, const void *));

void *__wrap_malloc(size_t size) {
        return must_fail() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
        return must_fail() ? NULL : __real_calloc(count, size);
}

void *__wrap_reallocarray(void *p, size_t count, size_t size) {
        return must_fail() ? NULL : __real_reallocarray(p, count, size);
}

char *__wrap_strdup(const char *s) {
        return must_fail() ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t size) {
        return must_fail() ? NULL : __real_strndup(s, size);
}

/* On failure the pointer is undefined. */
int __wrap_vasprintf(char **ret, const char *format, va_list ap) {
        if (!must_fail())
                return __real_vasprintf(ret, format, ap);
        *ret = (char *) 1;
        return -1;
}

int __wrap_asprintf(char **ret, const char *format, ...) {
        va_list ap;
        int r;

        va_start(ap, format);
        r = __wrap_vasprintf(ret, format, ap);
        va_end(ap);
        return r;
}

void *__wrap_tsearch(const void *key, void **root, int (*compare)(const void *, const void *)) {
        return must_fail() ? NULL : __real_tsearch(key, root, compare);
}
/* NOLINTEND */

/* Returns whether there was a place to fail at. */
static bool load_failing_at(const Tree *tree, long place) {
        Problems problems = {};
        Config *config = NULL;
        bool failed;
        int r;

        asked = 0;
        fail_at = place;
        r = config_load(tree->fd, NULL, &problems, &config);
        fail_at = -1;
        failed = asked > place;
        assert_int_equal(r, failed ? -ENOMEM : 0);
        assert_int_equal(config == NULL, failed);
        problems_done(&problems);
        config_free(config);
        return failed;
}

static void test_no_memory(void **state) {
        long place = 0;

        tree_put(*state, MAIN_CONF,
                 "[CPU]\nCPUQuota=abc\nrubbish\nFoo=1\nMemoryMax=1\n[CPU\n[Nope]\n[Cpuu]\n[User]\n"
                 "[User alice]\nCPUWeight=5\nPlan=p\nPlan=q\n[User 1000-2000]\nMemoryMax=1G\n"
                 "MemoryHigh=2G\n[User 1-5]\nCPUWeight=1\n[Group staff]\nCPUQuota=5%\n[Plan p]\n");
        tree_put(*state, DROP_INS("/etc") "50.conf", "[Manager]\nExemptUsers=a b 7 a*\nExemptGroups=x\n");
        tree_put_bytes(*state, DROP_INS("/run") "60.conf", "\0", 1);
        tree_mkfifo(*state, DROP_INS("/usr/lib") "70.conf");
        while (load_failing_at(*state, place))
                place++;
        /* Fewer where the compiler fortifies asprintf(), which then bears another name. */
        assert_true(place > 20);
}

/* Reads what was set over the bus, and sets something more. */
static bool control_failing_at(const Tree *tree, const Config *config, long place) {
        const LimitSetting setting = { LIMIT_MEMORY_MAX, UINT64_C(1) << 30, false };
        ControlDirs dirs = tree_open_control(tree);
        Problems problems = {};
        Control *control = NULL;
        bool failed;
        int r;

        asked = 0;
        fail_at = place;
        r = control_load(&dirs, config, &problems, &control);
        if (r >= 0)
                r = control_set(&dirs, 1000, &setting, 1, true);
        fail_at = -1;
        failed = asked > place;
        assert_int_equal(r, failed ? -ENOMEM : 0);
        problems_done(&problems);
        control_free(control);
        tree_close_control(&dirs);
        return failed;
}

static void test_no_memory_for_control(void **state) {
        static const char text[] = "[CPU]\nrubbish\n[User 1000]\nMemoryMax=2G\nPlan=p\n";
        _cleanup_(config_freep) Config *config = tree_load_good(*state, "[Plan p]\n");
        long place = 0;

        tree_put(*state, RUNTIME_CONTROL "user-1000.slice.conf", text);
        tree_put(*state, PERSISTENT_CONTROL "a.conf", "[User alice]\nMemoryMax=1G\nMemoryHigh=2G\n");
        tree_mkdir(*state, PERSISTENT_CONTROL "b.conf");
        while (control_failing_at(*state, config, place)) {
                _cleanup_free_ char *now = tree_get(*state, RUNTIME_CONTROL "user-1000.slice.conf");

                assert_string_equal(now, text);
                place++;
        }
        assert_true(place > 20);
}

static bool import_failing_at(const char *text, long place) {
        Problems problems = {};
        char *out = NULL;
        bool failed;
        int r;

        asked = 0;
        fail_at = place;
        r = import_cgroup_py("cgroup_py.cfg", text, strlen(text), true, &problems, &out);
        fail_at = -1;
        failed = asked > place;
        assert_int_equal(r, failed ? -ENOMEM : 0);
        assert_int_equal(out == NULL, failed);
        problems_done(&problems);
        free(out);
        return failed;
}

static void test_no_memory_to_import(_unused_ void **state) {
        static const char text[] = "rubbish\n[main]\nminUID=5\nminUID=x\n y\ncoreThreshold=99\nfoo=1\n"
                                   "oomPause=no\nreservedCores=2\n[user]\nuid=7\n";
        long place = 0;

        while (import_failing_at(text, place))
                place++;
        assert_true(place > 20);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_no_memory, tree_setup, tree_teardown),
                cmocka_unit_test_setup_teardown(test_no_memory_for_control, tree_setup, tree_teardown),
                cmocka_unit_test(test_no_memory_to_import),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
