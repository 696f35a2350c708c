/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/control.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "config/build.h"
#include "config/control-files.h"
#include "config/problem.h"

const char *control_file_name(ControlFileName buffer, uid_t uid) {
        SliceName slice;

        snprintf(buffer, sizeof(ControlFileName), "%s" CONFIG_ENDING, slice_name_for_uid(slice, uid));
        return buffer;
}

int control_file_open(int dirfd, const char *name) {
        _cleanup_close_ int fd =
                openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
        struct stat st;

        if (fd < 0)
                return errno == ENXIO ? -EINVAL : -errno; /* ENXIO: a socket */
        if (fstat(fd, &st) < 0)
                return -errno;
        return S_ISREG(st.st_mode) ? TAKE_FD(fd) : -EINVAL;
}

/* ---- which files ---- */

/* One of the two directories. */
typedef struct Layer {
        int dirfd;
        const char *path;
        FileNames names; /* in it, in the order in which they are read */
} Layer;

/* Takes the string, also on failure; NULL is one that there was no memory for. */
static int append_name(FileNames *names, char *name) {
        /* Powers of two are when there may be no room. */
        bool full = (names->count & (names->count - 1)) == 0;
        char **item = names->item;

        if (name && full)
                item = reallocarray(names->item, MAX(2 * names->count, (size_t) 1), sizeof *item);
        if (!name || !item) {
                free(name);
                return -ENOMEM;
        }
        names->item = item;
        names->item[names->count++] = name;
        return 0;
}

static int read_names(DIR *dir, FileNames *names) {
        for (;;) {
                struct dirent *entry;
                int r;

                errno = 0;
                entry = readdir(dir);
                if (!entry)
                        return -errno;
                if (!config_is_file_name(entry->d_name))
                        continue;
                r = append_name(names, strdup(entry->d_name));
                if (r < 0)
                        return r;
        }
}

/* "user-1000.slice.conf" */
static bool is_users_own(const char *name) {
        size_t length = strlen(name) - strlen(CONFIG_ENDING);
        SliceName slice;
        uid_t uid;

        if (length >= sizeof slice)
                return false;
        memcpy(slice, name, length);
        slice[length] = '\0';
        return slice_name_to_uid(slice, &uid) >= 0;
}

static int compare_names(const void *a, const void *b) {
        const char *x = *(const char *const *) a, *y = *(const char *const *) b;
        bool x_own = is_users_own(x), y_own = is_users_own(y);

        return x_own != y_own ? x_own - y_own : strcmp(x, y);
}

static int cannot_read(Problems *problems, const char *path, int error) {
        return problems_add(problems, PROBLEM_ERROR, path, 0, "Cannot be read: %s.", strerror(-error));
}

static int find_files(Layer *layer, Problems *problems) {
        _cleanup_(closedirp) DIR *dir = NULL;
        int r;

        if (layer->dirfd < 0)
                return 0;
        r = open_dir_again(layer->dirfd, &dir);
        if (r >= 0)
                r = read_names(dir, &layer->names);
        if (r < 0)
                return r == -ENOMEM ? r : cannot_read(problems, layer->path, r);
        if (layer->names.count > 0)
                qsort(layer->names.item, layer->names.count, sizeof(char *), compare_names);
        return 0;
}

/* ---- what is in them ---- */

/* Returns 0 or -ENOMEM. */
static int read_file(const Layer *layer, const char *name, const char *path, Entries *entries) {
        _cleanup_close_ int fd = control_file_open(layer->dirfd, name);
        int r;

        if (fd == -ENOENT) /* removed meanwhile */
                return 0;
        if (fd < 0)
                return entries_add_problem(entries, path, 0, "Cannot be read: %s.",
                                           fd == -EINVAL  ? "Not a regular file"
                                           : fd == -ELOOP ? "Links are not followed here"
                                                          : strerror(-fd));
        r = reader_read(path, fd, entries);
        return r == -ENOMEM ? r : 0;
}

static void entries_donep(Entries *entries) {
        entries_done(entries);
}

/* The names go to *files, which the settings point to. */
static int read_files(const Layer *layer, const Config *config, Problems *problems, FileNames *files,
                      Sections *sections) {
        _cleanup_(entries_donep) Entries entries = {};
        int r = 0;

        for (size_t i = 0; r >= 0 && i < layer->names.count; i++) {
                const char *name = layer->names.item[i];
                char *path;

                if (asprintf(&path, "%s/%s", layer->path, name) < 0)
                        return -ENOMEM;
                r = append_name(files, blot(path));
                if (r >= 0)
                        r = read_file(layer, name, path, &entries);
        }
        if (r >= 0)
                r = control_build(&entries, config, problems, sections);
        return r < 0 ? r : config_check_sections(sections, config, problems);
}

static int load_layer(int dirfd, const char *path, const Config *config, Problems *problems,
                      FileNames *files, Sections *sections) {
        Layer layer = { .dirfd = dirfd, .path = path };
        int r = find_files(&layer, problems);

        if (r >= 0)
                r = read_files(&layer, config, problems, files, sections);
        file_names_done(&layer.names);
        return r;
}

int control_load(const ControlDirs *dirs, const Config *config, Problems *problems, Control **ret) {
        _cleanup_(control_freep) Control *control = calloc(1, sizeof *control);
        int r;

        if (!control)
                return -ENOMEM;
        r = load_layer(dirs->persistent_fd, dirs->persistent_path, config, problems, &control->files,
                       &control->persistent);
        if (r >= 0)
                r = load_layer(dirs->runtime_fd, dirs->runtime_path, config, problems, &control->files,
                               &control->runtime);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(control);
        return 0;
}

Control *control_free(Control *control) {
        if (!control)
                return NULL;
        sections_done(&control->runtime);
        sections_done(&control->persistent);
        file_names_done(&control->files);
        free(control);
        return NULL;
}

int control_check(const LimitSetting *setting, const char **ret_allowed) {
        FormatBuffer text;
        KeyValue value;
        const char *why;
        int r = key_parse(setting->limit, limit_setting_format(text, setting), &value, &why);

        /* Else it was rounded. */
        if (r >= 0 && value.number == setting->value && value.of_ram == setting->of_ram)
                return 0;
        *ret_allowed = keys[setting->limit].allowed;
        return -ERANGE;
}
