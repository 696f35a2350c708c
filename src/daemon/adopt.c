/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/adopt.h"

#include <fcntl.h>
#include <string.h>

#include "basic/bus-peer.h"
#include "basic/log.h"
#include "daemon/adopt-unit.h"
#include "daemon/host-info.h"
#include "daemon/identity.h"
#include "model/slice-name.h"

/* So often a process ends between the look and the move, and all is looked through again. */
#define TRIES 5

/* PID 1 makes the slice and the scope first, and may be busy. */
#define MOVE_WAIT_USEC  (5 * USEC_PER_SEC)
#define MOVE_PAUSE_USEC (10 * USEC_PER_MSEC)

typedef struct Adoption {
        const ManagerOptions *options;
        int root_fd, proc_fd;
        CgroupTree *tree;
        Config *config;
        User user;
        sd_bus *bus;
        SliceName slice;
        char scope[64], group[sizeof "/user.slice//" + SLICE_NAME_MAX + 64]; /* of the scope */
        Strays strays;
} Adoption;

bool adopt_is_wanted(const Config *config, const User *user) {
        const HostConfig *host = config_host(config);

        return host->adopt_strays && user->name && stray_uid_is_possible(user->uid, host->min_uid) &&
               !config_is_exempt(config, user);
}

static void adoption_donep(Adoption *a) {
        strays_done(&a->strays);
        sd_bus_flush_close_unref(a->bus);
        user_done(&a->user);
        config_free(a->config);
        cgroup_tree_free(a->tree);
        safe_close(a->root_fd);
        safe_close(a->proc_fd);
}

/* ---- whether, and whom ---- */

static int open_directory(const char *path, int *ret) {
        *ret = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return *ret < 0 ? log_error_errno(errno, "Cannot open %s: %m", path) : 0;
}

static int open_directories(Adoption *a) {
        int r = open_directory(a->options->root_path ?: "/", &a->root_fd);

        return r < 0 ? r : open_directory(a->options->proc_path ?: "/proc", &a->proc_fd);
}

static int load_config(Adoption *a) {
        _cleanup_(problems_done) Problems problems = {}; /* the service has told them */
        int r = config_load(a->root_fd, a->options->config_file, &problems, &a->config);

        return r < 0 ? log_error_errno(r, "Cannot read the configuration: %m") : 0;
}

static int check_user(Adoption *a) {
        uid_t uid = a->options->adopt_uid;
        int r;

        r = identity_lookup(uid, &a->user);
        if (r < 0)
                return log_error_errno(r, "Cannot look up the user with UID %u, moving nothing: %m",
                                       (unsigned) uid);
        if (!adopt_is_wanted(a->config, &a->user)) {
                log_error(
                        "Not moving processes of UID %u: AdoptStrays= is off, or this user is not managed.",
                        (unsigned) uid);
                return -EPERM;
        }
        if (config_host(a->config)->observe) {
                log_error("Not moving processes of UID %u: Observe=yes.", (unsigned) uid);
                return -EPERM;
        }
        return 0;
}

static int open_tree(Adoption *a) {
        _cleanup_(host_info_done) HostInfo host = {};
        int r;

        r = host_info_read(a->root_fd, a->proc_fd, &host);
        if (r < 0)
                return log_error_errno(r, "Cannot find out how cgroups are mounted: %m");
        if (!host.systemd) {
                log_error("Not moving processes of UID %u: systemd is not PID 1.", (unsigned) a->user.uid);
                return -EOPNOTSUPP;
        }
        host_info_drop_hidden(&host);
        r = host_info_open_tree(&host, &a->tree);
        return r < 0 ? log_error_errno(r, "Cannot open the cgroup tree: %m") : 0;
}

static int open_bus(Adoption *a) {
        int r = sd_bus_open_system(&a->bus);

        return r < 0 ? log_error_errno(r, "Cannot reach the system bus: %m") : 0;
}

static void choose_names(Adoption *a) {
        (void) slice_name_for_uid(a->slice, a->user.uid);
        snprintf(a->scope, sizeof a->scope, "fairslice-adopted-%u-%d.scope", (unsigned) a->user.uid,
                 (int) getpid());
        snprintf(a->group, sizeof a->group, "/%s/%s/%s", CGROUP_USER_SLICE, a->slice, a->scope);
}

/* ---- which processes ---- */

static void drop(Strays *strays, size_t i) {
        free(strays->item[i].group);
        memmove(&strays->item[i], &strays->item[i + 1], (strays->count - i - 1) * sizeof *strays->item);
        strays->count--;
}

/* They are sorted by group. */
static int drop_what_systemd_keeps(Adoption *a) {
        _cleanup_free_ char *group = NULL;
        bool lets_go = false;

        for (size_t i = 0; i < a->strays.count;) {
                const Stray *stray = &a->strays.item[i];

                if (!group || strcmp(group, stray->group) != 0) {
                        int r = adopt_unit_lets_go(a->bus, stray->group, &a->user);

                        if (r < 0)
                                log_warning_errno(r, "Cannot ask systemd about %s, left alone: %m",
                                                  stray->group);
                        lets_go = r > 0;
                        free(group);
                        group = strdup(stray->group);
                        if (!group)
                                return log_oom();
                }
                if (lets_go)
                        i++;
                else
                        drop(&a->strays, i);
        }
        return 0;
}

