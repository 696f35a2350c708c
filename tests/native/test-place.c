/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "native.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "basic/time-util.h"
#include "cgroup/group.h"
#include "place/placer.h"
#include "watch/proc-events.h"

#define USER(n) ((uid_t) (NATIVE_UID_FIRST + (n)))

static sd_event *loop;
static Placer *placer;
static ProcEvents *events;
static char runtime[64];
static int runtime_fd = -1;
static unsigned managed_until; /* users below this one are managed */

static struct {
        unsigned refused, failed, removed, events, all_events, lost;
        PlacerRefusal kind;
        pid_t pid;
} told;

/* ---- what the daemon does ---- */

static bool is_managed(uid_t uid, void *userdata _unused_) {
        return uid >= NATIVE_UID_FIRST && uid <= NATIVE_UID_LAST && uid < USER(managed_until);
}

static void on_before_remove(const char *slice _unused_, void *userdata _unused_) {
        told.removed++;
}

static void on_refused(PlacerRefusal kind, const Process *process, const char *hierarchy _unused_,
                       int error _unused_, void *userdata _unused_) {
        told.refused++;
        told.kind = kind;
        told.pid = process->pid;
}

static void on_failed(const PlaceFailure *failure, int error, void *userdata _unused_) {
        told.failed++;
        print_message("failed: %s: %s\n", failure->group, strerror(-error));
}

static void on_uid(pid_t pid, uid_t uid, void *userdata _unused_) {
        told.events += uid == USER(16);
        told.all_events++;
        placer_look(placer, pid, now_monotonic());
}

static void on_lost(void *userdata _unused_) {
        told.lost++;
        placer_lost(placer);
}

static void open_placer(void) {
        const PlacerHandlers handlers = {
                .is_managed = is_managed,
                .before_remove = on_before_remove,
                .refused = on_refused,
                .failed = on_failed,
        };
        unsigned skipped;

        assert_int_equal(placer_new(native_tree, native_proc_fd, runtime_fd, &handlers, &placer, &skipped),
                         0);
        assert_int_equal(skipped, 0);
}

static void start(bool with_events) {
        const ProcEventsHandlers handlers = { .uid_changed = on_uid, .lost = on_lost };

        open_placer();
        if (with_events)
                assert_int_equal(proc_events_new(loop, &handlers, &events), 0);
        assert_int_equal(placer_start(placer, with_events, now_monotonic()), 0);
}

static void step(void) {
        usec_t now = now_monotonic(), due = placer_due(placer);

        assert_true(sd_event_run(loop, due > now ? MIN(due - now, 20 * USEC_PER_MSEC) : 0) >= 0);
        now = now_monotonic();
        if (now >= placer_due(placer))
                (void) placer_run(placer, now);
}

static void run_for(usec_t usec) {
        for (usec_t until = now_monotonic() + usec; now_monotonic() < until;)
                step();
}

/* Waits for what is to come; what is not to come is waited for in run_for(). */
#define EVENTUALLY(condition)                                       \
        do {                                                        \
                usec_t until = now_monotonic() + 30 * USEC_PER_SEC; \
                while (!(condition) && now_monotonic() < until)     \
                        step();                                     \
                assert_true(condition);                             \
        } while (0)

static void stop(void) {
        PlaceFailure failure;
        int r = -EBUSY;

        events = proc_events_free(events);
        for (unsigned i = 0; r < 0 && i < 50; i++) {
                r = placer_release(placer, &failure);
                if (r < 0)
                        usleep(20000);
        }
        placer = placer_free(placer);
        assert_int_equal(r, 0);
        assert_false(native_has_slice(0));
        assert_int_equal(faccessat(runtime_fd, "groups", F_OK, 0), -1);
}

