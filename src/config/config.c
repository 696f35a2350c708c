/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/config.h"

#include <string.h>

#include "config/build.h"
#include "config/files.h"
#include "config/problem.h"

/* Returns 0, -ENOMEM, or another negative errno that also is in the last entry. */
static int read_file(const ConfigFiles *files, size_t i, Entries *entries) {
        _cleanup_close_ int fd = -1;
        int r = config_files_open(files, i, &fd), k;

        if (r > 0)
                return reader_read(files->path[i], fd, entries);
        if (r == 0 || r == -ENOMEM)
                return r;
        k = entries_add_problem(entries, files->path[i], 0, "Cannot be read: %s.",
                                r == -EINVAL ? "Not a regular file" : strerror(-r));
        return k < 0 ? k : r;
}

static void entries_donep(Entries *entries) {
        entries_done(entries);
}

static void config_files_donep(ConfigFiles *files) {
        config_files_done(files);
}

int config_load(int root_fd, const char *file, Problems *problems, Config **ret) {
        _cleanup_(config_files_donep) ConfigFiles files = {};
        _cleanup_(entries_donep) Entries entries = {};
        _cleanup_(config_freep) Config *config = calloc(1, sizeof *config);
        int r, k;

        if (!config)
                return -ENOMEM;
        r = file ? config_files_single(file, &files) : config_files_find(root_fd, problems, &files);
        if (r < 0)
                return r;
        for (size_t i = 0; r != -ENOMEM && i < files.count; i++)
                r = read_file(&files, i, &entries);
        if (r == -ENOMEM)
                return r;
        config->files = (FileNames){ TAKE_PTR(files.path), files.count };
        files.count = 0;
        for (size_t i = 0; i < config->files.count; i++)
                blot(config->files.item[i]);
        k = config_build(&entries, problems, config);
        if (k >= 0)
                k = config_check(config, problems);
        if (k < 0 || (r < 0 && file))
                return k < 0 ? k : r;
        *ret = TAKE_PTR(config);
        return 0;
}

const HostConfig *config_host(const Config *config) {
        return &config->host;
}

const MailConfig *config_mail(const Config *config) {
        return &config->mail;
}
