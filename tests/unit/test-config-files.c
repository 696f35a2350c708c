/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "config-tree.h"
#include "config/files.h"
#include "unit.h"

/* The list, one path a line, and the problems. */
static char *list(const Tree *tree, char **ret_problems) {
        ConfigFiles files = {};
        Problems problems = {};
        char *text = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);

        assert_int_equal(config_files_find(tree->fd, &problems, &files), 0);
        for (size_t i = 0; i < files.count; i++)
                fprintf(f, "%s\n", files.path[i]);
        fclose(f);
        config_files_done(&files);
        *ret_problems = problems_to_text(&problems);
        return text;
}

static void expect_list(const Tree *tree, const char *expected) {
        _cleanup_free_ char *problems = NULL, *text = list(tree, &problems);

        assert_string_equal(text, expected);
        assert_string_equal(problems, "");
}

/* What the file MAIN_CONF does when it is opened. */
static int open_main(const Tree *tree) {
        ConfigFiles files = {};
        Problems problems = {};
        int fd = -1, r;

        assert_int_equal(config_files_find(tree->fd, &problems, &files), 0);
        assert_int_equal(problems.count, 0);
        assert_int_equal(files.count, 1);
        r = config_files_open(&files, 0, &fd);
        assert_int_equal(fd >= 0, r > 0);
        safe_close(fd);
        config_files_done(&files);
        return r;
}

static void test_nothing(void **state) {
        expect_list(*state, "");
        tree_mkdir(*state, "/etc/fairslice/fairsliced.conf.d");
        tree_mkdir(*state, "/run/fairslice");
        expect_list(*state, "");
}

static void test_main_file(void **state) {
        tree_put(*state, "/usr/lib/fairslice/fairsliced.conf", "");
        expect_list(*state, "/usr/lib/fairslice/fairsliced.conf\n");
        tree_put(*state, "/run/fairslice/fairsliced.conf", "");
        expect_list(*state, "/run/fairslice/fairsliced.conf\n");
        tree_link(*state, "/etc/fairslice/fairsliced.conf", "/dev/null");
        expect_list(*state, "/etc/fairslice/fairsliced.conf\n");
}

static void test_drop_ins(void **state) {
        tree_put(*state, MAIN_CONF, "");
        tree_put(*state, DROP_INS("/usr/lib") "10-vendor.conf", "");
        tree_put(*state, DROP_INS("/usr/lib") "50-x.conf", "");
        tree_put(*state, DROP_INS("/run") "50-x.conf", "");
        tree_put(*state, DROP_INS("/run") "40-run.conf", "");
        tree_put(*state, DROP_INS("/etc") "50-x.conf", "");
        tree_put(*state, DROP_INS("/etc") "05-admin.conf", "");
        tree_put(*state, DROP_INS("/etc") "99-admin.conf", "");
        expect_list(
                *state, MAIN_CONF
                "\n" DROP_INS("/etc") "05-admin.conf\n" DROP_INS("/usr/lib") "10-vendor.conf\n" DROP_INS(
                        "/run") "40-run.conf\n" DROP_INS("/etc") "50-x.conf\n" DROP_INS("/etc") "99-admin."
                                                                                                "conf\n");
}

static void test_names(void **state) {
        static const char *const others[] = {
                ".hidden.conf", "x.conf~",        "x.conf.dpkg-new", "x.CONF",
                "conf",         "x.conf.rpmsave", ".conf",           "README"
        };

        for (size_t i = 0; i < ELEMENTSOF(others); i++) {
                _cleanup_free_ char *path = NULL;

                assert_true(asprintf(&path, DROP_INS("/etc") "%s", others[i]) > 0);
                tree_put(*state, path, "");
        }
        tree_put(*state, DROP_INS("/etc") "a b\n.conf", "");
        expect_list(*state, DROP_INS("/etc") "a b\n.conf\n");
}

/* Bytes decide, not the locale: "B" is before "a", "10" before "9". */
static void test_order(void **state) {
        tree_put(*state, DROP_INS("/etc") "a.conf", "");
        tree_put(*state, DROP_INS("/etc") "B.conf", "");
        tree_put(*state, DROP_INS("/run") "9.conf", "");
        tree_put(*state, DROP_INS("/run") "10.conf", "");
        expect_list(*state, DROP_INS("/run") "10.conf\n" DROP_INS("/run") "9.conf\n" DROP_INS(
                                    "/etc") "B.conf\n" DROP_INS("/etc") "a.conf\n");
}

