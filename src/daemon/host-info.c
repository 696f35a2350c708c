/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/host-info.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <systemd/sd-bus.h>

#include "basic/format.h"
#include "basic/fs.h"
#include "basic/log.h"
#include "cgroup/capacity.h"

/* As sd_booted(3) has it, below a root of one's choice. */
static bool systemd_is_running(int root_fd) {
        return faccessat(root_fd, "run/systemd/system", F_OK, AT_SYMLINK_NOFOLLOW) >= 0;
}

static void read_init(int proc_fd, HostInfo *info) {
        ssize_t n = read_file_at(proc_fd, "1/comm", info->init, sizeof info->init);

        if (n < 0)
                strcpy(info->init, "something unknown");
        info->init[strcspn(info->init, "\n")] = '\0';
}

int host_info_read(int root_fd, int proc_fd, HostInfo *ret) {
        HostInfo info = { .systemd = systemd_is_running(root_fd) };
        int r;

        r = cgroup_mounts_read(proc_fd, &info.mounts);
        if (r < 0)
                return r;
        info.unified = cgroup_mounts_are_unified(&info.mounts);
        read_init(proc_fd, &info);
        *ret = info;
        return 0;
}

static void on_hidden(const char *name, const char *path, void *userdata _unused_) {
        log_warning("The cgroup hierarchy of %s cannot be reached at %s: something else is mounted over it. "
                    "It counts as not mounted.",
                    name, path);
}

void host_info_drop_hidden(HostInfo *info) {
        cgroup_mounts_drop_hidden(&info->mounts, on_hidden, NULL);
        info->unified = cgroup_mounts_are_unified(&info->mounts);
}

void host_info_done(HostInfo *info) {
        cgroup_mounts_done(&info->mounts);
}

const char *host_info_tree(const HostInfo *info) {
        if (info->unified)
                return "the unified cgroup tree";
        if (!cgroup_mounts_are_legacy(&info->mounts))
                return "no cgroup tree";
        return info->mounts.unified.path ? "a hybrid cgroup tree" : "a legacy cgroup tree";
}

const char *host_info_init(const HostInfo *info) {
        static char text[64];

        snprintf(text, sizeof text, "%s as PID 1", info->systemd ? "systemd" : info->init);
        return text;
}

int host_info_open_tree(const HostInfo *info, CgroupTree **ret) {
        return info->unified ? cgroup_tree_open(info->mounts.unified.path, ret)
                             : cgroup_tree_open_legacy(&info->mounts, info->systemd, ret);
}

static BackendKind suitable_backend(const HostInfo *info) {
        if (!info->unified)
                return BACKEND_CGROUP1;
        return info->systemd ? BACKEND_SYSTEMD : BACKEND_CGROUP2;
}

/* What stands in the way, or NULL. */
static const char *obstacle(const HostInfo *info, BackendKind kind) {
        if (kind == BACKEND_SYSTEMD && !info->systemd)
                return "systemd is not PID 1";
        if (kind == BACKEND_CGROUP2 && info->unified && info->systemd)
                return "the tree is systemd's, which is PID 1; Backend=systemd is for that";
        if (kind == BACKEND_CGROUP2 && !info->unified)
                return "the controllers are not in a unified tree";
        if (kind != BACKEND_CGROUP1)
                return NULL;
        if (info->unified)
                return "version 1 has no controllers here";
        if (!info->mounts.legacy[CONTROLLER_CPU].path || !info->mounts.legacy[CONTROLLER_CPUACCT].path)
                return "version 1's cpu and cpuacct hierarchies are not both mounted";
        if (info->systemd && !info->mounts.systemd.path)
                return "systemd's own hierarchy, name=systemd, is not mounted";
        return NULL;
}

int host_info_choose_backend(const HostInfo *info, BackendKind wanted, BackendKind *ret,
                             char reason[BACKEND_REASON_MAX]) {
        BackendKind kind = wanted == BACKEND_AUTO ? suitable_backend(info) : wanted;
        const char *why_not = obstacle(info, kind);

        snprintf(reason, BACKEND_REASON_MAX, "%sthe host has %s, and %s%s%s",
                 wanted == BACKEND_AUTO ? "" : "so it is configured; ", host_info_tree(info),
                 host_info_init(info), why_not ? ": " : "", why_not ?: "");
        if (why_not)
                return -EOPNOTSUPP;
        *ret = kind;
        return 0;
}

