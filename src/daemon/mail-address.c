/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "basic/log.h"
#include "daemon/mail-private.h"

/* Of a file that is full of mistakes no more lines are told. */
#define LINES_TOLD_MAX 10U

/* ---- who could not be found ---- */

static MailPause *find_pause(const MailJob *job, uid_t uid) {
        for (size_t i = 0; i < job->n_pauses; i++)
                if (job->pause[i].uid == uid)
                        return &job->pause[i];
        return NULL;
}

bool mail_is_paused(const MailJob *job, uid_t uid) {
        const MailPause *pause = find_pause(job, uid);

        return pause && job->manager->clock() < pause->until;
}

/* Whether this is the first failure for this user. */
static bool pause_user(MailJob *job, uid_t uid) {
        usec_t until = job->manager->clock() + MAIL_ADDRESS_PAUSE_USEC;
        MailPause *pause = find_pause(job, uid), *more;

        if (pause) {
                pause->until = until;
                return false;
        }
        more = reallocarray(job->pause, job->n_pauses + 1, sizeof *more);
        if (more) {
                job->pause = more;
                job->pause[job->n_pauses++] = (MailPause){ .uid = uid, .until = until };
        }
        return true;
}

static void forget_pause(MailJob *job, uid_t uid) {
        MailPause *pause = find_pause(job, uid);

        if (pause)
                *pause = job->pause[--job->n_pauses];
}

void mail_forget_addresses(MailJob *job) {
        job->map = address_map_free(job->map);
        job->map_read = NULL; /* the thread's job frees it */
        job->map_error = 0;
        job->map_failed = false;
        free(job->pause);
        job->pause = NULL;
        job->n_pauses = 0;
}

/* ---- the map ---- */

typedef struct MapLine {
        unsigned line;
        const char *why;
} MapLine;

/* The thread's, until it is done. */
struct MapRead {
        MailJob *job;
        int root_fd; /* the manager's */
        char *path;
        AddressMap *map;
        struct stat st;
        MapLine bad[LINES_TOLD_MAX];
        unsigned n_bad; /* of which so many are told */
};

static MapRead *map_read_free(MapRead *read) {
        if (!read)
                return NULL;
        address_map_free(read->map);
        free(read->path);
        free(read);
        return NULL;
}
DEFINE_CLEANUP(MapRead *, map_read_free)

static void on_bad_line(unsigned line, const char *why, void *userdata) {
        MapRead *read = userdata;

        if (read->n_bad < LINES_TOLD_MAX)
                read->bad[read->n_bad] = (MapLine){ .line = line, .why = why };
        read->n_bad++;
}

static int parse_map(MapRead *read, int fd) {
        size_t size = (size_t) read->st.st_size;
        _cleanup_free_ char *text = NULL;
        ssize_t n;

        if (size > ADDRESS_MAP_SIZE_MAX)
                return -EFBIG;
        text = malloc(size + 2);
        if (!text)
                return -ENOMEM;
        n = read_fd(fd, text, size + 2);
        return n < 0 ? (int) n : address_map_parse(text, (size_t) n, on_bad_line, read, &read->map);
}