static int setup(_unused_ void **state) {
        memset(&told, 0, sizeof told);
        managed_until = NATIVE_UID_LAST + 1 - NATIVE_UID_FIRST;
        strcpy(runtime, "/tmp/fairslice-native-XXXXXX");
        if (!mkdtemp(runtime) || sd_event_new(&loop) < 0)
                return -1;
        runtime_fd = open(runtime, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return runtime_fd < 0 ? -1 : 0;
}

/* Also after a failure nothing is left. */
static int teardown(_unused_ void **state) {
        PlaceFailure failure;

        native_kill_all();
        events = proc_events_free(events);
        for (unsigned i = 0; placer && placer_release(placer, &failure) < 0 && i < 100; i++)
                usleep(20000);
        placer = placer_free(placer);
        native_remove_slices();
        loop = sd_event_unref(loop);
        (void) unlinkat(runtime_fd, "groups", 0);
        runtime_fd = safe_close(runtime_fd);
        return rmdir(runtime);
}

/* ---- the tests ---- */

static void check_in_and_back(bool with_events) {
        pid_t before = native_spawn(USER(0)), after;

        usleep(50000);
        start(with_events);
        assert_true(native_is_in(before, USER(0)));
        after = native_spawn(USER(1));
        EVENTUALLY(native_is_in(after, USER(1)));
        assert_true(native_is_out(getpid()));
        assert_int_equal(told.refused + told.failed, 0);
        stop();
        assert_true(native_is_back(before));
        assert_true(native_is_back(after));
}

static void test_events(_unused_ void **state) {
        check_in_and_back(true);
}

static void test_scans(_unused_ void **state) {
        check_in_and_back(false);
}

/* The parent tells when. */
static void change(void *argument) {
        sigset_t set;
        int signal;
        const uid_t *uid = argument;

        sigemptyset(&set);
        sigaddset(&set, SIGUSR1);
        sigprocmask(SIG_BLOCK, &set, NULL);
        if (setresuid(uid[0], uid[0], 0) < 0)
                _exit(1);
        sigwait(&set, &signal);
        if (setresuid(0, 0, 0) < 0)
                _exit(1);
        native_become(uid[1]);
        for (;;)
                pause();
}

static void test_change_of_uid(_unused_ void **state) {
        uid_t to_user[] = { USER(2), USER(3) }, to_root[] = { USER(4), 0 };
        pid_t one, other;

        start(true);
        one = native_spawn_to(change, to_user);
        other = native_spawn_to(change, to_root);
        /* Real and effective UID are the user's, which is what is told. */
        EVENTUALLY(native_is_in(one, USER(2)) && native_is_in(other, USER(4)));
        kill(one, SIGUSR1);
        kill(other, SIGUSR1);
        EVENTUALLY(native_is_in(one, USER(3)) && native_is_back(other));
        stop();
        assert_true(native_is_back(one));
}

static void realtime(void *argument) {
        const struct sched_param param = { .sched_priority = 1 };

        if (sched_setscheduler(0, SCHED_FIFO, &param) < 0)
                _exit(1);
        native_become(*(uid_t *) argument);
        for (;;)
                pause();
}

static void test_realtime(_unused_ void **state) {
        uid_t uid = USER(5);
        pid_t one = native_spawn_to(realtime, &uid), other, usual;

        usleep(50000);
        start(true);
        other = native_spawn_to(realtime, &uid);
        usual = native_spawn(USER(5));
        EVENTUALLY(native_is_in(usual, USER(5)));
        run_for(300 * USEC_PER_MSEC);
        if (told.refused == 0) {
                stop();
                print_message("This kernel does not group real-time processes.\n");
                skip();
        }
        assert_int_equal(told.refused, 1);
        assert_int_equal(told.kind, PLACER_REFUSED_REALTIME);
        assert_true(told.pid == one || told.pid == other);
        assert_true(native_is_back(one));
        assert_true(native_is_back(other));
        stop();
}

/* Much happens, and all that is told is that a root process has become the user's. */
static void bustle(void *argument _unused_) {
        if (setresuid(USER(16), USER(16), 0) < 0)
                _exit(1);
        for (unsigned i = 0; i < 50; i++) {
                pid_t pid = fork();

                if (pid == 0)
                        _exit(0);
                waitpid(pid, NULL, 0);
                if (seteuid(0) < 0)
                        _exit(1);
        }
        for (;;)
                pause();
}

static void test_what_is_told(_unused_ void **state) {
        pid_t pid;

        start(true);
        pid = native_spawn_to(bustle, NULL);
        EVENTUALLY(native_is_in(pid, USER(16)));
        run_for(500 * USEC_PER_MSEC);
        assert_int_equal(told.events, 1);
        stop();
}

/* Forks as soon as it is the user's, and so do its children: nothing of that is told. */
static void fork_on(void *argument) {
        native_become(*(uid_t *) argument);
        for (unsigned i = 0; i < 5; i++) {
                if (fork() < 0)
                        _exit(1);
        }
        for (;;)
                pause();
}

/* The same, for one who was another user first and was moved as such. */
static void fork_on_as_another(void *argument) {
        const uid_t *uid = argument;

        if (setresuid(uid[0], uid[0], 0) < 0)
                _exit(1);
        for (unsigned i = 0; i < 1000 && !native_is_in(getpid(), uid[0]); i++)
                usleep(10000);
        if (setresuid(0, 0, 0) < 0)
                _exit(1);
        fork_on((uid_t *) argument + 1);
}

static size_t count_outside(uid_t uid, size_t *ret_inside) {
        DIR *proc = opendir("/proc");
        size_t outside = 0, inside = 0;
        pid_t pid;

        assert_non_null(proc);
        while ((pid = process_next(proc)) > 0) {
                uid_t owner;

                if (process_owner(native_proc_fd, pid, &owner) < 0 || owner != uid)
                        continue;
                inside += native_is_in(pid, uid);
                outside += !native_is_in(pid, uid);
        }
        closedir(proc);
        *ret_inside = inside;
        return outside;
}

static void kill_users(uid_t uid) {
        DIR *proc = opendir("/proc");
        pid_t pid;

        assert_non_null(proc);
        while ((pid = process_next(proc)) > 0) {
                uid_t owner;

                if (process_owner(native_proc_fd, pid, &owner) >= 0 && owner == uid)
                        kill(pid, SIGKILL);
        }
        closedir(proc);
}

static void test_forks(_unused_ void **state) {
        uid_t uid = USER(6);
        size_t inside;

        start(true);
        native_spawn_to(fork_on, &uid);
        EVENTUALLY(count_outside(uid, &inside) == 0 && inside == 32);
        kill_users(uid);
        stop();
}

static void test_forks_in_slice(_unused_ void **state) {
        uid_t uids[] = { USER(14), USER(15) };
        size_t inside;

        start(true);
        native_spawn_to(fork_on_as_another, uids);
        EVENTUALLY(count_outside(uids[1], &inside) == 0 && inside == 32);
        kill_users(uids[1]);
        stop();
}

static int in_namespace(void *argument) {
        native_become(*(uid_t *) argument);
        return pause();
}

static void test_container(_unused_ void **state) {
        static char stack[65536];
        uid_t uid = USER(7);
        pid_t pid = clone(in_namespace, stack + sizeof stack, CLONE_NEWPID | SIGCHLD, &uid);

        assert_true(pid > 0);
        usleep(50000);
        start(true);
        placer_look(placer, pid, now_monotonic());
        run_for(200 * USEC_PER_MSEC);
        assert_true(native_is_back(pid));
        assert_false(native_has_slice(uid));
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        stop();
}

/* A PID namespace of the user's own, made before anybody could move them. */
static void sandbox(void *argument) {
        native_become(*(uid_t *) argument);
        if (unshare(CLONE_NEWUSER | CLONE_NEWPID) < 0)
                _exit(1);
        if (fork() == 0)
                prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
                pause();
}

static void test_users_own_container(_unused_ void **state) {
        uid_t uid = USER(17);
        size_t inside;

        native_spawn_to(sandbox, &uid);
        for (unsigned i = 0; i < 1000 && count_outside(uid, &inside) < 2; i++)
                usleep(10000);
        start(true);
        EVENTUALLY(count_outside(uid, &inside) == 0 && inside == 2);
        kill_users(uid);
        stop();
}

/* Nobody keeps us busy by changing back and forth with many processes: too many at once are looked at by a
 * scan, which has a pace. */
static void test_many_changes(_unused_ void **state) {
        unsigned most = 3 * PROC_EVENTS_MAX;
        size_t inside;

        start(true);
        told.all_events = 0;
        for (unsigned i = 0; i < most; i++)
                (void) native_spawn(USER(18));
        usleep(200000);
        assert_true(sd_event_run(loop, 0) > 0);
        assert_true(told.all_events > 0 && told.all_events <= PROC_EVENTS_MAX);
        assert_int_equal(told.lost, 1);
        EVENTUALLY(count_outside(USER(18), &inside) == 0 && inside == most);
        stop();
}

static void test_two_hundred(_unused_ void **state) {
        unsigned n = NATIVE_UID_LAST + 1 - NATIVE_UID_FIRST, in = 0;
        pid_t pid[200];

        start(true);
        for (unsigned i = 0; i < n; i++)
                pid[i] = native_spawn(USER(i));
        for (unsigned i = 0; i < n; i++) {
                EVENTUALLY(native_is_in(pid[i], USER(i)));
                in++;
        }
        assert_int_equal(in, 200);
        native_kill_all();
        for (unsigned i = 0; i < n; i++)
                EVENTUALLY(!native_has_slice(USER(i)));
        assert_int_equal(told.removed, 200);
        assert_true(native_has_slice(0));
        /* Whoever comes again has a group again. */
        pid[0] = native_spawn(USER(0));
        EVENTUALLY(native_is_in(pid[0], USER(0)));
        stop();
        assert_true(native_is_back(pid[0]));
}

/* For what another process does */
#define WAIT_UNTIL(condition)                                       \
        do {                                                        \
                for (unsigned i = 0; !(condition) && i < 2000; i++) \
                        usleep(10000);                              \
                assert_true(condition);                             \
        } while (0)

/* A service of its own, which is killed. */
static void serve(void *argument) {
        int *ready = argument;

        loop = sd_event_unref(loop);
        if (sd_event_new(&loop) < 0)
                _exit(1);
        start(true);
        *ready = 1;
        for (;;)
                step();
}

static void test_killed(_unused_ void **state) {
        volatile int *ready =
                mmap(NULL, sizeof *ready, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        pid_t service, early, late;

        assert_true(ready != MAP_FAILED);
        service = native_spawn_to(serve, (void *) ready);
        WAIT_UNTIL(*ready);
        early = native_spawn(USER(8));
        WAIT_UNTIL(native_is_in(early, USER(8)));
        native_kill(service);
        late = native_spawn(USER(9));
        usleep(50000);
        assert_true(native_is_in(early, USER(8)));
        assert_true(native_is_back(late));
        start(true);
        assert_true(native_is_in(early, USER(8)));
        assert_true(native_is_in(late, USER(9)));
        stop();
        assert_true(native_is_back(early));
        assert_true(native_is_back(late));
        munmap((void *) ready, sizeof *ready);
}

/* Without a second service: what --release does. */
static void test_killed_and_released(_unused_ void **state) {
        volatile int *ready =
                mmap(NULL, sizeof *ready, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        pid_t service, user;

        assert_true(ready != MAP_FAILED);
        service = native_spawn_to(serve, (void *) ready);
        WAIT_UNTIL(*ready);
        user = native_spawn(USER(10));
        WAIT_UNTIL(native_is_in(user, USER(10)));
        native_kill(service);
        open_placer();
        assert_false(placer_is_clean(placer));
        stop();
        assert_true(native_is_back(user));
        munmap((void *) ready, sizeof *ready);
}

static void test_exempt(_unused_ void **state) {
        pid_t user = native_spawn(USER(11));

        usleep(50000);
        start(true);
        assert_true(native_is_in(user, USER(11)));
        managed_until = 11;
        placer_rescan(placer);
        EVENTUALLY(native_is_back(user));
        managed_until = 12;
        placer_rescan(placer);
        EVENTUALLY(native_is_in(user, USER(11)));
        stop();
}

/* What the administrator has made stays, and who is in it. */
static void test_not_ours(_unused_ void **state) {
        const CgroupHierarchy *cpu = cgroup_tree_of_controller(native_tree, CONTROLLER_CPU);
        _cleanup_close_ int slice_fd = -1;
        pid_t user = native_spawn(USER(12));
        PlaceFailure failure;

        usleep(50000);
        assert_int_equal(mkdirat(cpu->root_fd, "user.slice", 0755), 0);
        assert_int_equal(mkdirat(cpu->root_fd, "user.slice/user-61012.slice", 0755), 0);
        start(true);
        assert_true(native_is_in(user, USER(12)));
        events = proc_events_free(events);
        assert_int_equal(placer_release(placer, &failure), 0);
        placer = placer_free(placer);
        slice_fd = group_open(cpu->root_fd, "/user.slice/user-61012.slice");
        assert_true(slice_fd >= 0);
        assert_int_equal(group_is_empty(slice_fd), 0);
        native_kill_all();
        assert_int_equal(unlinkat(cpu->root_fd, "user.slice/user-61012.slice", AT_REMOVEDIR), 0);
        assert_int_equal(unlinkat(cpu->root_fd, "user.slice", AT_REMOVEDIR), 0);
        assert_false(native_has_slice(0));
}

/* The administrator removes an empty slice, or all of it: it is made again when it is needed. */
static void test_removed_by_somebody(_unused_ void **state) {
        pid_t user;

        start(true);
        user = native_spawn(USER(13));
        EVENTUALLY(native_is_in(user, USER(13)));
        native_kill(user);
        for (size_t i = 0; i < cgroup_tree_count(native_tree); i++) {
                int root_fd = cgroup_tree_hierarchy(native_tree, i)->root_fd;

                assert_int_equal(unlinkat(root_fd, "user.slice/user-61013.slice", AT_REMOVEDIR), 0);
                assert_int_equal(unlinkat(root_fd, "user.slice", AT_REMOVEDIR), 0);
        }
        user = native_spawn(USER(13));
        EVENTUALLY(native_is_in(user, USER(13)));
        stop();
        assert_true(native_is_back(user));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_events),
                TEST(test_scans),
                TEST(test_change_of_uid),
                TEST(test_realtime),
                TEST(test_forks),
                TEST(test_container),
                TEST(test_users_own_container),
                TEST(test_forks_in_slice),
                TEST(test_what_is_told),
                TEST(test_many_changes),
                TEST(test_two_hundred),
                TEST(test_killed),
                TEST(test_killed_and_released),
                TEST(test_exempt),
                TEST(test_not_ours),
                TEST(test_removed_by_somebody),
        };
        int r = native_begin();

        if (r != 0)
                return r;
        r = cmocka_run_group_tests(tests, NULL, NULL);
        native_end();
        return r;
}