static void test_not_a_directory(void **state) {
        _cleanup_free_ char *problems = NULL, *text = NULL;

        tree_put(*state, "/etc/fairslice/fairsliced.conf.d", "");
        tree_put(*state, DROP_INS("/run") "x.conf", "");
        text = list(*state, &problems);
        assert_string_equal(text, DROP_INS("/run") "x.conf\n");
        assert_string_equal(problems,
                            "E /etc/fairslice/fairsliced.conf.d:0: Cannot be read: Not a directory.\n");
}

static void test_open(void **state) {
        tree_put(*state, MAIN_CONF, "[CPU]\n");
        assert_int_equal(open_main(*state), 1);
}

static void test_open_directory(void **state) {
        tree_mkdir(*state, MAIN_CONF);
        assert_int_equal(open_main(*state), -EINVAL);
}

/* Nobody writes to it, and nobody waits for that. */
static void test_open_fifo(void **state) {
        tree_mkfifo(*state, MAIN_CONF);
        assert_int_equal(open_main(*state), -EINVAL);
}

static void test_open_loop(void **state) {
        tree_link(*state, MAIN_CONF, "fairsliced.conf");
        assert_int_equal(open_main(*state), -ELOOP);
}

static void test_open_dangling(void **state) {
        tree_link(*state, MAIN_CONF, "nothing");
        assert_int_equal(open_main(*state), -ENOENT);
}

static void test_open_masked(void **state) {
        tree_link(*state, MAIN_CONF, "/dev/null");
        assert_int_equal(open_main(*state), 0);
}

static void test_open_link(void **state) {
        tree_put(*state, "/srv/shared.conf", "");
        tree_link(*state, MAIN_CONF, "../../srv/shared.conf");
        assert_int_equal(open_main(*state), 1);
}

/* An absolute link leads into the root directory, one with too many ".." no further than to it. */
static void test_open_link_stays_inside(void **state) {
        const Tree *tree = *state;

        tree_put(tree, "/srv/shared.conf", "");
        tree_link(tree, MAIN_CONF, "/srv/shared.conf");
        assert_int_equal(open_main(tree), 1);
        assert_int_equal(unlinkat(tree->fd, &MAIN_CONF[1], 0), 0);
        tree_link(tree, MAIN_CONF, "../../../../../../../../../../../proc/self/status");
        assert_int_equal(open_main(tree), -ENOENT);
}

/* /etc/fairslice itself may be a link. */
static void test_linked_directory(void **state) {
        tree_put(*state, "/srv/fairslice/fairsliced.conf", "");
        tree_put(*state, "/srv/fairslice/fairsliced.conf.d/x.conf", "");
        tree_mkdir(*state, "/etc");
        tree_link(*state, "/etc/fairslice", "/srv/fairslice");
        expect_list(*state, MAIN_CONF "\n" DROP_INS("/etc") "x.conf\n");
}

static void test_single(_unused_ void **state) {
        ConfigFiles files = {};
        int fd = -1;

        assert_int_equal(config_files_single("/dev/null", &files), 0);
        assert_int_equal(config_files_open(&files, 0, &fd), 0);
        config_files_done(&files);
        assert_int_equal(config_files_single("/dev/zero", &files), 0);
        assert_int_equal(config_files_open(&files, 0, &fd), -EINVAL);
        config_files_done(&files);
        assert_int_equal(config_files_single("", &files), 0);
        assert_int_equal(config_files_open(&files, 0, &fd), -ENOENT);
        config_files_done(&files);
        assert_int_equal(fd, -1);
}

static void test_many(void **state) {
        _cleanup_free_ char *problems = NULL, *text = NULL;
        size_t lines = 0;

        for (unsigned i = 0; i < 1000; i++) {
                char path[100];

                snprintf(path, sizeof path, DROP_INS("%s") "%04u.conf", i % 2 ? "/etc" : "/run", i / 3);
                tree_put(*state, path, "");
        }
        text = list(*state, &problems);
        for (const char *p = text; (p = strchr(p, '\n')); p++)
                lines++;
        assert_int_equal(lines, 334);
        assert_string_equal(problems, "");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_nothing),
                TEST(test_main_file),
                TEST(test_drop_ins),
                TEST(test_names),
                TEST(test_order),
                TEST(test_not_a_directory),
                TEST(test_open),
                TEST(test_open_directory),
                TEST(test_open_fifo),
                TEST(test_open_loop),
                TEST(test_open_dangling),
                TEST(test_open_masked),
                TEST(test_open_link),
                TEST(test_open_link_stays_inside),
                TEST(test_linked_directory),
                TEST(test_single),
                TEST(test_many),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