/* In the thread. */
static int read_map(void *data) {
        MapRead *read = data;
        _cleanup_close_ int fd = openat(read->root_fd, read->path + strspn(read->path, "/"),
                                        O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

        if (fd < 0 || fstat(fd, &read->st) < 0)
                return -errno;
        return S_ISREG(read->st.st_mode) ? parse_map(read, fd) : -EINVAL;
}

static void say_bad_lines(const MapRead *read) {
        for (unsigned i = 0; i < MIN(read->n_bad, LINES_TOLD_MAX); i++)
                log_warning("%s:%u: %s The line is left out.", read->path, read->bad[i].line,
                            read->bad[i].why);
        if (read->n_bad > LINES_TOLD_MAX)
                log_warning("%s: %u more lines are left out.", read->path, read->n_bad - LINES_TOLD_MAX);
}

static void say_no_map(MailJob *job, int error, const char *path) {
        if (!job->map_failed)
                log_error_errno(error, "Cannot read %s, %s: %m", path,
                                job->map ? "addresses are as it said before" : "mail to users waits");
        job->map_failed = true;
}

static void on_map_read(int result, void *data) {
        _cleanup_(map_read_freep) MapRead *read = data;
        MailJob *job = read->job;

        mail_schedule(job);
        if (job->map_read != read)
                return; /* the configuration may say something else by now */
        job->map_read = NULL;
        job->map_error = result;
        if (result < 0) {
                job->map_after = job->manager->clock() + MAIL_PAUSE_MAX_USEC;
                say_no_map(job, result, read->path);
                return;
        }
        say_bad_lines(read);
        address_map_free(job->map);
        job->map = TAKE_PTR(read->map);
        job->map_changed = read->st.st_mtim;
        job->map_inode = read->st.st_ino;
}

static int begin_reading(MailJob *job, const char *path) {
        _cleanup_(map_read_freep) MapRead *read = calloc(1, sizeof *read);
        int r;

        if (!read)
                return -ENOMEM;
        read->job = job;
        read->root_fd = job->manager->root_fd;
        read->path = strdup(path);
        r = read->path ? worker_submit(job->worker, read_map, on_map_read, read) : -ENOMEM;
        if (r < 0)
                return r;
        job->map_read = TAKE_PTR(read);
        return -EINPROGRESS;
}

static bool is_as_read(const MailJob *job, const struct stat *st) {
        return job->map && st->st_ino == job->map_inode && st->st_mtim.tv_sec == job->map_changed.tv_sec &&
               st->st_mtim.tv_nsec == job->map_changed.tv_nsec;
}

static int look_at_map(MailJob *job, const char *path) {
        struct stat st;

        if (fstatat(job->manager->root_fd, path + strspn(path, "/"), &st, 0) < 0)
                return -errno;
        if (is_as_read(job, &st)) {
                job->map_failed = false;
                return 0;
        }
        /* What it is now could not be read a moment ago. */
        if (job->map_error < 0 && job->manager->clock() < job->map_after)
                return job->map_error;
        return begin_reading(job, path);
}

/* A large one is read and sorted in the thread: -EINPROGRESS, and the loop comes back. What was read before
 * goes on to count. With nothing ever read nobody's address is known: it may say that they get no mail. */
static int ensure_map(MailJob *job) {
        const char *path = mail_config(job)->user_address_map;
        int r;

        if (!path)
                return 0;
        r = job->map_read ? -EINPROGRESS : look_at_map(job, path);
        if (r < 0 && r != -EINPROGRESS)
                say_no_map(job, r, path);
        return job->map && r != -EINPROGRESS ? 0 : r;
}

/* ---- the command ---- */

static void failed(MailDelivery *delivery, const char *user_name, const char *why) {
        MailJob *job = delivery->job;

        if (pause_user(job, delivery->uid))
                log_warning("UserAddressCommand= failed for the user %s, mail to them waits: %s.", user_name,
                            why);
        mail_delivery_done(delivery);
        mail_schedule(job);
}

static const char *name_of(const DigestMessage *message) {
        return message && message->n_events > 0 ? message->user_names[0] : NULL;
}

static void on_answer(const char *address, const char *why, void *userdata) {
        MailDelivery *delivery = userdata;
        MailJob *job = delivery->job;
        const DigestMessage *message = mail_find(job, delivery->id);

        delivery->command = address_command_free(delivery->command);
        if (!address) {
                failed(delivery, name_of(message) ?: "?", why);
                return;
        }
        forget_pause(job, delivery->uid);
        if (*address == '\0') {
                log_debug("There is no address for UID %u, which gets no mail.", (unsigned) delivery->uid);
                mail_forget(job, delivery->id);
                mail_delivery_done(delivery);
        } else
                snprintf(delivery->to, sizeof delivery->to, "%s", address);
        mail_schedule(job);
}

static unsigned count_commands(const MailJob *job) {
        unsigned n = 0;

        for (size_t i = 0; i < MAIL_UNDER_WAY_MAX; i++)
                n += job->delivery[i].command != NULL;
        return n;
}

/* Each one that is started costs the loop time. */
static int ask(MailDelivery *delivery, const char *user_name) {
        MailJob *job = delivery->job;
        int r;

        if (count_commands(job) >= MAIL_COMMANDS_MAX)
                return -EINPROGRESS;
        r = address_command_start(job->manager->event, mail_config(job)->user_address_command, user_name,
                                  on_answer, delivery, &delivery->command);
        if (r == -EINVAL)
                return -ENOENT; /* a name that nobody should be asked about */
        if (r < 0 && pause_user(job, delivery->uid))
                log_error_errno(r, "Cannot run UserAddressCommand=, mail to the user %s waits: %m",
                                user_name);
        delivery->command_until = job->manager->clock() + ADDRESS_COMMAND_TIMEOUT_USEC;
        return r;
}

/* ---- all of it ---- */

static int address_of(MailDelivery *delivery, const char *user_name) {
        MailJob *job = delivery->job;
        const MailConfig *config = mail_config(job);
        int r = ensure_map(job);

        if (r == -EINPROGRESS)
                return r;
        if (r < 0) {
                (void) pause_user(job, delivery->uid);
                return -EAGAIN; /* a file that is not there is no answer */
        }
        r = address_of_user(job->map, NULL, user_name, delivery->to);
        if (r >= 0)
                return 1;
        if (r != -ENOKEY)
                return r;
        if (config->user_address_command)
                return ask(delivery, user_name);
        r = address_of_user(NULL, config->user_address, user_name, delivery->to);
        return r < 0 ? -ENOENT : 1;
}

/* Of who was not known when it happened, the name may be known now. */
static const char *find_name(MailJob *job, const DigestMessage *message, int *ret_error) {
        Manager *m = job->manager;
        const KnownUser *known;

        *ret_error = -ENOENT;
        if (name_of(message))
                return name_of(message);
        known = known_users_get(&m->known_users, m->config, message->uid, m->clock());
        if (!known)
                *ret_error = -ENOMEM;
        else if (known->error < 0)
                *ret_error = -EAGAIN;
        return known ? known->user.name : NULL;
}

int mail_address(MailDelivery *delivery, const DigestMessage *message) {
        MailJob *job = delivery->job;
        const char *name;
        int r;

        if (message->reader == READER_ADMIN) {
                snprintf(delivery->to, sizeof delivery->to, "%s", mail_config(job)->admin_address ?: "");
                return *delivery->to == '\0' ? -ENOENT : 1;
        }
        name = find_name(job, message, &r);
        if (!name) {
                if (r != -ENOENT)
                        (void) pause_user(job, delivery->uid);
                return r;
        }
        return address_of(delivery, name);
}
