/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cgroup/mounts.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "basic/fs.h"
#include "basic/parse.h"

/* A host with containers has some hundreds of mounts of 200 bytes each; more than this is nobody's. */
#define MOUNTINFO_FIRST_SIZE ((size_t) 64 << 10)
#define MOUNTINFO_MAX        ((size_t) 64 << 20)

static const char *const controllers[_CONTROLLER_COUNT] = {
        [CONTROLLER_CPU] = "cpu",
        [CONTROLLER_CPUACCT] = "cpuacct",
        [CONTROLLER_MEMORY] = "memory",
        [CONTROLLER_CPUSET] = "cpuset",
};

const char *controller_to_string(Controller controller) {
        return controllers[controller];
}

typedef struct Word {
        const char *text;
        size_t length;
} Word;

/* Cuts the text up to the separator off the front of *rest. */
static Word next_word(Word *rest, char separator) {
        const char *end = memchr(rest->text, separator, rest->length);
        Word word = { rest->text, end ? (size_t) (end - rest->text) : rest->length };
        size_t used = word.length + (end ? 1 : 0);

        rest->text += used;
        rest->length -= used;
        return word;
}

static bool word_is(Word word, const char *s) {
        return strlen(s) == word.length && memcmp(word.text, s, word.length) == 0;
}

static bool is_octal(const char *s) {
        return s[0] >= '0' && s[0] <= '3' && s[1] >= '0' && s[1] <= '7' && s[2] >= '0' && s[2] <= '7';
}

/* The kernel writes blanks, tabs, newlines and backslashes in paths as \ and three octal digits. */
static char *unescape(Word word) {
        char *path = malloc(word.length + 1), *to = path;

        if (!path)
                return NULL;
        for (size_t i = 0; i < word.length; i++) {
                const char *s = word.text + i;

                if (*s == '\\' && i + 3 < word.length && is_octal(s + 1)) {
                        *to++ = (char) ((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
                        i += 3;
                } else
                        *to++ = *s;
        }
        *to = '\0';
        return path;
}

typedef struct Line {
        Word root, path, type, options;
        dev_t device;
} Line;

static int parse_device(Word word, dev_t *ret) {
        uint64_t major, minor;
        Word first = next_word(&word, ':');

        if (parse_digits(first.text, first.length, &major) < 0 ||
            parse_digits(word.text, word.length, &minor) < 0 || major > UINT32_MAX || minor > UINT32_MAX)
                return -EBADMSG;
        *ret = makedev((unsigned) major, (unsigned) minor);
        return 0;
}

/* ID PARENT MAJOR:MINOR ROOT PATH OPTIONS [OPTIONAL…] - TYPE SOURCE SUPER-OPTIONS */
static int parse_line(Word rest, Line *ret) {
        (void) next_word(&rest, ' ');
        (void) next_word(&rest, ' ');
        if (parse_device(next_word(&rest, ' '), &ret->device) < 0)
                return -EBADMSG;
        ret->root = next_word(&rest, ' ');
        ret->path = next_word(&rest, ' ');
        while (rest.length > 0)
                if (word_is(next_word(&rest, ' '), "-"))
                        break;
        ret->type = next_word(&rest, ' ');
        (void) next_word(&rest, ' ');
        ret->options = rest;
        return ret->type.length > 0 && ret->path.length > 0 && *ret->path.text == '/' ? 0 : -EBADMSG;
}

static int take_mount(CgroupMount *mount, const Line *line) {
        _cleanup_free_ char *path = NULL, *root = NULL;

        if (mount->path && (strcmp(mount->root, "/") == 0 || !word_is(line->root, "/")))
                return 0;
        path = unescape(line->path);
        root = unescape(line->root);
        if (!path || !root)
                return -ENOMEM;
        free(mount->path);
        free(mount->root);
        mount->path = TAKE_PTR(path);
        mount->root = TAKE_PTR(root);
        mount->device = line->device;
        return 0;
}

static int take_legacy(CgroupMounts *mounts, const Line *line) {
        Word options = line->options;

        while (options.length > 0) {
                Word option = next_word(&options, ',');
                int r = 0;

                for (unsigned i = 0; i < _CONTROLLER_COUNT && r >= 0; i++)
                        if (word_is(option, controllers[i]))
                                r = take_mount(&mounts->legacy[i], line);
                if (r >= 0 && word_is(option, "name=systemd"))
                        r = take_mount(&mounts->systemd, line);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int take_line(CgroupMounts *mounts, Word text) {
        Line line;
        int r;

        r = parse_line(text, &line);
        if (r < 0)
                return r;
        if (word_is(line.type, "cgroup2"))
                return take_mount(&mounts->unified, &line);
        return word_is(line.type, "cgroup") ? take_legacy(mounts, &line) : 0;
}

int cgroup_mounts_parse(const char *text, size_t length, CgroupMounts *ret) {
        Word rest = { text, length };

        *ret = (CgroupMounts){};
        while (rest.length > 0) {
                int r = take_line(ret, next_word(&rest, '\n'));

                if (r < 0) {
                        cgroup_mounts_done(ret);
                        return r;
                }
        }
        return 0;
}

int cgroup_mounts_read(int proc_fd, CgroupMounts *ret) {
        _cleanup_close_ int fd = openat(proc_fd, "self/mountinfo", O_RDONLY | O_CLOEXEC);

        *ret = (CgroupMounts){};
        if (fd < 0)
                return -errno;
        for (size_t size = MOUNTINFO_FIRST_SIZE; size <= MOUNTINFO_MAX; size *= 4) {
                _cleanup_free_ char *text = malloc(size);
                ssize_t n = text ? read_fd(fd, text, size) : -ENOMEM;

                if (n != -EFBIG)
                        return n < 0 ? (int) n : cgroup_mounts_parse(text, (size_t) n, ret);
        }
        return -EFBIG;
}

static void mount_done(CgroupMount *mount) {
        free(mount->path);
        free(mount->root);
        *mount = (CgroupMount){};
}

void cgroup_mounts_done(CgroupMounts *mounts) {
        mount_done(&mounts->unified);
        mount_done(&mounts->systemd);
        for (unsigned i = 0; i < _CONTROLLER_COUNT; i++)
                mount_done(&mounts->legacy[i]);
        *mounts = (CgroupMounts){};
}

static void drop_if_hidden(const char *name, CgroupMount *mount, CgroupMountHandler hidden, void *userdata) {
        struct stat st;

        if (!mount->path || (lstat(mount->path, &st) >= 0 && st.st_dev == mount->device))
                return;
        hidden(name, mount->path, userdata);
        mount_done(mount);
}

void cgroup_mounts_drop_hidden(CgroupMounts *mounts, CgroupMountHandler hidden, void *userdata) {
        drop_if_hidden("cgroup2", &mounts->unified, hidden, userdata);
        drop_if_hidden("name=systemd", &mounts->systemd, hidden, userdata);
        for (unsigned i = 0; i < _CONTROLLER_COUNT; i++)
                drop_if_hidden(controllers[i], &mounts->legacy[i], hidden, userdata);
}

bool cgroup_mounts_are_legacy(const CgroupMounts *mounts) {
        return mounts->legacy[CONTROLLER_CPU].path || mounts->legacy[CONTROLLER_CPUACCT].path ||
               mounts->legacy[CONTROLLER_MEMORY].path;
}

bool cgroup_mounts_are_unified(const CgroupMounts *mounts) {
        return mounts->unified.path && (strcmp(mounts->unified.path, CGROUP_TREE_DEFAULT_PATH) == 0 ||
                                        !cgroup_mounts_are_legacy(mounts));
}
