/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What it costs to keep processes in their users' groups: 2000 processes of 20 users that do nothing, and 20
 * forks a second, by a user, or by root for users as at a login. As root, on a host with version 1's
 * hierarchies and no user.slice. Build it without sanitizers. */

#include "native/native.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>

#include "basic/time-util.h"
#include "place/placer.h"
#include "watch/proc-events.h"

#define PROCESSES 2000
#define USERS     20
#define FORK_USEC (USEC_PER_SEC / 20)
#define RUN_USEC  (60 * USEC_PER_SEC)

static Placer *placer;
static sd_event *loop;

static usec_t used(void) {
        struct timespec t;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
        return (usec_t) t.tv_sec * USEC_PER_SEC + (usec_t) t.tv_nsec / NSEC_PER_USEC;
}

static bool is_managed(uid_t uid, void *userdata _unused_) {
        return uid >= NATIVE_UID_FIRST && uid <= NATIVE_UID_LAST;
}

static void on_refused(PlacerRefusal kind _unused_, const Process *process, const char *hierarchy, int error,
                       void *userdata _unused_) {
        printf("%d was refused by %s: %d\n", (int) process->pid, hierarchy, error);
}

static void on_failed(const PlaceFailure *failure, int error, void *userdata _unused_) {
        printf("failed: %s: %d\n", failure->group, error);
}

static void on_uid(pid_t pid, uid_t uid _unused_, void *userdata _unused_) {
        placer_look(placer, pid, now_monotonic());
}

static void on_lost(void *userdata _unused_) {
        placer_lost(placer);
}

/* Each child lives for a second. */
static void fork_as(bool by_root) {
        for (unsigned i = 0;; i++) {
                pid_t pid = fork();

                if (pid == 0) {
                        if (by_root)
                                native_become(NATIVE_UID_FIRST + i % USERS);
                        usleep(USEC_PER_SEC);
                        _exit(0);
                }
                usleep(FORK_USEC);
        }
}

static void forks_by_user(void *argument _unused_) {
        signal(SIGCHLD, SIG_IGN);
        native_become(NATIVE_UID_FIRST);
        fork_as(false);
}

static void forks_by_root(void *argument _unused_) {
        signal(SIGCHLD, SIG_IGN);
        fork_as(true);
}

static void run_for(usec_t usec) {
        for (usec_t until = now_monotonic() + usec, now; (now = now_monotonic()) < until;) {
                usec_t due = MIN(placer_due(placer), until);

                if (sd_event_run(loop, due > now ? due - now : 0) < 0)
                        abort();
                if (now_monotonic() >= placer_due(placer))
                        (void) placer_run(placer, now_monotonic());
        }
}

static void measure(const char *what, void (*forks)(void *)) {
        pid_t forker = native_spawn_to(forks, NULL);
        usec_t before, after;

        run_for(5 * USEC_PER_SEC);
        before = used();
        run_for(RUN_USEC);
        after = used();
        printf("  %-22s %5.2f ms of CPU a second, %.2f %% of a CPU\n", what,
               (double) (after - before) / (double) RUN_USEC * 1000,
               (double) (after - before) / (double) RUN_USEC * 100);
        fflush(stdout);
        native_kill(forker);
}

static void bench(bool with_events, int runtime_fd) {
        const PlacerHandlers handlers = { .is_managed = is_managed,
                                          .refused = on_refused,
                                          .failed = on_failed };
        const ProcEventsHandlers event_handlers = { .uid_changed = on_uid, .lost = on_lost };
        _cleanup_(proc_events_freep) ProcEvents *events = NULL;
        PlaceFailure failure;
        usec_t before, begun;
        unsigned skipped;

        printf("%s:\n", with_events ? "with the process connector" : "by scans alone");
        if (placer_new(native_tree, native_proc_fd, runtime_fd, &handlers, &placer, &skipped) < 0)
                abort();
        if (with_events && proc_events_new(loop, &event_handlers, &events) < 0) {
                puts("  not to be had here");
                placer = placer_free(placer);
                return;
        }
        before = used();
        begun = now_monotonic();
        if (placer_start(placer, with_events, now_monotonic()) < 0)
                abort();
        printf("  %-22s %5.0f ms of CPU, %.0f ms\n", "start", (double) (used() - before) / 1000,
               (double) (now_monotonic() - begun) / 1000);
        measure("forks by a user", forks_by_user);
        measure("forks by root, for users", forks_by_root);
        events = proc_events_free(events);
        before = used();
        begun = now_monotonic();
        while (placer_release(placer, &failure) < 0)
                usleep(10000);
        printf("  %-22s %5.0f ms of CPU, %.0f ms\n", "stop", (double) (used() - before) / 1000,
               (double) (now_monotonic() - begun) / 1000);
        placer = placer_free(placer);
}

int main(void) {
        char runtime[] = "/tmp/fairslice-bench-XXXXXX";
        int r = native_begin(), runtime_fd;

        if (r != 0)
                return r;
        if (!mkdtemp(runtime) || sd_event_new(&loop) < 0)
                return 1;
        runtime_fd = open(runtime, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        for (unsigned i = 0; i < PROCESSES; i++)
                native_spawn(NATIVE_UID_FIRST + i % USERS);
        sleep(1);
        bench(true, runtime_fd);
        bench(false, runtime_fd);
        native_end();
        loop = sd_event_unref(loop);
        safe_close(runtime_fd);
        return rmdir(runtime) < 0;
}
