/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "report/template-files.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>

#include "basic/fs.h"
#include "basic/text.h"
#include "report/event-mail.h"

#define NAME_SIZE 64U
#define PATH_SIZE (sizeof TEMPLATES_SHIPPED + 1 + 256)
#define SUFFIX    ".txt"

static void tell(const char *directory, const char *name, const TemplateProblem *problem,
                 TemplateVisitor visitor, void *userdata) {
        char path[PATH_SIZE + 1];
        _cleanup_free_ char *clean = NULL;

        snprintf(path, sizeof path, "/%s/%s", directory, name);
        clean = text_clean(path);
        if (clean)
                visitor(clean, problem, userdata);
}

/* 0; -ENOENT if it is not there; -EINVAL if it is wrong, and was told; -ENOMEM. */
static int load_one(int dirfd, const char *directory, const char *name, TemplateVisitor visitor,
                    void *userdata, Template **ret) {
        _cleanup_free_ char *text = NULL;
        TemplateProblem problem = {};
        ssize_t n = read_whole_file_at(dirfd, name, TEMPLATE_SIZE_MAX, &text);
        int r;

        if (n == -ENOENT || n == -ENOMEM)
                return (int) n;
        if (n == -EFBIG)
                snprintf(problem.text, sizeof problem.text, "Larger than %u bytes.", TEMPLATE_SIZE_MAX);
        else if (n < 0)
                snprintf(problem.text, sizeof problem.text, "Cannot be read: %s.",
                         n == -EBADMSG ? "Not a regular file" : strerror((int) -n));
        r = n < 0 ? -EINVAL : template_parse(text, (size_t) n, ret, &problem);
        if (r == -EINVAL)
                tell(directory, name, &problem, visitor, userdata);
        return r;
}

/* The name with as much of the language as `length` says. */
static const char *file_name(char buffer[NAME_SIZE], const char *name, const char *language, size_t length) {
        snprintf(buffer, NAME_SIZE, "%s%s%.*s" SUFFIX, name, length > 0 ? "." : "", (int) length, language);
        return buffer;
}

static int open_directory(int root_fd, const char *directory) {
        int fd = openat(root_fd, directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

/* How much of the language is that of the one that was found, or a negative errno. */
static int load_from(int root_fd, const char *directory, const char *name, const char *language,
                     TemplateVisitor visitor, void *userdata, Template **ret) {
        _cleanup_close_ int fd = open_directory(root_fd, directory);
        size_t whole = strlen(language), base = strcspn(language, "_");
        const size_t lengths[] = { whole, base, 0 };
        char buffer[NAME_SIZE];

        if (fd < 0)
                return -ENOENT;
        for (size_t i = 0; i < ELEMENTSOF(lengths); i++) {
                int r;

                if (i > 0 && lengths[i] == lengths[i - 1])
                        continue;
                r = load_one(fd, directory, file_name(buffer, name, language, lengths[i]), visitor, userdata,
                             ret);
                if (r >= 0)
                        return (int) lengths[i];
                if (r == -ENOMEM)
                        return r;
        }
        return -ENOENT;
}

int template_load(int root_fd, const char *name, const char *language, TemplateVisitor visitor,
                  void *userdata, Template **ret, char ret_language[static TEMPLATE_LANGUAGE_MAX + 1]) {
        int r = load_from(root_fd, TEMPLATES_OWN, name, language, visitor, userdata, ret);
        const char *otherwise = "";

        if (r == -ENOENT) {
                r = load_from(root_fd, TEMPLATES_SHIPPED, name, language, visitor, userdata, ret);
                otherwise = TEMPLATE_LANGUAGE_SHIPPED;
        }
        if (r < 0)
                return r;
        snprintf(ret_language, TEMPLATE_LANGUAGE_MAX + 1, "%.*s", r > 0 ? r : (int) TEMPLATE_LANGUAGE_MAX,
                 r > 0 ? language : otherwise);
        return 0;
}

/* ---- all of one's own ---- */

/* "oom-user.txt", "oom-user.de.txt". */
static bool is_template_name(const char *file) {
        size_t length = strlen(file), suffix = strlen(SUFFIX);

        if (length <= suffix || strcmp(file + length - suffix, SUFFIX) != 0)
                return false;
        for (const char *const *name = template_names; *name; name++) {
                size_t n = strlen(*name);
                char language[TEMPLATE_LANGUAGE_MAX + 1];

                if (strncmp(file, *name, n) != 0)
                        continue;
                if (file + n == file + length - suffix)
                        return true;
                if (file[n] != '.' || length - suffix - n - 1 > TEMPLATE_LANGUAGE_MAX)
                        continue;
                snprintf(language, sizeof language, "%.*s", (int) (length - suffix - n - 1), file + n + 1);
                if (language_is_valid(language))
                        return true;
        }
        return false;
}

static int check_one(int dirfd, const char *file, TemplateVisitor visitor, void *userdata) {
        static const TemplateProblem unknown = {
                .text = "No template has this name; allowed are NAME.txt and NAME.LANGUAGE.txt, with a NAME "
                        "of "
                        "fairsliced.conf(5).",
        };
        _cleanup_(template_freep) Template *template = NULL;
        int r;

        if (!is_template_name(file)) {
                tell(TEMPLATES_OWN, file, &unknown, visitor, userdata);
                return 0;
        }
        r = load_one(dirfd, TEMPLATES_OWN, file, visitor, userdata, &template);
        return r == -ENOMEM ? r : 0;
}

int template_check_all(int root_fd, TemplateVisitor visitor, void *userdata) {
        _cleanup_close_ int fd = open_directory(root_fd, TEMPLATES_OWN);
        _cleanup_(closedirp) DIR *dir = NULL;
        int r;

        if (fd < 0)
                return fd == -ENOENT ? 0 : fd;
        r = open_dir_again(fd, &dir);
        for (struct dirent *entry; r >= 0 && (entry = readdir(dir));)
                if (entry->d_name[0] != '.')
                        r = check_one(fd, entry->d_name, visitor, userdata);
        return r;
}
