/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "generator/host-drop-in.h"
#include "unit.h"

typedef struct Directory {
        char path[64];
        int fd;
} Directory;

static int setup(void **state) {
        static Directory directory;

        strcpy(directory.path, "/tmp/fairslice-test-host-drop-in-XXXXXX");
        if (!mkdtemp(directory.path))
                return -1;
        directory.fd = open(directory.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        *state = &directory;
        return directory.fd < 0 ? -1 : 0;
}

static int remove_one(const char *path, _unused_ const struct stat *st, _unused_ int type,
                      _unused_ struct FTW *ftw) {
        return remove(path);
}

static int teardown(void **state) {
        Directory *directory = *state;

        safe_close(directory->fd);
        return nftw(directory->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Makes an empty file and the folders above it. */
static void put(const Directory *directory, const char *path) {
        _cleanup_close_ int fd = -1;
        char copy[128];

        strcpy(copy, path);
        for (char *slash = strchr(copy, '/'); slash; slash = strchr(slash + 1, '/')) {
                *slash = '\0';
                assert_true(mkdirat(directory->fd, copy, 0755) >= 0 || errno == EEXIST);
                *slash = '/';
        }
        fd = openat(directory->fd, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
        assert_true(fd >= 0);
}

static bool has_line(const char *text, const char *line) {
        const char *found = strstr(text, line);

        return found && (found == text || found[-1] == '\n') && found[strlen(line)] == '\n';
}

static void put_text(const Directory *directory, const char *path, const char *text) {
        _cleanup_close_ int fd = -1;

        put(directory, path);
        fd = openat(directory->fd, path, O_WRONLY | O_TRUNC | O_CLOEXEC);
        assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

#define UNIFIED "24 30 0:22 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw\n"
#define HYBRID                                                                              \
        "24 30 0:22 / /sys/fs/cgroup ro shared:4 - tmpfs tmpfs ro\n"                        \
        "25 24 0:23 / /sys/fs/cgroup/unified rw shared:5 - cgroup2 cgroup2 rw\n"            \
        "26 24 0:24 / /sys/fs/cgroup/systemd rw shared:6 - cgroup cgroup rw,name=systemd\n" \
        "27 24 0:25 / /sys/fs/cgroup/cpu,cpuacct rw shared:7 - cgroup cgroup rw,cpu,cpuacct\n"

/* The text for a host with these mounts, or NULL. */
static const char *drop_in(const Directory *directory, const char *mountinfo) {
        const char *text = NULL;
        int r;

        put_text(directory, "self/mountinfo", mountinfo);
        r = host_drop_in(directory->fd, directory->fd, &text);
        assert_true(r >= 0);
        assert_int_equal(r, text != NULL);
        return text;
}

static void assert_root_only(const char *text) {
        assert_non_null(text);
        assert_true(has_line(text, "[Service]"));
        assert_true(has_line(text, "User=root"));
        assert_true(has_line(text, "SupplementaryGroups=fairslice"));
        assert_null(strstr(text, "ProtectControlGroups"));
        assert_null(strstr(text, "Capabilit"));
}

static void test_no_polkit(void **state) {
        assert_root_only(drop_in(*state, UNIFIED));
}

/* What Debian 11 has, with the rules that other packages bring along. */
static void test_polkit_without_rules(void **state) {
        const Directory *directory = *state;

        put(directory, "usr/libexec/polkitd");
        put(directory, "usr/lib/policykit-1/polkit-agent-helper-1");
        put(directory, "usr/share/polkit-1/rules.d/50-fairslice.rules");
        put(directory, "etc/polkit-1/localauthority.conf.d/50-localauthority.conf");
        assert_root_only(drop_in(directory, UNIFIED));
}

static void test_polkit_with_rules(void **state) {
        const Directory *directory = *state;

        put(directory, "usr/lib/polkit-1/polkitd");
        assert_null(drop_in(directory, UNIFIED));
}

static void test_polkit_with_rules_elsewhere(void **state) {
        const Directory *directory = *state;

        put(directory, "usr/libexec/polkit-1/polkitd");
        assert_null(drop_in(directory, UNIFIED));
}

/* Whatever polkit there is. */
static void test_legacy(void **state) {
        const Directory *directory = *state;
        const char *text = drop_in(directory, HYBRID);

        assert_non_null(text);
        assert_true(has_line(text, "[Service]"));
        assert_true(has_line(text, "User=root"));
        assert_true(has_line(text, "SupplementaryGroups=fairslice"));
        assert_true(has_line(text, "ProtectControlGroups=no"));
        assert_null(strstr(text, "Capabilit"));
        put(directory, "usr/lib/polkit-1/polkitd");
        assert_string_equal(drop_in(directory, HYBRID), text);
}

static void test_no_tree(void **state) {
        assert_null(drop_in(*state, "24 30 0:22 / /tmp rw shared:4 - tmpfs tmpfs rw\n"));
}

static void test_unreadable(void **state) {
        const Directory *directory = *state;
        const char *text = NULL;

        assert_int_equal(host_drop_in(directory->fd, directory->fd, &text), -ENOENT);
        put_text(directory, "self/mountinfo", "nonsense\n");
        assert_int_equal(host_drop_in(directory->fd, directory->fd, &text), -EBADMSG);
        assert_null(text);
}

static void assert_drop_in(const Directory *directory, const char *text) {
        char found[512];

        assert_true(read_file_at(directory->fd, HOST_DROP_IN_DIRECTORY "/" HOST_DROP_IN_NAME, found,
                                 sizeof found) >= 0);
        assert_string_equal(found, text);
}

static void test_write(void **state) {
        const Directory *directory = *state;

        assert_int_equal(host_drop_in_write(directory->fd, "[Service]\n"), 0);
        assert_drop_in(directory, "[Service]\n");
        assert_int_equal(host_drop_in_write(directory->fd, "[Unit]\n"), 0);
        assert_drop_in(directory, "[Unit]\n");
}

/* Nothing is written through a link, or where a file is in the way. */
static void test_write_refused(void **state) {
        const Directory *directory = *state;

        put(directory, "elsewhere/file");
        assert_int_equal(symlinkat("elsewhere", directory->fd, HOST_DROP_IN_DIRECTORY), 0);
        assert_true(host_drop_in_write(directory->fd, "[Service]\n") < 0);
        assert_int_equal(faccessat(directory->fd, "elsewhere/" HOST_DROP_IN_NAME, F_OK, 0), -1);

        assert_int_equal(unlinkat(directory->fd, HOST_DROP_IN_DIRECTORY, 0), 0);
        put(directory, HOST_DROP_IN_DIRECTORY);
        assert_true(host_drop_in_write(directory->fd, "[Service]\n") < 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_no_polkit, setup, teardown),
                cmocka_unit_test_setup_teardown(test_polkit_without_rules, setup, teardown),
                cmocka_unit_test_setup_teardown(test_polkit_with_rules, setup, teardown),
                cmocka_unit_test_setup_teardown(test_polkit_with_rules_elsewhere, setup, teardown),
                cmocka_unit_test_setup_teardown(test_legacy, setup, teardown),
                cmocka_unit_test_setup_teardown(test_no_tree, setup, teardown),
                cmocka_unit_test_setup_teardown(test_unreadable, setup, teardown),
                cmocka_unit_test_setup_teardown(test_write, setup, teardown),
                cmocka_unit_test_setup_teardown(test_write_refused, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
