/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/import.h"

#include "basic/fs.h"
#include "basic/log.h"
#include "cgroup/mounts.h"
#include "config/files.h"
#include "config/import-cgroup-py.h"
#include "config/reader.h"

/* Whether version 1 has the memory controller. What it is to be run on is taken to be this host. */
static int has_soft_limit(int proc_fd) {
        _cleanup_(cgroup_mounts_done) CgroupMounts mounts = {};
        int r = cgroup_mounts_read(proc_fd, &mounts);

        return r < 0 ? r : mounts.legacy[CONTROLLER_MEMORY].path != NULL;
}

/* A link to /dev/null, as which the opener gives 0, is no file to import either. */
static ssize_t read_file(const char *path, char *buffer, size_t size) {
        _cleanup_(config_files_done) ConfigFiles files = {};
        _cleanup_close_ int fd = -1;
        int r;

        r = config_files_single(path, &files);
        if (r >= 0)
                r = config_files_open(&files, 0, &fd);
        if (r < 0)
                return r;
        return r == 0 ? -EINVAL : read_fd(fd, buffer, size);
}

static int cannot_read(const char *path, int error) {
        if (error == -EFBIG)
                log_error("%s: Too large to be imported; allowed are %zu bytes.", path, CONFIG_FILE_MAX);
        else if (error == -EINVAL)
                log_error("%s: Not a regular file, so it cannot be imported.", path);
        else
                return log_error_errno(error, "%s: Cannot be read: %m", path);
        return error;
}

static int print(const char *path, const char *text, const Problems *problems, FILE *out) {
        for (size_t i = 0; i < problems->count; i++)
                log_warning("%s:%u: %s", problems->item[i].file, problems->item[i].line,
                            problems->item[i].message);
        if (fputs(text, out) < 0 || fflush(out) != 0)
                return log_error_errno(errno, "%s: Cannot write what it was imported to: %m", path);
        return 0;
}

int import_print_cgroup_py(int proc_fd, const char *file, FILE *out) {
        _cleanup_free_ char *buffer = malloc(CONFIG_FILE_MAX + 1), *text = NULL;
        _cleanup_(problems_done) Problems problems = {};
        int soft_limit, r;
        ssize_t n;

        if (!buffer)
                return log_oom();
        soft_limit = has_soft_limit(proc_fd);
        if (soft_limit < 0)
                return log_error_errno(soft_limit,
                                       "%s: Cannot be imported, since it cannot be found out how "
                                       "cgroups are mounted: %m",
                                       file);
        n = read_file(file, buffer, CONFIG_FILE_MAX + 1);
        if (n < 0)
                return cannot_read(file, (int) n);
        r = import_cgroup_py(file, buffer, (size_t) n, soft_limit > 0, &problems, &text);
        if (r == -EBADMSG) {
                log_error("%s: Not a configuration of CGroup_Py: it has no section [main].", file);
                return r;
        }
        return r < 0 ? log_error_errno(r, "%s: Cannot be imported: %m", file)
                     : print(file, text, &problems, out);
}
