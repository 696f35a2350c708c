/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>

#include "basic/log.h"
#include "daemon/adopt.h"
#include "daemon/host-info.h"
#include "daemon/import.h"
#include "daemon/options.h"

static int check(const ManagerOptions *options) {
        int r = manager_check_config(options);

        if (r >= 0 && isatty(STDOUT_FILENO))
                puts("The configuration has no errors.");
        return r;
}

static int import_file(const char *file) {
        _cleanup_close_ int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (proc_fd < 0)
                return log_error_errno(errno, "Cannot open /proc: %m");
        return import_print_cgroup_py(proc_fd, file, stdout);
}

static int run(const ManagerOptions *options, Mode mode) {
        _cleanup_(manager_freep) Manager *manager = NULL;
        int r;

        r = manager_new(options, &manager);
        if (r < 0)
                return r;
        if (mode == MODE_RELEASE)
                return manager_release(manager);
        r = manager_start(manager);
        return r < 0 ? r : manager_run(manager);
}

int main(int argc, char *argv[]) {
        ManagerOptions options;
        const char *import;
        Mode mode;
        int r;

        r = options_parse(argc, argv, &mode, &options, &import);
        if (r <= 0)
                return r < 0 ? 2 : 0;
        if (options.verbose)
                log_set_max_level(LOG_DEBUG);
        if (mode == MODE_CHECK)
                r = check(&options);
        else if (mode == MODE_INFO)
                r = host_info_print();
        else if (mode == MODE_IMPORT_CGROUP_PY)
                r = import_file(import);
        else if (mode == MODE_ADOPT)
                r = adopt_run(&options);
        else
                r = run(&options, mode);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