static void drop_what_has_gone(Adoption *a) {
        for (size_t i = 0; i < a->strays.count;)
                if (stray_is_still_there(a->proc_fd, &a->strays.item[i]))
                        i++;
                else
                        drop(&a->strays, i);
}

static int find(Adoption *a) {
        StrayQuery query = {
                .proc_fd = a->proc_fd,
                .tree_fd = cgroup_tree_root_fd(a->tree),
                .min_uid = config_host(a->config)->min_uid,
                .only_uid = a->user.uid,
        };
        int r;

        strays_done(&a->strays);
        r = strays_find(&query, &a->strays);
        if (r < 0)
                return log_error_errno(r, "Cannot look for processes of %s: %m", a->user.name);
        r = drop_what_systemd_keeps(a);
        if (r < 0)
                return r;
        drop_what_has_gone(a);
        return 0;
}

/* ---- the move ---- */

static bool is_same_process(const Stray *stray, int fd) {
        Process now;

        return process_read(fd, &now) >= 0 && !now.dead && now.start == stray->process.start;
}

/* How many live and are not in the scope yet; *ret_moved is how many are. */
static size_t count_waiting(const Adoption *a, size_t *ret_moved) {
        size_t waiting = 0;

        *ret_moved = 0;
        for (size_t i = 0; i < a->strays.count; i++) {
                const Stray *stray = &a->strays.item[i];
                _cleanup_close_ int fd = process_open(a->proc_fd, stray->process.pid);

                if (fd < 0 || !is_same_process(stray, fd))
                        continue;
                if (stray_is_in(fd, a->group))
                        (*ret_moved)++;
                else
                        waiting++;
        }
        return waiting;
}

/* systemd's answer only says that it has begun. */
static size_t wait_for_move(const Adoption *a, size_t *ret_moved) {
        usec_t end = now_monotonic() + MOVE_WAIT_USEC;
        size_t waiting;

        while ((waiting = count_waiting(a, ret_moved)) > 0 && now_monotonic() < end)
                (void) usleep(MOVE_PAUSE_USEC);
        return waiting;
}

static int start_scope(Adoption *a) {
        _cleanup_free_ char *description = NULL;

        if (asprintf(&description, "Processes of %s from outside of %s", a->user.name, a->slice) < 0)
                return -ENOMEM;
        return adopt_unit_start_scope(a->bus, a->scope, a->slice, description, &a->strays);
}

static void report(const Adoption *a, size_t moved) {
        size_t places = 1;
        char more[48] = "";

        for (size_t i = 1; i < a->strays.count; i++)
                places += strcmp(a->strays.item[i].group, a->strays.item[i - 1].group) != 0;
        if (places > 1)
                snprintf(more, sizeof more, " and %zu other place%s", places - 1, places > 2 ? "s" : "");
        log_notice("Moved %zu process%s of %s (UID %u) from %s%s into %s.", moved, moved == 1 ? "" : "es",
                   a->user.name, (unsigned) a->user.uid, a->strays.item[0].group + 1, more, a->scope);
}

/* -EAGAIN if a process went away meanwhile. */
static int move(Adoption *a) {
        size_t moved, waiting;
        int r;

        r = find(a);
        if (r < 0 || a->strays.count == 0)
                return r;
        r = start_scope(a);
        if (r == -ESRCH)
                return -EAGAIN;
        if (r < 0)
                return log_error_errno(r, "Cannot make %s for processes of %s, they stay outside: %m",
                                       a->scope, a->user.name);
        waiting = wait_for_move(a, &moved);
        if (moved > 0)
                report(a, moved);
        if (waiting > 0) {
                log_warning("%zu process%s of %s (UID %u) did not get into %s and stay%s outside.", waiting,
                            waiting == 1 ? "" : "es", a->user.name, (unsigned) a->user.uid, a->scope,
                            waiting == 1 ? "s" : "");
                return -EBUSY;
        }
        return 0;
}

int adopt_run(const ManagerOptions *options) {
        int (*const steps[])(Adoption *) = { open_directories, load_config, check_user, open_tree,
                                             open_bus };
        _cleanup_(adoption_donep) Adoption a = { .options = options, .root_fd = -1, .proc_fd = -1 };
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(steps); i++) {
                r = steps[i](&a);
                if (r < 0)
                        return r;
        }
        choose_names(&a);
        for (unsigned i = 0; i < TRIES; i++) {
                r = move(&a);
                if (r != -EAGAIN)
                        return r;
        }
        log_warning("Processes of %s come and go too fast, they stay outside of %s.", a.user.name, a.slice);
        return r;
}
