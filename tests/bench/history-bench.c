/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the history costs: its memory, and a look at all slices of a fixture host, whose files are ordinary
 * ones. With the path of a group in the hierarchies of version 1, such as "user.slice", also how long the
 * kernel takes to tell of one. Build it without sanitizers. */

#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <string.h>
#include <sys/resource.h>

#include "daemon/host.h"

#define LOOKS    360
#define ROUNDS   11
#define INTERVAL (10 * USEC_PER_SEC)

static int compare(const void *a, const void *b) {
        usec_t x = *(const usec_t *) a, y = *(const usec_t *) b;

        return (x > y) - (x < y);
}

static usec_t median(usec_t took[ROUNDS]) {
        qsort(took, ROUNDS, sizeof *took, compare);
        return took[ROUNDS / 2];
}

/* ---- memory ---- */

/* With what malloc() adds. */
static size_t room_of(void *p) {
        return malloc_usable_size(p) + sizeof(size_t);
}

static void fill(size_t n, size_t active) {
        HistoryClock *clock = history_clock_new(LOOKS);
        History **history = calloc(n, sizeof *history);
        size_t sum = 0;

        if (!clock || !history)
                abort();
        for (unsigned i = 0; i < 2 * LOOKS; i++) {
                for (size_t k = 0; k < n; k++) {
                        Look look = { .use = k < active ? 1000 + i * 100 : 0, .grant = LIMIT_UNSET };

                        if (history_add(&history[k], clock, &look) < 0)
                                abort();
                }
                history_clock_add(clock, i);
        }
        for (size_t k = 0; k < n; k++) {
                sum += room_of(history[k]);
                history_free(history[k]);
        }
        sum += room_of(clock);
        printf("%6zu slices, %5zu of them active in %d looks: %5zu KiB, %.1f bytes for each of their "
               "looks\n",
               n, active, LOOKS, sum / 1024, (double) sum / LOOKS / (double) active);
        free(history);
        history_clock_free(clock);
}

/* ---- time ---- */

static usec_t now = 1000 * USEC_PER_SEC;

static usec_t bench_clock(void) {
        return now;
}

static void run_users(size_t n) {
        for (size_t i = 0; i < n; i++)
                fixture_run(host.fixture, (uid_t) (2000 + i), INTERVAL, 50);
        fixture_run_outside(host.fixture, INTERVAL / 20);
}

/* Everything that the loop does for one look; `longest` is the longest that anything else has to wait. */
static usec_t take_look(usec_t *longest) {
        usec_t begun, sum = 0;
        int r;

        now += INTERVAL;
        begun = now_monotonic();
        manager_glance(host.manager);
        sum += now_monotonic() - begun;
        do {
                usec_t took;

                begun = now_monotonic();
                r = sd_event_run(host.manager->event, 0);
                took = now_monotonic() - begun;
                sum += took;
                *longest = MAX(*longest, took);
        } while (r > 0);
        return sum;
}

static void time_looks(size_t n) {
        usec_t took[ROUNDS], longest[ROUNDS] = {};

        (void) host_setup(NULL);
        host.options.clock = bench_clock;
        for (size_t i = 0; i < n; i++)
                fixture_add_user(host.fixture, (uid_t) (2000 + i));
        host_start();
        (void) take_look(&longest[0]); /* descriptors are opened */
        for (unsigned i = 0; i < ROUNDS; i++) {
                longest[i] = 0;
                run_users(n);
                took[i] = take_look(&longest[i]);
        }
        printf("%6zu slices: %6" PRIu64 " us a look, %5" PRIu64 " us the longest turn of the loop, "
               "medians of %d\n",
               n, median(took), median(longest), ROUNDS);
        (void) host_teardown(NULL);
}

static void time_kernel(const char *group) {
        CgroupMounts mounts = {};
        CgroupTree *tree = NULL;
        SliceFiles *files = NULL;
        usec_t took[ROUNDS];
        int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (proc < 0 || cgroup_mounts_read(proc, &mounts) < 0 ||
            cgroup_tree_open_legacy(&mounts, false, &tree) < 0 ||
            slice_files_open(tree, group, &files) < 0) {
                printf("%s: no such group in version 1's hierarchies\n", group);
                return;
        }
        for (unsigned i = 0; i < ROUNDS; i++) {
                usec_t begun = now_monotonic();

                for (unsigned k = 0; k < 1000; k++) {
                        uint64_t memory;
                        CpuStat stat;

                        if (slice_files_read_memory_by_name(files, &memory) < 0 ||
                            slice_files_read_cpu(files, &stat) < 0)
                                abort();
                }
                took[i] = now_monotonic() - begun;
        }
        printf("%s of the kernel: %" PRIu64 " ns to read\n", group, median(took));
        slice_files_free(files);
        cgroup_tree_free(tree);
        cgroup_mounts_done(&mounts);
        safe_close(proc);
}

/* A slice takes five descriptors; the manager raises the soft limit, and root may raise the hard one. */
static bool has_descriptors(size_t n) {
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
                return false;
        if (limit.rlim_max >= 5 * n + 100)
                return true;
        limit = (struct rlimit){ 5 * n + 100, 5 * n + 100 };
        return setrlimit(RLIMIT_NOFILE, &limit) >= 0;
}

int main(int argc, char *argv[]) {
        static const size_t sizes[] = { 10, 100, 1000, 3000, 10000 };

        fill(10000, 100);
        fill(1000, 1000);
        if (argc > 1)
                time_kernel(argv[1]);
        for (size_t i = 0; i < ELEMENTSOF(sizes); i++)
                if (has_descriptors(sizes[i]))
                        time_looks(sizes[i]);
                else
                        printf("%6zu slices: too few descriptors, see RLIMIT_NOFILE\n", sizes[i]);
        return 0;
}
