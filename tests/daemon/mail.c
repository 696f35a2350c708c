/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/mail.h"

#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "basic/fs.h"
#include "basic/worker.h"
#include "report/event-mail.h"

int mail_jobs_left;
unsigned mail_lookups;
static unsigned under_way;
static unsigned killed[HOST_USERS_MAX];

/* ---- ld's --wrap ---- */

int __wrap_getpwuid_r(uid_t uid, struct passwd *pw, char *buffer, size_t size, struct passwd **ret);
int __wrap_sd_journal_sendv(const struct iovec *iov, int n);
int __wrap_worker_submit(Worker *worker, WorkerFunction function, WorkerDone done, void *data);
int __real_worker_submit(Worker *worker, WorkerFunction function, WorkerDone done, void *data);

int __wrap_getpwuid_r(uid_t uid, struct passwd *pw, char *buffer, size_t size, struct passwd **ret) {
        *ret = NULL;
        mail_lookups++;
        if (uid >= 1000 && uid < 1000 + HOST_USERS_MAX) {
                snprintf(buffer, size, "%s%s", uid == 1000 ? "alice" : "bob", uid <= 1001 ? "" : "-too");
                *pw = (struct passwd){ .pw_name = buffer, .pw_uid = uid, .pw_gid = 100 };
                *ret = pw;
        }
        return 0;
}

/* What happens here is nothing for this host's journal. */
int __wrap_sd_journal_sendv(_unused_ const struct iovec *iov, _unused_ int n) {
        return 0;
}

typedef struct Wrapped {
        WorkerFunction function;
        WorkerDone done;
        void *data;
} Wrapped;

static int run(void *userdata) {
        Wrapped *wrapped = userdata;

        return wrapped->function(wrapped->data);
}

static void done(int result, void *userdata) {
        Wrapped *wrapped = userdata;

        under_way--;
        wrapped->done(result, wrapped->data);
        free(wrapped);
}

int __wrap_worker_submit(Worker *worker, WorkerFunction function, WorkerDone on_done, void *data) {
        Wrapped *wrapped;
        int r;

        if (mail_jobs_left == 0)
                return -EAGAIN;
        if (mail_jobs_left > 0)
                mail_jobs_left--;
        wrapped = malloc(sizeof *wrapped);
        assert_non_null(wrapped);
        *wrapped = (Wrapped){ function, on_done, data };
        under_way++;
        r = __real_worker_submit(worker, run, done, wrapped);
        assert_int_equal(r, 0);
        return r;
}

/* ---- the host ---- */

static void put_template(const char *name, const char *text) {
        char path[128];

        snprintf(path, sizeof path, "root/etc/fairslice/templates/%s.txt", name);
        fixture_put_host(host.fixture, path, text);
}

int mail_setup(void **state) {
        _cleanup_close_ int fd = -1;

        (void) host_setup(state);
        mail_jobs_left = -1;
        under_way = 0;
        memset(killed, 0, sizeof killed);
        fd = open(fixture_root_path(host.fixture), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(mkdirat(fd, "etc/fairslice/templates", 0755), 0);
        for (size_t i = 0; template_names[i]; i++)
                put_template(template_names[i],
                             "Subject: @USER@\n\nkills:@KILLS@ user:@USER@ percent:@PERCENT@\n");
        return 0;
}

static const char *events_of(char text[static 128], unsigned kills) {
        snprintf(text, 128, "low 0\nhigh 0\nmax 9\noom %u\noom_kill %u\n", kills, kills);
        return text;
}

/* The kernel counts in the groups above too. */
static void put_all_kills(void) {
        unsigned all = 0;
        char text[128];

        for (size_t i = 0; i < HOST_USERS_MAX; i++)
                all += killed[i];
        fixture_put_host(host.fixture, "cgroup/user.slice/memory.events", events_of(text, all));
}

void mail_start(const char *configuration) {
        put_all_kills();
        fixture_configure(host.fixture, configuration);
        fixture_add_user(host.fixture, 1000);
        fixture_add_user(host.fixture, 1001);
        host_start();
        mail_settle();
}

static int count_event(const Event *event, void *userdata) {
        *(unsigned *) userdata += event->kind == EVENT_OUT_OF_MEMORY;
        return 0;
}

static unsigned count_events(void) {
        unsigned n = 0;

        assert_int_equal(event_log_foreach(host.manager->event_log, 0, count_event, &n), 0);
        return n;
}

void mail_kill(uid_t uid, unsigned kills) {
        unsigned before = count_events();
        char text[128];

        killed[uid - FIRST_UID] = kills;
        put_all_kills();
        fixture_put(host.fixture, uid, "memory.events", events_of(text, kills));
        DRIVE_UNTIL(count_events() > before);
        mail_settle();
}

void mail_settle(void) {
        do
                host_settle();
        while (under_way > 0 && (drive_step(50 * USEC_PER_MSEC), true));
        host_settle();
}

/* ---- what is there ---- */

static int open_new(void) {
        char path[128];

        snprintf(path, sizeof path, "%s/new", fixture_spool_path(host.fixture));
        return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static size_t count(const char *text, bool clear) {
        _cleanup_close_ int fd = open_new();
        _cleanup_(closedirp) DIR *dir = NULL;
        char content[65536];
        size_t n = 0;

        if (fd < 0)
                return 0;
        assert_int_equal(open_dir_again(fd, &dir), 0);
        for (struct dirent *e; (e = readdir(dir));) {
                if (*e->d_name == '.')
                        continue;
                assert_true(read_file_at(fd, e->d_name, content, sizeof content) > 0);
                n += strstr(content, text) != NULL;
                if (clear)
                        assert_int_equal(unlinkat(fd, e->d_name, 0), 0);
        }
        return n;
}

size_t mail_count(void) {
        return count("", false);
}

size_t mail_count_with(const char *text) {
        return count(text, false);
}

void mail_clear(void) {
        (void) count("", true);
}
