/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Memory runs out for good: real groups of version 1, a real kernel that kills in them, its eventfds and its
 * log. Needs root and the memory controller in a hierarchy of version 1; is skipped elsewhere. */

#include "../unit/unit.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <systemd/sd-event.h>

#include "basic/time-util.h"
#include "cgroup/oom-control.h"
#include "cgroup/tree.h"
#include "watch/kmsg.h"
#include "watch/oom.h"

#define BOOT     "0123456789abcdef0123456789abcdef"
#define UID      61300
#define A        "user-61300.slice"
#define B        "user-61301.slice"
#define LIMIT    (20U << 20)
#define EATEN    (64U << 20)
#define EVENTS   256
#define COMM     "a,b) x=\\y" /* as nasty as a name may be */
#define PATH_LEN 512
#define ROUNDS   50

typedef struct Host {
        CgroupMounts mounts;
        const char *slices; /* where the hierarchy is in which slices are seen */
        CgroupTree *cgroups;
        sd_event *event;
        OomWatch *watch;
        Kmsg *kmsg;
        int vmstat_fd, state_fd;
        char state[64];
        usec_t *alive; /* shared with the children: when the last one was seen */

        OomEvent told[EVENTS]; /* in A and B; what else happens on the host is not looked at */
        size_t n_told;
        usec_t told_at;
} Host;

static Host host;

/* ---- groups ---- */

static const char *group_path(const char *hierarchy, const char *group, const char *file) {
        static char path[PATH_LEN];

        snprintf(path, sizeof path, "%s/user.slice%s%s%s%s", hierarchy, *group ? "/" : "", group,
                 *file ? "/" : "", file);
        return path;
}

static const char *memory_path(const char *group, const char *file) {
        return group_path(host.mounts.legacy[CONTROLLER_MEMORY].path, group, file);
}

static const char *slices_path(const char *group, const char *file) {
        return group_path(host.slices, group, file);
}

static void write_text(const char *path, const char *text) {
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        ssize_t n;

        assert_true(fd >= 0);
        n = write(fd, text, strlen(text));
        if (n < 0)
                fail_msg("%s: %s", path, strerror(errno));
        close(fd);
}

static void make_directory(const char *path) {
        if (mkdir(path, 0755) < 0 && errno != EEXIST)
                fail_msg("%s: %s", path, strerror(errno));
}

/* user.slice may be somebody else's as well, who removes it when there is nothing in it. */
static void make_group(const char *group) {
        make_directory(memory_path("", ""));
        make_directory(memory_path(group, ""));
        make_directory(slices_path("", ""));
        make_directory(slices_path(group, ""));
}

static void limit_group(const char *group) {
        char text[32];

        snprintf(text, sizeof text, "%u", LIMIT);
        write_text(memory_path(group, "memory.limit_in_bytes"), text);
}

/* A process that was killed may take a moment to leave its group. */
static void remove_directory(const char *path) {
        for (int tries = 0; tries < 1000; tries++) {
                if (rmdir(path) >= 0 || errno != EBUSY)
                        return;
                usleep(1000);
        }
}

static void remove_group(const char *group) {
        remove_directory(slices_path(group, ""));
        remove_directory(memory_path(group, ""));
}

static void make_slice(const char *name) {
        make_group(name);
        limit_group(name);
}

/* ---- victims ---- */

_Noreturn static void eat(void) {
        volatile char *memory =
                mmap(NULL, EATEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (memory == MAP_FAILED)
                _exit(1);
        for (size_t i = 0; i < EATEN; i += 4096) {
                *host.alive = now_monotonic();
                memory[i] = 1;
        }
        _exit(2);
}

/* Returns the child, which is on its way to its end. */
static pid_t start_eater(const char *group) {
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid > 0)
                return pid;
        write_text(slices_path(group, "cgroup.procs"), "0");
        write_text(memory_path(group, "cgroup.procs"), "0");
        if (setresgid(UID, UID, UID) < 0 || setresuid(UID, UID, UID) < 0 || prctl(PR_SET_NAME, COMM) < 0)
                _exit(3);
        eat();
}

static void wait_eater(pid_t pid) {
        int status;

        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGKILL);
}

