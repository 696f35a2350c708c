/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/control-places.h"

#include <fcntl.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "config/files.h"
#include "model/slice-name.h"

#define STATE_DIRECTORY "/var/lib/fairslice"

typedef struct Place {
        ControlPlaces *places;
        char *parent, *path;
        int fd; /* -1: not there */
        int error, watch_error;
        sd_event_source *watch;
} Place;

struct ControlPlaces {
        ControlPlacesArgs args;
        Place runtime, persistent;
        ControlDirs dirs;
        sd_event_source *pause;
        uid_t removed[CONTROL_REMOVED_MAX];
        size_t n_removed;
};

static void close_place(Place *p) {
        p->watch = sd_event_source_disable_unref(p->watch);
        p->fd = safe_close(p->fd);
}

/* "user-1000.slice.conf". What else there may be is nobody's in particular. */
static void note_removed(ControlPlaces *places, const char *file) {
        size_t length = strlen(file);
        SliceName name;
        uid_t uid;

        if (length <= strlen(CONFIG_ENDING) || length - strlen(CONFIG_ENDING) > SLICE_NAME_MAX ||
            places->n_removed == CONTROL_REMOVED_MAX)
                return;
        memcpy(name, file, length - strlen(CONFIG_ENDING));
        name[length - strlen(CONFIG_ENDING)] = '\0';
        if (slice_name_to_uid(name, &uid) >= 0)
                places->removed[places->n_removed++] = uid;
}

static int on_inotify(sd_event_source *s _unused_, const struct inotify_event *event, void *userdata) {
        Place *p = userdata;
        ControlPlaces *places = p->places;
        int enabled = SD_EVENT_OFF;

        if (!(event->mask & IN_Q_OVERFLOW) && (event->len == 0 || !config_is_file_name(event->name)))
                return 0;
        if (event->mask & (IN_DELETE | IN_MOVED_FROM))
                note_removed(places, event->name);
        (void) sd_event_source_get_enabled(places->pause, &enabled);
        if (enabled == SD_EVENT_OFF) {
                (void) sd_event_source_set_time_relative(places->pause, CONTROL_PAUSE_USEC);
                (void) sd_event_source_set_enabled(places->pause, SD_EVENT_ONESHOT);
        }
        return 0;
}

static int on_pause_over(sd_event_source *s _unused_, uint64_t usec _unused_, void *userdata) {
        ControlPlaces *places = userdata;
        size_t n = places->n_removed;

        places->n_removed = 0;
        places->args.changed(places->removed, n, places->args.userdata);
        return 0;
}

/* inotify wants a path; this one is the directory of the descriptor and no other. */
static int watch_place(Place *p) {
        char path[32];
        int r;

        if (!p->places->args.event || p->watch)
                return 0;
        snprintf(path, sizeof path, "/proc/self/fd/%d", p->fd);
        r = sd_event_add_inotify(p->places->args.event, &p->watch, path,
                                 IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR,
                                 on_inotify, p);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(p->watch, "control.d");
        return 0;
}

/* Whether it is the one that is open. */
static bool is_same(const Place *p) {
        struct stat now, held;

        return p->fd >= 0 && lstat(p->path, &now) >= 0 && fstat(p->fd, &held) >= 0 &&
               now.st_dev == held.st_dev && now.st_ino == held.st_ino;
}

static int make_place(const Place *p) {
        if (mkdir(p->parent, 0755) < 0 && errno != EEXIST)
                return -errno;
        return mkdir(p->path, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

static int open_place(Place *p, bool make) {
        int r;

        if (is_same(p))
                return 0;
        close_place(p);
        r = make ? make_place(p) : 0;
        if (r < 0 && r != -EROFS && r != -EACCES)
                return r;
        p->fd = open(p->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (p->fd < 0)
                return r < 0 ? r : -errno;
        return 0;
}

static void look_for(Place *p, bool make) {
        p->error = open_place(p, make);
        p->watch_error = p->fd >= 0 ? watch_place(p) : 0;
        if (p->error == 0 && make && faccessat(p->fd, ".", W_OK, AT_EACCESS) < 0)
                p->error = -errno;
}

const ControlDirs *control_places_dirs(ControlPlaces *places) {
        look_for(&places->runtime, places->args.make);
        look_for(&places->persistent, places->args.make);
        places->dirs = (ControlDirs){
                .runtime_fd = places->runtime.fd,
                .persistent_fd = places->persistent.fd,
                .runtime_path = places->runtime.path,
                .persistent_path = places->persistent.path,
        };
        return &places->dirs;
}

const char *control_places_state_path(const ControlPlaces *places) {
        return places->persistent.parent;
}

int control_places_persistent_error(const ControlPlaces *places) {
        return places->persistent.error;
}

int control_places_watch_error(const ControlPlaces *places) {
        return places->runtime.watch_error < 0 ? places->runtime.watch_error
                                               : places->persistent.watch_error;
}

/* Of several directories, divided by colons, the first. */
static char *default_state_path(void) {
        const char *given = secure_getenv("STATE_DIRECTORY");

        return given && given[0] == '/' ? strndup(given, strcspn(given, ":")) : strdup(STATE_DIRECTORY);
}

static int init_place(ControlPlaces *places, Place *p, char *parent) {
        char *path;

        p->places = places;
        p->fd = -1;
        p->parent = parent;
        if (!parent || asprintf(&path, "%s/" CONTROL_DIRECTORY, parent) < 0)
                return -ENOMEM;
        p->path = path;
        return 0;
}

static int add_pause(ControlPlaces *places) {
        int r;

        if (!places->args.event)
                return 0;
        r = sd_event_add_time_relative(places->args.event, &places->pause, CLOCK_MONOTONIC, 0, 0,
                                       on_pause_over, places);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(places->pause, "control.d-pause");
        return sd_event_source_set_enabled(places->pause, SD_EVENT_OFF);
}

int control_places_new(const ControlPlacesArgs *args, ControlPlaces **ret) {
        _cleanup_(control_places_freep) ControlPlaces *places = calloc(1, sizeof *places);
        int r;

        if (!places)
                return -ENOMEM;
        places->args = *args;
        places->runtime.fd = places->persistent.fd = -1;
        r = init_place(places, &places->runtime, strdup(args->runtime_path));
        if (r >= 0)
                r = init_place(places, &places->persistent,
                               args->state_path ? strdup(args->state_path) : default_state_path());
        if (r >= 0)
                r = add_pause(places);
        if (r < 0)
                return r;
        (void) control_places_dirs(places);
        *ret = TAKE_PTR(places);
        return 0;
}

static void done_place(Place *p) {
        close_place(p);
        free(p->parent);
        free(p->path);
}

ControlPlaces *control_places_free(ControlPlaces *places) {
        if (!places)
                return NULL;
        sd_event_source_disable_unref(places->pause);
        done_place(&places->runtime);
        done_place(&places->persistent);
        free(places);
        return NULL;
}
