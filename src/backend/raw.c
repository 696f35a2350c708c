/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "backend/raw.h"

#include <fcntl.h>
#include <stdarg.h>
#include <string.h>

#include "basic/fs.h"
#include "cgroup/flat-keyed.h"

/* Changes that are ended in one turn of the loop. */
#define CHANGES_A_TURN 8

/* What one write may make the kernel reclaim. */
#define LOWER_STEP_BYTES (UINT64_C(32) << 20)

void raw_forget(RawBackend *b, RawChange *change) {
        b->base.pending--;
        free(change);
}

void raw_finish(RawBackend *b, RawChange *change) {
        RawChange ended = *change;

        raw_forget(b, change);
        b->base.handlers.done(ended.slice, ended.error, ended.error ? ended.message : NULL,
                              b->base.handlers.userdata);
}

static void go_online(RawBackend *b) {
        b->base.is_online = true;
        b->base.handlers.online(true, b->base.handlers.userdata);
}

static void take_turn(RawBackend *b) {
        RawChange *change;

        for (unsigned i = 0; i < CHANGES_A_TURN && (change = STAILQ_FIRST(&b->queue)); i++) {
                STAILQ_REMOVE_HEAD(&b->queue, entry);
                switch (b->step(b, change)) {
                case RAW_DONE:
                        raw_finish(b, change);
                        break;
                case RAW_AGAIN:
                        STAILQ_INSERT_TAIL(&b->queue, change, entry);
                        return;
                case RAW_TAKEN:
                        break;
                }
        }
}

static int on_turn(sd_event_source *s, void *userdata) {
        RawBackend *b = userdata;

        if (!b->base.is_online)
                go_online(b);
        take_turn(b);
        return sd_event_source_set_enabled(s, STAILQ_EMPTY(&b->queue) ? SD_EVENT_OFF : SD_EVENT_ON);
}

int raw_init(RawBackend *b, const BackendHandlers *handlers, sd_event *event, const CgroupTree *tree) {
        int r;

        b->base.handlers = *handlers;
        b->tree = tree;
        STAILQ_INIT(&b->queue);
        r = sd_event_add_defer(event, &b->turn, on_turn, b);
        if (r < 0)
                return r;
        /* After everything else: a deferred source that stays on comes before all others of its priority. */
        r = sd_event_source_set_priority(b->turn, SD_EVENT_PRIORITY_IDLE);
        if (r >= 0)
                r = sd_event_source_set_enabled(b->turn, SD_EVENT_ON);
        return r < 0 ? r : 0;
}

void raw_done(RawBackend *b) {
        RawChange *change;

        while ((change = STAILQ_FIRST(&b->queue))) {
                STAILQ_REMOVE_HEAD(&b->queue, entry);
                raw_forget(b, change);
        }
        b->turn = sd_event_source_disable_unref(b->turn);
}

void raw_requeue(RawBackend *b, RawChange *change) {
        STAILQ_INSERT_TAIL(&b->queue, change, entry);
        (void) sd_event_source_set_enabled(b->turn, SD_EVENT_ON);
}

static bool is_name(const char *slice) {
        return *slice && strlen(slice) <= SLICE_NAME_MAX && !strchr(slice, '/') && strcmp(slice, ".") != 0 &&
               strcmp(slice, "..") != 0;
}

int raw_set_limits(Backend *backend, const char *slice, const Limits *limits, LimitMask mask) {
        RawBackend *b = (RawBackend *) backend;
        RawChange *change;
        int r;

        if (!is_name(slice))
                return -EINVAL;
        r = sd_event_source_set_enabled(b->turn, SD_EVENT_ON);
        if (r < 0)
                return r;
        change = malloc(sizeof *change);
        if (!change)
                return -ENOMEM;
        *change = (RawChange){ .limits = LIMITS_UNSET, .todo = mask, .lowered = UINT64_MAX };
        strcpy(change->slice, slice);
        limits_copy(&change->limits, limits, mask);
        STAILQ_INSERT_TAIL(&b->queue, change, entry);
        b->base.pending++;
        return 0;
}

void raw_fail(RawChange *change, LimitMask limits, int error, const char *format, ...) {
        size_t length = strlen(change->message);
        va_list ap;

        if (length > 0)
                length += (size_t) snprintf(change->message + length, RAW_MESSAGE_MAX - length, "; ");
        if (length < RAW_MESSAGE_MAX) {
                va_start(ap, format);
                errno = -error;
                (void) vsnprintf(change->message + length, RAW_MESSAGE_MAX - length, format, ap);
                va_end(ap);
        }
        change->error = change->error ?: error;
        change->todo &= ~limits;
}

static int open_directory(int parent_fd, const char *name) {
        int fd = openat(parent_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

int raw_open_group(const CgroupHierarchy *hierarchy, const char *slice) {
        _cleanup_close_ int user_slice_fd = open_directory(hierarchy->root_fd, CGROUP_USER_SLICE);

        return user_slice_fd < 0 ? user_slice_fd : open_directory(user_slice_fd, slice);
}

int raw_read(int group_fd, const char *file, uint64_t *ret) {
        char text[64];
        ssize_t n = read_file_at(group_fd, file, text, sizeof text);

        return n < 0 ? (int) n : parse_single_value(text, (size_t) n, ret);
}

int raw_write(int group_fd, const char *file, const char *text) {
        _cleanup_close_ int fd = openat(group_fd, file, O_WRONLY | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
        size_t size = strlen(text);
        ssize_t n;

        if (fd < 0)
                return -errno;
        n = write(fd, text, size);
        if (n < 0)
                return errno == ENODEV ? -ENOENT : -errno;
        return (size_t) n == size ? 0 : -EIO;
}

void raw_write_limit(RawChange *change, Limit limit, int group_fd, const char *file, const char *text) {
        int r = raw_write(group_fd, file, text);

        if (r < 0)
                raw_fail(change, 1U << limit, r, "%s: cannot write %s: %m", file, text);
}

uint64_t raw_next_lower(uint64_t standing, uint64_t target, uint64_t in_use) {
        if (in_use <= target || in_use - target <= LOWER_STEP_BYTES || in_use - LOWER_STEP_BYTES >= standing)
                return target;
        return in_use - LOWER_STEP_BYTES;
}