static pid_t kill_one(const char *group) {
        pid_t pid = start_eater(group);

        wait_eater(pid);
        return pid;
}

/* ---- the watch ---- */

static void on_told(const OomEvent *event, _unused_ void *userdata) {
        if (strcmp(event->slice, A) != 0 && strcmp(event->slice, B) != 0)
                return;
        assert_true(host.n_told < EVENTS);
        host.told[host.n_told++] = *event;
        host.told_at = now_monotonic();
}

static void watch(void) {
        OomLineSource source;
        int fd = open(KMSG_PATH, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

        assert_true(fd >= 0);
        assert_int_equal(kmsg_new(fd, &host.kmsg), 0);
        source = kmsg_source(host.kmsg);
        assert_int_equal(oom_watch_new(
                                 &(OomWatchArgs){
                                         .event = host.event,
                                         .tree = host.cgroups,
                                         .state_dirfd = host.state_fd,
                                         .boot = BOOT,
                                         .source = &source,
                                         .vmstat_fd = host.vmstat_fd,
                                         .handler = on_told,
                                 },
                                 &host.watch),
                         0);
        assert_int_equal(oom_watch_start(host.watch), 0);
}

static void unwatch(void) {
        host.watch = oom_watch_free(host.watch);
        host.kmsg = kmsg_free(host.kmsg);
}

static void run(size_t events, usec_t time) {
        usec_t end = now_monotonic() + time, now;

        while (host.n_told < events && (now = now_monotonic()) < end)
                assert_true(sd_event_run(host.event, end - now) >= 0);
}

static void run_quiet(usec_t time) {
        size_t before = host.n_told;

        run(EVENTS + 1, time);
        assert_int_equal(host.n_told, before);
}

static uint64_t kills_told(const char *slice) {
        uint64_t kills = 0;

        for (size_t i = 0; i < host.n_told; i++)
                if (strcmp(host.told[i].slice, slice) == 0)
                        kills += host.told[i].kills;
        return kills;
}

/* In all; that there are no more shows in what follows. */
static void assert_told(const char *slice, uint64_t kills) {
        usec_t end = now_monotonic() + 4 * USEC_PER_SEC;

        while (kills_told(slice) < kills && now_monotonic() < end)
                run(host.n_told + 1, end - now_monotonic());
        assert_int_equal(kills_told(slice), kills);
}

/* ---- the tests ---- */

static void test_one_kill(_unused_ void **state) {
        pid_t pid;

        make_slice(A);
        watch();
        run_quiet(100 * USEC_PER_MSEC);
        pid = kill_one(A);
        run(1, 3 * USEC_PER_SEC);
        assert_int_equal(host.n_told, 1);
        assert_string_equal(host.told[0].slice, A);
        assert_int_equal(host.told[0].uid, UID);
        assert_int_equal(host.told[0].kills, 1);
        assert_int_equal(host.told[0].memory_max, LIMIT);
        assert_true(host.told[0].memory_current <= LIMIT);
        assert_true(host.told[0].memory_peak <= LIMIT);
        assert_false(host.told[0].late);
        assert_int_equal(host.told[0].n_victims, 1);
        assert_int_equal(host.told[0].victims[0].pid, pid);
        assert_int_equal(host.told[0].victims[0].uid, UID);
        assert_string_equal(host.told[0].victims[0].comm, COMM);
        /* The line with the cause is one of ten in five seconds on the whole host. */
        assert_true(host.told[0].cause == OOM_CAUSE_SLICE || host.told[0].cause == OOM_CAUSE_UNKNOWN);
        run_quiet(1500 * USEC_PER_MSEC);
}

static void test_removed_groups(_unused_ void **state) {
        make_slice(A);
        make_slice(B);
        make_group(A "/a");
        watch();
        run_quiet(100 * USEC_PER_MSEC);
        remove_group(A "/a");
        remove_group(A);
        run_quiet(300 * USEC_PER_MSEC);
        oom_watch_remove(host.watch, A);
        remove_group(B);
        run_quiet(1500 * USEC_PER_MSEC);
}

/* Nobody signals this one. */
static void test_limit_further_down(_unused_ void **state) {
        make_group(A);
        make_slice(A "/a");
        watch();
        (void) kill_one(A "/a");
        assert_told(A, 1);
        remove_group(A "/a");
        run_quiet(1500 * USEC_PER_MSEC);
}

static void test_groups_below(_unused_ void **state) {
        make_slice(A);
        make_group(A "/a");
        make_group(A "/b");
        watch();
        (void) kill_one(A "/a");
        (void) kill_one(A "/b");
        assert_told(A, 2);
        remove_group(A "/a");
        (void) kill_one(A "/b");
        assert_told(A, 3);
        remove_group(A "/b");
        run_quiet(1500 * USEC_PER_MSEC);
}

/* Gone before anybody could read it. */
static void test_group_that_vanishes(_unused_ void **state) {
        make_slice(A);
        make_group(A "/a");
        watch();
        run_quiet(100 * USEC_PER_MSEC);
        (void) kill_one(A "/a");
        remove_group(A "/a");
        assert_told(A, 1);
        run_quiet(1500 * USEC_PER_MSEC);
}

static void test_slice_that_vanishes(_unused_ void **state) {
        pid_t pid;

        /* Its name has to be in the kernel's line. */
        sleep(5);
        make_slice(A);
        watch();
        run_quiet(100 * USEC_PER_MSEC);
        pid = kill_one(A);
        remove_group(A);
        oom_watch_remove(host.watch, A);
        run(1, 3 * USEC_PER_SEC);
        assert_int_equal(kills_told(A), 1);
        assert_int_equal(host.told[0].victims[0].pid, pid);

        /* Who removes it looks before, and needs no line for it. */
        make_slice(B);
        assert_int_equal(oom_watch_add(host.watch, B), 0);
        (void) kill_one(B);
        oom_watch_look(host.watch, B);
        remove_group(B);
        oom_watch_remove(host.watch, B);
        assert_told(B, 1);
        run_quiet(1500 * USEC_PER_MSEC);
}

static void test_twenty_kills(_unused_ void **state) {
        make_slice(A);
        make_group(A "/a");
        watch();
        for (int i = 0; i < 20; i++) {
                pid_t pid = start_eater(i % 2 ? A : A "/a");

                run(EVENTS, 20 * USEC_PER_MSEC);
                wait_eater(pid);
        }
        assert_told(A, 20);
        run_quiet(1500 * USEC_PER_MSEC);
}

static void test_restart(_unused_ void **state) {
        make_slice(A);
        make_group(A "/a");
        make_group(A "/b");
        (void) kill_one(A); /* before the first start of all */
        watch();
        (void) kill_one(A "/a");
        (void) kill_one(A "/b");
        assert_told(A, 2);
        unwatch();
        watch();
        run_quiet(500 * USEC_PER_MSEC);

        unwatch();
        remove_group(A "/a");
        (void) kill_one(A "/b");
        watch();
        assert_told(A, 3);
        assert_true(host.told[host.n_told - 1].late);
        unwatch();
        remove_group(A "/b");
        watch();
        run_quiet(1500 * USEC_PER_MSEC);
}

/* systemd takes the directory of the controller away when nobody wants it any more, and makes it again. */
static void test_memory_directory_comes_and_goes(_unused_ void **state) {
        make_slice(A);
        watch();
        (void) kill_one(A);
        assert_told(A, 1);
        remove_directory(memory_path(A, ""));
        run_quiet(1200 * USEC_PER_MSEC);
        make_slice(A);
        run_quiet(1200 * USEC_PER_MSEC);
        (void) kill_one(A);
        assert_told(A, 2);
        run_quiet(700 * USEC_PER_MSEC);
}

/* How long from the last sign of life of the victim to the event. A figure, never a failure. */
static int compare_times(const void *a, const void *b) {
        const usec_t *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

static void test_latency(_unused_ void **state) {
        usec_t latency[ROUNDS];

        make_slice(A);
        watch();
        for (size_t i = 0; i < ROUNDS; i++) {
                pid_t pid;

                run_quiet(50 * USEC_PER_MSEC);
                pid = start_eater(A);
                run(i + 1, 5 * USEC_PER_SEC);
                wait_eater(pid);
                assert_int_equal(host.n_told, i + 1);
                latency[i] = host.told_at - *host.alive;
        }
        qsort(latency, ROUNDS, sizeof latency[0], compare_times);
        printf("# figure kill-to-event-median %.1f ms\n", (double) latency[ROUNDS / 2] / 1000);
        printf("# figure kill-to-event-max %.1f ms\n", (double) latency[ROUNDS - 1] / 1000);
}

/* ---- the host ---- */

static void remove_groups(void) {
        static const char *const groups[] = { A "/a", A "/b", A, B };

        for (size_t i = 0; i < ELEMENTSOF(groups); i++)
                remove_group(groups[i]);
        (void) rmdir(slices_path("", ""));
        (void) rmdir(memory_path("", ""));
}

static int setup_host(bool systemd) {
        host.slices = systemd ? host.mounts.systemd.path : host.mounts.legacy[CONTROLLER_CPU].path;
        remove_groups(); /* of a run that was killed */
        make_group("");
        host.n_told = 0;
        strcpy(host.state, "/tmp/fairslice-test-XXXXXX");
        if (!mkdtemp(host.state) || sd_event_new(&host.event) < 0 ||
            cgroup_tree_open_legacy(&host.mounts, systemd, &host.cgroups) < 0)
                return -1;
        host.state_fd = open(host.state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        host.vmstat_fd = open("/proc/vmstat", O_RDONLY | O_CLOEXEC);
        return host.state_fd < 0 || host.vmstat_fd < 0 ? -1 : 0;
}

static int setup(_unused_ void **state) {
        return setup_host(false);
}

/* As systemd has it: slices in its own hierarchy, and in others as far as they are needed. */
static int setup_systemd(_unused_ void **state) {
        return setup_host(true);
}

static int teardown(_unused_ void **state) {
        unwatch();
        host.cgroups = cgroup_tree_free(host.cgroups);
        host.event = sd_event_unref(host.event);
        (void) unlinkat(host.state_fd, OOM_STATE_FILE, 0);
        host.state_fd = safe_close(host.state_fd);
        host.vmstat_fd = safe_close(host.vmstat_fd);
        (void) rmdir(host.state);
        remove_groups();
        return 0;
}

static const char *why_not(void) {
        int fd, r;

        if (geteuid() != 0)
                return "needs root";
        fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        r = cgroup_mounts_read(fd, &host.mounts);
        safe_close(fd);
        if (r < 0 || !host.mounts.legacy[CONTROLLER_MEMORY].path || !host.mounts.legacy[CONTROLLER_CPU].path)
                return "needs the cpu and memory controllers in hierarchies of cgroup version 1";
        if (!host.mounts.systemd.path)
                return "needs the hierarchy name=systemd, which need not be systemd's";
        if (access(KMSG_PATH, R_OK) < 0)
                return "needs " KMSG_PATH;
        if (access("/run/systemd/system", F_OK) >= 0)
                return "makes groups in user.slice, which is systemd's here";
        return NULL;
}

int main(int argc, char **argv) {
#define TEST(name)    cmocka_unit_test_setup_teardown(name, setup, teardown)
#define SYSTEMD(name) cmocka_unit_test_setup_teardown(name, setup_systemd, teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_one_kill),
                TEST(test_removed_groups),
                TEST(test_limit_further_down),
                TEST(test_groups_below),
                TEST(test_group_that_vanishes),
                TEST(test_slice_that_vanishes),
                TEST(test_twenty_kills),
                TEST(test_restart),
                SYSTEMD(test_one_kill),
                SYSTEMD(test_groups_below),
                SYSTEMD(test_group_that_vanishes),
                SYSTEMD(test_memory_directory_comes_and_goes),
        };
        const struct CMUnitTest bench[] = { TEST(test_latency) };
        const char *reason = why_not();
        int r;

        if (reason) {
                printf("SKIPPED: %s\n", reason);
                return 77;
        }
        host.alive = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (host.alive == MAP_FAILED)
                return 1;
        if (argc > 1 && strcmp(argv[1], "latency") == 0)
                r = cmocka_run_group_tests(bench, NULL, NULL);
        else
                r = cmocka_run_group_tests(tests, NULL, NULL);
        cgroup_mounts_done(&host.mounts);
        return r;
}
