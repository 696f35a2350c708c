/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>

#include "basic/log.h"
#include "daemon/manager-private.h"

int manager_choose_backend(Manager *m) {
        char reason[BACKEND_REASON_MAX];
        int r;

        r = host_info_read(m->root_fd, m->proc_fd, &m->host);
        if (r < 0)
                return log_error_errno(r, "Cannot find out how cgroups are mounted: %m");
        host_info_drop_hidden(&m->host);
        r = host_info_choose_backend(&m->host, m->host_config.backend, &m->backend_kind, reason);
        if (r < 0)
                return log_error_errno(r, "No backend for this host, nothing can be limited: %s.", reason);
        log_info("Backend %s: %s.", backend_kind_to_string(m->backend_kind), reason);
        if (m->backend_kind != BACKEND_SYSTEMD && !m->observe && geteuid() != 0)
                return log_error_errno(-EPERM,
                                       "The backend %s writes the kernel's files, which only root may do; "
                                       "--dry-run shows what it would write.",
                                       backend_kind_to_string(m->backend_kind));
        return 0;
}

int manager_open_tree(Manager *m) {
        int r = host_info_open_tree(&m->host, &m->tree);

        return r < 0 ? log_error_errno(r, "Cannot open the cgroup tree: %m") : 0;
}

static int open_capacity(Manager *m) {
        _cleanup_close_ int sysfs_fd = -1;
        const char *sysfs = m->options.sysfs_path ?: "/sys";
        int r;

        sysfs_fd = open(sysfs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (sysfs_fd < 0)
                return log_error_errno(errno, "Cannot open %s: %m", sysfs);
        r = capacity_reader_open(sysfs_fd, m->tree, &m->capacity_reader);
        if (r < 0)
                return log_error_errno(r, "Cannot open the files that tell the host's CPU use: %m");
        r = capacity_read(m->capacity_reader, &m->capacity);
        return r < 0 ? log_error_errno(r, "Cannot read how many CPUs there are: %m") : 0;
}

int manager_open_host_use(Manager *m) {
        int r = open_capacity(m);

        if (r < 0)
                return r;
        r = host_use_open(m->proc_fd, m->tree, m->capacity_reader, &m->host_use);
        return r < 0 ? log_error_errno(r, "Cannot open the files that tell the host's CPU use: %m") : 0;
}

static void on_mount(const char *controllers, const char *path, bool mounted, void *userdata _unused_) {
        if (mounted)
                log_notice("The cgroup hierarchy of %s is mounted at %s again.", controllers, path);
        else
                log_warning(
                        "The cgroup hierarchy of %s is not mounted at %s any more; what is open of it goes "
                        "on being used, but nobody else sees it there.",
                        controllers, path);
}

int manager_watch_mounts(Manager *m) {
        int r;

        if (m->backend_kind == BACKEND_SYSTEMD)
                return 0;
        r = mount_watch_new(m->event, m->proc_fd, on_mount, m, &m->mount_watch);
        return r < 0 ? log_error_errno(r, "Cannot watch what is mounted: %m") : 0;
}
