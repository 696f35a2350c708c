/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/host-info.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>

#include "basic/format.h"
#include "basic/fs.h"
#include "basic/log.h"
#include "cgroup/capacity.h"

static int read_tree(HostInfo *info) {
        _cleanup_(cgroup_tree_freep) CgroupTree *tree = NULL;
        int r;

        r = cgroup_tree_open(NULL, &tree);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        r = cgroup_tree_is_unified(tree);
        if (r < 0)
                return r;
        info->unified = r > 0;
        info->hybrid = !info->unified && faccessat(cgroup_tree_root_fd(tree), "unified", F_OK, 0) >= 0;
        return 0;
}

static void read_init(HostInfo *info) {
        ssize_t n = read_file_at(AT_FDCWD, "/proc/1/comm", info->init, sizeof info->init);

        if (n < 0)
                strcpy(info->init, "something unknown");
        info->init[strcspn(info->init, "\n")] = '\0';
}

int host_info_read(HostInfo *ret) {
        *ret = (HostInfo){ .systemd = sd_booted() > 0 };
        read_init(ret);
        return read_tree(ret);
}

const char *host_info_tree(const HostInfo *info) {
        return info->unified  ? "the unified cgroup tree"
               : info->hybrid ? "a hybrid cgroup tree"
                              : "a legacy cgroup tree";
}

const char *host_info_init(const HostInfo *info) {
        static char text[64];

        snprintf(text, sizeof text, "%s as PID 1", info->systemd ? "systemd" : info->init);
        return text;
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

static int print_cpus(void) {
        _cleanup_(cgroup_tree_freep) CgroupTree *tree = NULL;
        _cleanup_(capacity_reader_freep) CapacityReader *reader = NULL;
        _cleanup_close_ int sysfs_fd = open("/sys", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        FormatBuffer quota;
        Capacity capacity;
        int r;

        if (sysfs_fd < 0)
                return -errno;
        r = cgroup_tree_open(NULL, &tree);
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

static void print_memory(void) {
        FormatBuffer ram, swap;
        struct sysinfo info;

        if (sysinfo(&info) >= 0)
                printf("memory:        %s, swap %s\n",
                       format_size(ram, (uint64_t) info.totalram * info.mem_unit),
                       format_size(swap, (uint64_t) info.totalswap * info.mem_unit));
}

int host_info_print(void) {
        struct utsname kernel;
        HostInfo info;
        int r;

        r = host_info_read(&info);
        if (r < 0)
                return log_error_errno(r, "Cannot find out what this host is: %m");
        if (uname(&kernel) >= 0)
                printf("kernel:        %s %s\n", kernel.sysname, kernel.release);
        printf("PID 1:         %s\n", info.init);
        printf("cgroups:       %s\n", host_info_tree(&info));
        print_memory();
        if (info.systemd)
                print_systemd();
        if (info.unified) {
                r = print_cpus();
                if (r < 0)
                        return log_error_errno(r, "Cannot read how many CPUs there are: %m");
        }
        printf("backend:       %s\n",
               info.systemd && info.unified ? "systemd" : "none yet for this host; see scripts/run --vm");
        return 0;
}
