/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config-tree.h"

#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "unit.h"

int tree_setup(void **state) {
        Tree *tree = calloc(1, sizeof *tree);

        if (!tree)
                return -1;
        strcpy(tree->path, "/tmp/fairslice-test-config-XXXXXX");
        if (!mkdtemp(tree->path))
                return -1;
        tree->fd = open(tree->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        *state = tree;
        return tree->fd < 0 ? -1 : 0;
}

static int remove_one(const char *path, _unused_ const struct stat *st, _unused_ int type,
                      _unused_ struct FTW *ftw) {
        return remove(path);
}

int tree_teardown(void **state) {
        Tree *tree = *state;
        int r = nftw(tree->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);

        safe_close(tree->fd);
        free(tree);
        return r;
}

static void make_directories(const Tree *tree, const char *path) {
        char *copy = strdup(path + 1);

        assert_non_null(copy);
        for (char *slash = strchr(copy, '/'); slash; slash = strchr(slash + 1, '/')) {
                *slash = '\0';
                assert_true(mkdirat(tree->fd, copy, 0755) >= 0 || errno == EEXIST);
                *slash = '/';
        }
        free(copy);
}

void tree_put_bytes(const Tree *tree, const char *path, const void *data, size_t size) {
        _cleanup_close_ int fd = -1;

        make_directories(tree, path);
        fd = openat(tree->fd, path + 1, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, data, size), size);
}

void tree_put(const Tree *tree, const char *path, const char *text) {
        tree_put_bytes(tree, path, text, strlen(text));
}

void tree_link(const Tree *tree, const char *path, const char *target) {
        make_directories(tree, path);
        assert_int_equal(symlinkat(target, tree->fd, path + 1), 0);
}

void tree_mkdir(const Tree *tree, const char *path) {
        make_directories(tree, path);
        assert_int_equal(mkdirat(tree->fd, path + 1, 0755), 0);
}

void tree_mkfifo(const Tree *tree, const char *path) {
        make_directories(tree, path);
        assert_int_equal(mkfifoat(tree->fd, path + 1, 0644), 0);
}

char *problems_to_text(Problems *problems) {
        char *text = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);

        assert_non_null(f);
        for (size_t i = 0; i < problems->count; i++) {
                const Problem *p = &problems->item[i];

                fprintf(f, "%c %s:%u: %s\n", p->level == PROBLEM_ERROR ? 'E' : 'W', p->file, p->line,
                        p->message);
        }
        fclose(f);
        problems_done(problems);
        return text;
}

Config *tree_load(const Tree *tree, char **ret_problems) {
        Problems problems = {};
        Config *config = NULL;

        assert_int_equal(config_load(tree->fd, NULL, &problems, &config), 0);
        assert_non_null(config);
        *ret_problems = problems_to_text(&problems);
        return config;
}

Config *tree_load_text(const Tree *tree, const char *text, char **ret_problems) {
        tree_put(tree, MAIN_CONF, text);
        return tree_load(tree, ret_problems);
}

Config *tree_load_good(const Tree *tree, const char *text) {
        _cleanup_free_ char *problems = NULL;
        Config *config = tree_load_text(tree, text, &problems);

        assert_string_equal(problems, "");
        return config;
}

static int open_control(const Tree *tree, const char *path) {
        int fd;

        make_directories(tree, path);
        fd = openat(tree->fd, path + 1, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(fd >= 0);
        return fd;
}

ControlDirs tree_open_control(const Tree *tree) {
        return (ControlDirs){
                .runtime_fd = open_control(tree, RUNTIME_CONTROL),
                .persistent_fd = open_control(tree, PERSISTENT_CONTROL),
                .runtime_path = "/run/fairslice/control.d",
                .persistent_path = "/var/lib/fairslice/control.d",
        };
}

void tree_close_control(ControlDirs *dirs) {
        dirs->runtime_fd = safe_close(dirs->runtime_fd);
        dirs->persistent_fd = safe_close(dirs->persistent_fd);
}

Control *tree_load_control(const ControlDirs *dirs, const Config *config, char **ret_problems) {
        Problems problems = {};
        Control *control = NULL;

        assert_int_equal(control_load(dirs, config, &problems, &control), 0);
        assert_non_null(control);
        *ret_problems = problems_to_text(&problems);
        return control;
}

char *tree_get(const Tree *tree, const char *path) {
        char buffer[65536];
        ssize_t n = read_file_at(tree->fd, path + 1, buffer, sizeof buffer);

        assert_true(n >= 0 || n == -ENOENT);
        return n < 0 ? NULL : strdup(buffer);
}
