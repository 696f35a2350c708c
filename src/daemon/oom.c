/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <string.h>

#include "basic/log.h"
#include "daemon/manager-private.h"

/* The slice may be gone by now; its user is not. */
static const char *find_name(Manager *m, const OomEvent *oom) {
        const ManagedSlice *slice = slice_table_find(&m->slices, oom->slice);
        const KnownUser *known;

        if (slice)
                return slice->user.name;
        if (oom->uid == UID_INVALID)
                return NULL;
        known = known_users_get(&m->known_users, m->config, oom->uid, m->clock());
        return known ? known->user.name : NULL;
}

static void on_oom(const OomEvent *oom, void *userdata) {
        Manager *m = userdata;
        const char *found = find_name(m, oom);
        _cleanup_free_ char *name = found ? strdup(found) : NULL; /* whoever is told may look others up */
        Event event = event_from_oom(oom);

        /* Journal, bus and EventLog= have it since it was told first: it is for those alone who count it. */
        if (oom->again)
                manager_mail_event(m, &event, name);
        else
                manager_memory_event(m, &event, name);
}

static bool have_journal(const Manager *m) {
        return faccessat(m->root_fd, "run/systemd/journal/socket", F_OK, 0) >= 0;
}

static int open_journal(Manager *m, sd_id128_t boot, OomLineSource *ret) {
        int r = kernel_log_new(NULL, boot, &m->kernel_log);

        if (r >= 0)
                *ret = kernel_log_source(m->kernel_log);
        return r;
}

/* A path that begins at the root of the configuration, which is another than the host's in tests only. */
static int open_kmsg(Manager *m, OomLineSource *ret) {
        _cleanup_close_ int fd =
                openat(m->root_fd, &KMSG_PATH[1], O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
        int r;

        if (fd < 0) {
                log_warning_errno(errno, "There is no journal, and " KMSG_PATH " cannot be opened; "
                                         "records of memory running out will not say who was killed: %m");
                return 0;
        }
        r = kmsg_new(fd, &m->kmsg);
        if (r < 0)
                return r;
        TAKE_FD(fd);
        *ret = kmsg_source(m->kmsg);
        return 0;
}

/* What is there already is of an attempt that failed. */
static int open_lines(Manager *m, sd_id128_t boot, OomLineSource *ret) {
        m->kernel_log = kernel_log_free(m->kernel_log);
        m->kmsg = kmsg_free(m->kmsg);
        return have_journal(m) ? open_journal(m, boot, ret) : open_kmsg(m, ret);
}

static void open_vmstat(Manager *m) {
        if (m->vmstat_fd >= 0 || !cgroup_tree_is_legacy(m->tree))
                return;
        m->vmstat_fd = openat(m->proc_fd, "vmstat", O_RDONLY | O_CLOEXEC);
        if (m->vmstat_fd < 0)
                log_warning_errno(errno,
                                  "Cannot open /proc/vmstat, kills in groups that are removed at once "
                                  "are not recorded: %m");
}

static int make_watch(Manager *m) {
        char boot[SD_ID128_STRING_MAX];
        OomLineSource source = {};
        sd_id128_t id;
        int r;

        r = sd_id128_get_boot(&id);
        if (r < 0)
                return r;
        r = open_lines(m, id, &source);
        if (r < 0)
                return r;
        open_vmstat(m);
        return oom_watch_new(
                &(OomWatchArgs){
                        .event = m->event,
                        .tree = m->tree,
                        .state_dirfd = m->options.dry_run ? -1 : m->runtime_fd,
                        .boot = sd_id128_to_string(id, boot),
                        .source = &source,
                        .keep = manager_mail_keeps(m),
                        .vmstat_fd = m->vmstat_fd,
                        .handler = on_oom,
                        .userdata = m,
                },
                &m->oom);
}

void manager_watch_oom(Manager *m) {
        int r;

        if (m->oom) {
                oom_watch_rescan(m->oom);
                return;
        }
        r = make_watch(m);
        if (r >= 0) {
                /* What mail has counted is not told once more. */
                oom_watch_acknowledge(m->oom, manager_mail_taken(m));
                r = oom_watch_start(m->oom);
        }
        if (r < 0) {
                log_error_errno(r,
                                "Cannot watch for memory running out, no records of it will be written: %m");
                m->oom = oom_watch_free(m->oom); /* half a watch is asked for things in vain */
        } else if (r > 0)
                log_warning("%s/%s is of no use; kills from before now are not recorded.",
                            m->options.runtime_path, OOM_STATE_FILE);
}