static void bus_unrefp(sd_bus **bus) {
        sd_bus_flush_close_unref(*bus);
}

static void print_systemd(void) {
        _cleanup_(bus_unrefp) sd_bus *bus = NULL;
        _cleanup_free_ char *version = NULL;
        int r;

        r = sd_bus_open_system(&bus);
        if (r >= 0)
                r = sd_bus_get_property_string(bus, "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                                               "org.freedesktop.systemd1.Manager", "Version", NULL,
                                               &version);
        errno = -r;
        if (r < 0)
                printf("systemd:       not reached over the system bus (%m)\n");
        else
                printf("systemd:       %s\n", version);
}

static int print_cpus(const HostInfo *info) {
        _cleanup_(cgroup_tree_freep) CgroupTree *tree = NULL;
        _cleanup_(capacity_reader_freep) CapacityReader *reader = NULL;
        _cleanup_close_ int sysfs_fd = open("/sys", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        FormatBuffer quota;
        Capacity capacity;
        int r;

        if (sysfs_fd < 0)
                return -errno;
        r = host_info_open_tree(info, &tree);
        if (r >= 0)
                r = capacity_reader_open(sysfs_fd, tree, &reader);
        if (r >= 0)
                r = capacity_read(reader, &capacity);
        if (r < 0)
                return r;
        printf("CPUs:          %u online, %u for users, quota above them %s\n", capacity.online_cpus,
               capacity.usable_cpus, format_cpu(quota, capacity.quota));
        printf("user.slice:    %s\n", cgroup_tree_user_slice_fd(tree) >= 0 ? "there" : "not there yet");
        return 0;
}

static void print_mounts(const CgroupMounts *mounts) {
        for (unsigned i = 0; i < _CONTROLLER_COUNT; i++)
                if (mounts->legacy[i].path)
                        printf("%-14s %s\n", controller_to_string(i), mounts->legacy[i].path);
        if (mounts->unified.path)
                printf("cgroup2:       %s\n", mounts->unified.path);
}

static int print_backend(const HostInfo *info) {
        char reason[BACKEND_REASON_MAX];
        BackendKind kind;
        int r = host_info_choose_backend(info, BACKEND_AUTO, &kind, reason);

        printf("backend:       %s: %s\n", r < 0 ? "none" : backend_kind_to_string(kind), reason);
        return r;
}

static void print_memory(void) {
        FormatBuffer ram, swap;
        struct sysinfo info;

        if (sysinfo(&info) >= 0)
                printf("memory:        %s, swap %s\n",
                       format_size(ram, (uint64_t) info.totalram * info.mem_unit),
                       format_size(swap, (uint64_t) info.totalswap * info.mem_unit));
}

static void print_host(const HostInfo *info) {
        struct utsname kernel;

        if (uname(&kernel) >= 0)
                printf("kernel:        %s %s\n", kernel.sysname, kernel.release);
        printf("PID 1:         %s\n", info->init);
        printf("cgroups:       %s\n", host_info_tree(info));
        print_mounts(&info->mounts);
        print_memory();
        if (info->systemd)
                print_systemd();
}

int host_info_print(void) {
        _cleanup_(host_info_done) HostInfo info = {};
        _cleanup_close_ int root_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int r;

        if (root_fd < 0 || proc_fd < 0)
                return log_error_errno(errno, "Cannot open / and /proc: %m");
        r = host_info_read(root_fd, proc_fd, &info);
        if (r < 0)
                return log_error_errno(r, "Cannot find out what this host is: %m");
        host_info_drop_hidden(&info);
        print_host(&info);
        if (print_backend(&info) < 0)
                return 0;
        r = print_cpus(&info);
        return r < 0 ? log_error_errno(r, "Cannot read how many CPUs there are: %m") : 0;
}
