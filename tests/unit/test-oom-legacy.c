/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The watch on a host with version 1. cgroup.event_control is a plain file here, in which the eventfd's
 * number can be read; what the kernel would do with it the test does itself. */

#include "unit.h"

#include <fcntl.h>
#include <sys/eventfd.h>

#include "basic/fs.h"
#include "oom-host.h"

#define A "user-1000.slice"
#define B "user-1001.slice"

/* As many slices as have an eventfd each. */
#define CROWD 512

static const char *hierarchy; /* the one in which slices are seen */
static uint64_t host_kills;

static void make_dir(OomHost *h, const char *where, const char *path) {
        fixture_mkdir(&h->tree, fixture_name("%s/user.slice/%s", where, path));
        fixture_write(&h->tree, fixture_name("%s/user.slice/%s/cgroup.procs", where, path), "");
}

/* Kills whose victims were in that very group. */
static void set_kills(OomHost *h, const char *path, uint64_t kills) {
        fixture_printf(&h->tree, fixture_name("memory/user.slice/%s/memory.oom_control", path),
                       "oom_kill_disable 0\nunder_oom 0\noom_kill %" PRIu64 "\n", kills);
}

/* A group of the memory hierarchy with a limit of 64 MiB. */
static void make_group(OomHost *h, const char *path) {
        make_dir(h, "memory", path);
        set_kills(h, path, 0);
        fixture_write(&h->tree, fixture_name("memory/user.slice/%s/cgroup.event_control", path), "");
        fixture_write(&h->tree, fixture_name("memory/user.slice/%s/memory.limit_in_bytes", path),
                      "67108864\n");
        fixture_write(&h->tree, fixture_name("memory/user.slice/%s/memory.usage_in_bytes", path),
                      "60000000\n");
        fixture_write(&h->tree, fixture_name("memory/user.slice/%s/memory.max_usage_in_bytes", path),
                      "67108864\n");
        fixture_write(&h->tree, fixture_name("memory/user.slice/%s/memory.stat", path), "cache 0\n");
}

static void remove_group(OomHost *h, const char *path) {
        fixture_remove(&h->tree, fixture_name("memory/user.slice/%s", path));
}

static void make_slice(OomHost *h, const char *name) {
        make_dir(h, hierarchy, name);
        make_group(h, name);
}

static void remove_slice(OomHost *h, const char *name) {
        remove_group(h, name);
        fixture_remove(&h->tree, fixture_name("%s/user.slice/%s", hierarchy, name));
}

static void count_host(OomHost *h, uint64_t kills) {
        host_kills += kills;
        fixture_printf(&h->tree, "vmstat", "nr_free_pages 1\noom_kill %" PRIu64 "\nnuma_hit 7\n",
                       host_kills);
}

/* The kernel raises the host's counter first. */
static void kill_in(OomHost *h, const char *path, uint64_t kills) {
        count_host(h, 1);
        set_kills(h, path, kills);
}

static int eventfd_of(OomHost *h, const char *name) {
        char text[64];
        int efd, control;

        assert_true(read_file_at(h->tree.fd, fixture_name("memory/user.slice/%s/cgroup.event_control", name),
                                 text, sizeof text) > 0);
        assert_int_equal(sscanf(text, "%d %d", &efd, &control), 2);
        return efd;
}

static void signal_slice(OomHost *h, const char *name) {
        assert_int_equal(eventfd_write(eventfd_of(h, name), 1), 0);
}

/* The line that always comes, of a kill somewhere. */
static void killed_line(OomHost *h, int pid, unsigned uid) {
        snprintf(h->lines[h->n_lines++], sizeof h->lines[0],
                 "Memory cgroup out of memory: Killed process %d (sh) total-vm:1kB, anon-rss:1kB, "
                 "file-rss:0kB, shmem-rss:0kB, UID:%u pgtables:4kB oom_score_adj:0",
                 pid, uid);
}

static void elsewhere_line(OomHost *h, int pid) {
        snprintf(h->lines[h->n_lines++], sizeof h->lines[0],
                 "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
                 "oom_memcg=/system.slice/a.service,task_memcg=/system.slice/a.service,task=a,pid=%d,uid=0",
                 pid);
}

/* A kill in `slice` after the eventfd of `signalled` was: told sooner than without the signal. */
static void signal_and_kill(OomHost *h, const char *signalled, const char *slice) {
        usec_t begin;

        host_run_quiet(h, 20 * USEC_PER_MSEC);
        begin = now_monotonic();
        signal_slice(h, signalled);
        host_run_quiet(h, 5 * USEC_PER_MSEC);
        kill_in(h, slice, 1);
        host_line(h, slice, 4711, "python3");
        host_expect_kill(h, slice, begin, 4711, "python3");
}

static void test_one_kill(void **state) {
        OomHost *h = *state;

        make_slice(h, A);
        assert_int_equal(host_watch(h), 0);
        signal_and_kill(h, A, A);
        host_expect_at_limit(&h->told[0]);
        assert_int_equal(h->told[0].uid, 1000);
        assert_int_equal(h->told[0].hits, 0);
        host_run_quiet(h, 1500 * USEC_PER_MSEC);
        assert_false(h->polling);
}

static void test_a_signal_alone_is_nothing(void **state) {
        OomHost *h = *state;

        make_slice(h, A);
        assert_int_equal(host_watch(h), 0);
        signal_slice(h, A);
        host_run_quiet(h, 700 * USEC_PER_MSEC);
        assert_false(h->polling);
}

static void test_removed_slice_signals(void **state) {
        OomHost *h = *state;
        int efd;

        make_slice(h, A);
        make_slice(h, B);
        assert_int_equal(host_watch(h), 0);
        efd = eventfd_of(h, A);
        remove_slice(h, A);
        assert_int_equal(eventfd_write(efd, 1), 0);
        host_run_quiet(h, 700 * USEC_PER_MSEC);
        oom_watch_remove(h->watch, A);
        /* Made again: a slice like any other. */
        make_slice(h, A);
        assert_int_equal(oom_watch_add(h->watch, A), 0);
        signal_slice(h, A);
        kill_in(h, A, 1);
        host_run(h, 1, 2 * USEC_PER_SEC);
        assert_int_equal(h->n_told, 1);
        assert_int_equal(h->told[0].kills, 1);
}

static const char *crowd_name(SliceName name, unsigned i) {
        return slice_name_for_uid(name, 2000 + i);
}

/* So many that some have to share an eventfd. Returns the one that the last slice, A, shares, and writes the
 * name of the other slice that has it. */
static int make_crowd(OomHost *h, SliceName other) {
        int efd, n_others = 0;
        SliceName name;

        for (unsigned i = 0; i < CROWD; i++)
                make_slice(h, crowd_name(name, i));
        assert_int_equal(host_watch(h), 0);
        make_slice(h, A);
        assert_int_equal(oom_watch_add(h->watch, A), 0);
        efd = eventfd_of(h, A);
        for (unsigned i = 0; i < CROWD; i++)
                if (eventfd_of(h, crowd_name(name, i)) == efd) {
                        strcpy(other, name);
                        n_others++;
                }
        assert_int_equal(n_others, 1);
        return efd;
}

/* Whose kill it was is told all the same, soon and once. */
static void test_many_slices_share_eventfds(void **state) {
        OomHost *h = *state;
        SliceName other;

        make_crowd(h, other);
        signal_and_kill(h, A, other);
        host_run_quiet(h, 700 * USEC_PER_MSEC);

        /* Both at once. */
        signal_slice(h, A);
        kill_in(h, A, 1);
        kill_in(h, other, 2);
        host_run(h, 3, 2 * USEC_PER_SEC);
        assert_int_equal(h->n_told, 3);
        assert_string_not_equal(h->told[1].slice, h->told[2].slice);
        assert_int_equal(h->told[1].kills + h->told[2].kills, 2);
        host_run_quiet(h, 700 * USEC_PER_MSEC);
}

/* The kernel signals then, and the one that stays is heard of as before. */
static void test_one_that_shares_is_removed(void **state) {
        OomHost *h = *state;
        SliceName other;
        int efd = make_crowd(h, other);

        remove_slice(h, other);
        assert_int_equal(eventfd_write(efd, 1), 0);
        host_run_quiet(h, 700 * USEC_PER_MSEC);
        oom_watch_remove(h->watch, other);
        assert_int_equal(eventfd_of(h, A), efd);
        signal_slice(h, A);
        kill_in(h, A, 1);
        host_run(h, 1, 2 * USEC_PER_SEC);
        assert_int_equal(h->n_told, 1);
        assert_string_equal(h->told[0].slice, A);

        /* Its place is taken by the next one. */
        make_slice(h, other);
        assert_int_equal(oom_watch_add(h->watch, other), 0);
        signal_slice(h, other);
        kill_in(h, other, 1);
        host_run(h, 2, 2 * USEC_PER_SEC);
        assert_int_equal(h->n_told, 2);
        assert_string_equal(h->told[1].slice, other);
}

/* systemd takes the directory of the memory controller away and makes it again. */
static void test_memory_directory_comes_and_goes(void **state) {
        OomHost *h = *state;
        int efd;

        make_slice(h, A);
        assert_int_equal(host_watch(h), 0);
        signal_slice(h, A);
        kill_in(h, A, 3);
        host_run(h, 1, 2 * USEC_PER_SEC);
        assert_int_equal(h->told[0].kills, 3);
        count_host(h, 2); /* one was not enough for three */

        efd = eventfd_of(h, A);
        remove_group(h, A);
        assert_int_equal(eventfd_write(efd, 1), 0);
        host_run_quiet(h, 300 * USEC_PER_MSEC);
        make_group(h, A);
        host_run_quiet(h, 1200 * USEC_PER_MSEC);
        signal_slice(h, A); /* watched again */
        kill_in(h, A, 1);
        host_run(h, 2, 2 * USEC_PER_SEC);
        assert_int_equal(h->n_told, 2);
        assert_int_equal(h->told[1].kills, 1);

        /* Both between two looks: the signal is the old group's. */
        efd = eventfd_of(h, A);
        remove_group(h, A);
        make_group(h, A);
        assert_int_equal(eventfd_write(efd, 1), 0);
        host_run_quiet(h, 100 * USEC_PER_MSEC);
        signal_slice(h, A);
        kill_in(h, A, 1);
        host_run(h, 3, 2 * USEC_PER_SEC);
        assert_int_equal(h->n_told, 3);
        assert_int_equal(h->told[2].kills, 1);
}

static void test_groups_below(void **state) {
        OomHost *h = *state;

        make_slice(h, A);
        make_group(h, A "/session-1.scope");
        make_group(h, A "/session-2.scope");
        assert_int_equal(host_watch(h), 0);
        signal_slice(h, A);
        kill_in(h, A "/session-1.scope", 1);
        kill_in(h, A "/session-2.scope", 1);
        host_run(h, 1, 2 * USEC_PER_SEC);
        assert_int_equal(h->told[0].kills, 2);

        /* A smaller sum is no kill, and hides none. */
        remove_group(h, A "/session-1.scope");
        signal_slice(h, A);
        host_run_quiet(h, 700 * USEC_PER_MSEC);
        remove_group(h, A "/session-2.scope");
        make_group(h, A "/session-3.scope");
        signal_slice(h, A);
        kill_in(h, A "/session-3.scope", 1);
        host_run(h, 2, 2 * USEC_PER_SEC);
        assert_int_equal(h->n_told, 2);
        assert_int_equal(h->told[1].kills, 1);
        host_run_quiet(h, 1500 * USEC_PER_MSEC);
}

/* Its group was removed before it could be read; the host's counter and the kernel's line are left. */
static void test_group_that_vanished(void **state) {
        OomHost *h = *state;

        make_slice(h, A);
        assert_int_equal(host_watch(h), 0);
        signal_slice(h, A);
        host_run_quiet(h, 10 * USEC_PER_MSEC);
        count_host(h, 1);
        host_line(h, A, 77, "sh");
        host_run(h, 1, 2 * USEC_PER_SEC);
        assert_int_equal(h->n_told, 1);
        assert_string_equal(h->told[0].slice, A);
        assert_int_equal(h->told[0].kills, 1);
        assert_int_equal(h->told[0].victims[0].pid, 77);

        /* One that is seen and one that is not, at once. */
        signal_slice(h, A);
        kill_in(h, A, 1);
        host_line(h, A, 78, "sh");
        count_host(h, 1);
        host_line(h, A, 79, "sh");
        host_run(h, 3, 3 * USEC_PER_SEC);
        assert_int_equal(h->n_told, 3);
        assert_int_equal(h->told[1].kills, 1);
        assert_int_equal(h->told[2].kills, 1);
        host_run_quiet(h, 1500 * USEC_PER_MSEC);
        assert_int_equal(host_watch_again(h), 0);
        host_run_quiet(h, 500 * USEC_PER_MSEC);
}

/* Without its line nobody can tell where it was, so that is waited for. */
static void test_lines_that_tarry(void **state) {
        OomHost *h = *state;

        make_slice(h, A);
        assert_int_equal(host_watch(h), 0);
        signal_slice(h, A);
        host_run_quiet(h, 10 * USEC_PER_MSEC);
        count_host(h, 2);
        host_line(h, A, 77, "sh");
        host_run(h, 1, 2 * USEC_PER_SEC);
        assert_int_equal(h->n_told, 1);
        host_run_quiet(h, 300 * USEC_PER_MSEC);
        host_line(h, A, 78, "sh");
        host_run(h, 2, 2 * USEC_PER_SEC);
        assert_int_equal(h->n_told, 2);
        assert_int_equal(h->told[1].kills, 1);
        assert_int_equal(h->told[1].victims[0].pid, 78);
        host_run_quiet(h, 700 * USEC_PER_MSEC);
        assert_false(h->polling);
}

static void test_outside_of_user_slice(void **state) {
        OomHost *h = *state;

        make_slice(h, A);
        make_slice(h, "user-0.slice");
        assert_int_equal(host_watch(h), 0);
        count_host(h, 1);
        elsewhere_line(h, 5);
        host_run_quiet(h, 1800 * USEC_PER_MSEC);
        assert_false(h->polling);
        /* A line that tells no more than that it was root's. */
        count_host(h, 1);
        killed_line(h, 6, 0);
        host_run_quiet(h, 1500 * USEC_PER_MSEC);
        /* And no line at all; in the end nobody waits for it any more. */
        count_host(h, 1);
        host_run_quiet(h, 4500 * USEC_PER_MSEC);
        assert_false(h->polling);
        /* None of them is taken for another's. */
        signal_slice(h, A);
        kill_in(h, A, 1);
        host_line(h, A, 7, "sh");
        host_run(h, 1, 2 * USEC_PER_SEC);
        assert_int_equal(h->told[0].kills, 1);
        assert_int_equal(h->told[0].n_victims, 1);
        host_run_quiet(h, 1500 * USEC_PER_MSEC);
}

/* A line that comes after its event was told is not another kill. */
static void test_line_that_comes_late(void **state) {
        OomHost *h = *state;

        make_slice(h, A);
        assert_int_equal(host_watch(h), 0);
        signal_slice(h, A);
        kill_in(h, A, 1);
        host_run(h, 1, 2 * USEC_PER_SEC);
        assert_int_equal(h->told[0].n_victims, 0);
        host_run_quiet(h, 100 * USEC_PER_MSEC);
        host_line(h, A, 8, "sh");
        count_host(h, 1);
        elsewhere_line(h, 9);
        host_run_quiet(h, 2 * USEC_PER_SEC);
        assert_false(h->polling);
}

/* The kernel names the groups of ten kills in five seconds, and of the others only the user. */
static void test_lines_without_groups(void **state) {
        OomHost *h = *state;

        make_slice(h, A);
        assert_int_equal(host_watch(h), 0);
        for (int i = 0; i < 20; i++) {
                count_host(h, 1);
                if (i < 10)
                        host_line(h, A, 100 + i, "sh");
                killed_line(h, 100 + i, 1000);
        }
        signal_slice(h, A);
        host_run(h, 1, 2 * USEC_PER_SEC);
        assert_int_equal(h->n_told, 1);
        assert_int_equal(h->told[0].kills, 20);
        /* No slice, no guess. */
        count_host(h, 1);
        killed_line(h, 200, 1001);
        host_run_quiet(h, 1500 * USEC_PER_MSEC);
}

/* The limit of a group in the slice, or the host's memory: no signal. */
static void test_without_a_signal(void **state) {
        OomHost *h = *state;
        usec_t begin = now_monotonic();

        make_slice(h, A);
        make_group(h, A "/a.scope");
        assert_int_equal(host_watch(h), 0);
        kill_in(h, A "/a.scope", 1);
        host_line(h, A, 9, "sh");
        host_run(h, 1, 4 * USEC_PER_SEC);
        assert_int_equal(h->n_told, 1);
        assert_int_equal(h->told[0].kills, 1);
        assert_int_equal(h->told[0].victims[0].pid, 9);
        assert_true(now_monotonic() - begin < 3 * USEC_PER_SEC);
        kill_in(h, A "/a.scope", 2);
        host_line(h, A, 10, "sh");
        host_run(h, 2, 4 * USEC_PER_SEC);
        assert_int_equal(h->n_told, 2);
        assert_int_equal(h->told[1].kills, 1);
}

static void test_twenty_kills(void **state) {
        OomHost *h = *state;
        uint64_t kills = 0;

        make_slice(h, A);
        make_group(h, A "/a.scope");
        assert_int_equal(host_watch(h), 0);
        for (int i = 1; i <= 20; i++) {
                signal_slice(h, A);
                host_run(h, HOST_EVENTS, 3 * USEC_PER_MSEC);
                kill_in(h, i % 2 ? A : A "/a.scope", (uint64_t) (i + 1) / 2);
                host_line(h, A, i, "sh");
                host_run(h, HOST_EVENTS, 30 * USEC_PER_MSEC);
        }
        host_run(h, HOST_EVENTS, 1500 * USEC_PER_MSEC);
        for (size_t i = 0; i < h->n_told; i++)
                kills += h->told[i].kills;
        assert_int_equal(kills, 20);
}

static void test_restart(void **state) {
        OomHost *h = *state;

        make_slice(h, A);
        make_slice(h, B);
        make_group(h, A "/a.scope");
        make_group(h, A "/b.scope");
        kill_in(h, B, 5); /* before the first start: old */
        assert_int_equal(host_watch(h), 0);
        host_run_quiet(h, 300 * USEC_PER_MSEC);
        signal_slice(h, A);
        kill_in(h, A "/a.scope", 1);
        kill_in(h, A "/b.scope", 1);
        host_run(h, 1, 2 * USEC_PER_SEC);
        assert_int_equal(h->told[0].kills, 2);
        assert_int_equal(host_watch_again(h), 0);
        host_run_quiet(h, 300 * USEC_PER_MSEC);

        /* While nobody is watching: one group is gone, one has a kill more, one is new. */
        h->watch = oom_watch_free(h->watch);
        remove_group(h, A "/a.scope");
        kill_in(h, A "/b.scope", 2);
        make_group(h, B "/c.scope");
        kill_in(h, B "/c.scope", 1);
        assert_int_equal(host_watch(h), 0);
        host_run(h, 3, 5 * USEC_PER_SEC);
        assert_int_equal(h->n_told, 3);
        for (int i = 1; i <= 2; i++) {
                assert_int_equal(h->told[i].kills, 1);
                assert_true(h->told[i].late);
        }
        assert_int_equal(host_watch_again(h), 0);
        host_run_quiet(h, 1500 * USEC_PER_MSEC);

        /* All of them gone: a smaller sum, and nothing else. */
        h->watch = oom_watch_free(h->watch);
        remove_group(h, A "/b.scope");
        remove_group(h, B "/c.scope");
        assert_int_equal(host_watch(h), 0);
        host_run_quiet(h, 1500 * USEC_PER_MSEC);
}

/* Held until it is acknowledged, be it told by a group or by a line. */
static void test_held(void **state) {
        OomHost *h = *state;

        h->keep = true;
        make_slice(h, A);
        make_slice(h, B);
        assert_int_equal(host_watch(h), 0);
        signal_slice(h, A);
        kill_in(h, A, 1);
        host_line(h, A, 4711, "a b");
        host_run(h, 1, 10 * USEC_PER_SEC);
        count_host(h, 1);
        host_line(h, B, 4712, "c");
        host_run(h, 2, 10 * USEC_PER_SEC);
        assert_int_equal(h->told[0].id, 1);
        assert_string_equal(h->told[1].slice, B);
        assert_int_equal(h->told[1].id, 2);

        assert_int_equal(host_watch_again(h), 0);
        assert_int_equal(h->n_told, 4);
        for (size_t i = 2; i < 4; i++) {
                assert_true(h->told[i].again);
                assert_int_equal(h->told[i].id, i - 1);
                assert_int_equal(h->told[i].time, h->told[i - 2].time);
                assert_int_equal(h->told[i].kills, 1);
                assert_int_equal(h->told[i].n_victims, 1);
                assert_string_equal(h->told[i].victims[0].comm, i == 2 ? "a b" : "c");
        }
        oom_watch_acknowledge(h->watch, 1);
        oom_watch_flush(h->watch);
        assert_int_equal(host_watch_again(h), 0);
        assert_int_equal(h->n_told, 5);
        assert_int_equal(h->told[4].id, 2);
        host_run_quiet(h, 300 * USEC_PER_MSEC);
        signal_slice(h, A);
        kill_in(h, A, 2);
        host_run(h, 6, 10 * USEC_PER_SEC);
        assert_int_equal(h->told[5].id, 3);
        assert_false(h->told[5].again);
}

/* Who removes an empty slice says so before. */
static void test_look_before_removal(void **state) {
        OomHost *h = *state;

        h->vmstat_fd = safe_close(h->vmstat_fd);
        make_slice(h, A);
        assert_int_equal(host_watch(h), 0);
        set_kills(h, A, 2);
        oom_watch_look(h->watch, A);
        remove_slice(h, A);
        oom_watch_remove(h->watch, A);
        oom_watch_look(h->watch, A);
        host_run(h, 1, 2 * USEC_PER_SEC);
        assert_int_equal(h->n_told, 1);
        assert_string_equal(h->told[0].slice, A);
        assert_int_equal(h->told[0].kills, 2);
        assert_int_equal(h->told[0].memory_max, 67108864);
        host_run_quiet(h, 700 * USEC_PER_MSEC);
}

/* While the counters cannot be read, the lines tell, and what the counters say afterwards has been told. */
static void test_counters_that_cannot_be_read(void **state) {
        OomHost *h = *state;

        make_slice(h, A);
        assert_int_equal(host_watch(h), 0);
        fixture_write(&h->tree, "memory/user.slice/" A "/memory.oom_control", "oom_kill many\n");
        signal_slice(h, A);
        count_host(h, 1);
        host_line(h, A, 3, "sh");
        host_run(h, 1, 2 * USEC_PER_SEC);
        assert_int_equal(h->n_told, 1);
        assert_int_equal(h->told[0].kills, 1);
        set_kills(h, A, 1);
        signal_slice(h, A);
        host_run_quiet(h, 700 * USEC_PER_MSEC);
        signal_slice(h, A);
        kill_in(h, A, 2);
        host_run(h, 2, 2 * USEC_PER_SEC);
        assert_int_equal(h->n_told, 2);
        assert_int_equal(h->told[1].kills, 1);
}

/* No memory controller in this slice yet, or none at all. */
static void test_without_the_controller(void **state) {
        OomHost *h = *state;

        make_dir(h, hierarchy, A);
        assert_int_equal(host_watch(h), 0);
        host_run_quiet(h, 100 * USEC_PER_MSEC);
        make_group(h, A);
        host_run_quiet(h, 1200 * USEC_PER_MSEC);
        signal_slice(h, A);
        kill_in(h, A, 1);
        host_run(h, 1, 2 * USEC_PER_SEC);
        assert_int_equal(h->n_told, 1);
}

static CgroupMount mount_at(OomHost *h, char *path, size_t size, const char *name) {
        snprintf(path, size, "%s/%s", h->tree.path, name);
        fixture_mkdir(&h->tree, name);
        fixture_mkdir(&h->tree, fixture_name("%s/user.slice", name));
        fixture_write(&h->tree, fixture_name("%s/user.slice/cgroup.procs", name), "");
        return (CgroupMount){ .path = path, .root = (char *) "/" };
}

static int legacy_setup(void **state, bool systemd) {
        OomHost *h = host_new();
        CgroupMounts mounts = {};
        char paths[4][128];

        if (!h)
                return -1;
        mounts.legacy[CONTROLLER_CPU] = mount_at(h, paths[0], sizeof paths[0], "cpu");
        mounts.legacy[CONTROLLER_CPUACCT] = mount_at(h, paths[1], sizeof paths[1], "cpuacct");
        mounts.legacy[CONTROLLER_MEMORY] = mount_at(h, paths[2], sizeof paths[2], "memory");
        mounts.systemd = mount_at(h, paths[3], sizeof paths[3], "systemd");
        hierarchy = systemd ? "systemd" : "cpu";
        host_kills = 0;
        count_host(h, 40);
        h->vmstat_fd = openat(h->tree.fd, "vmstat", O_RDONLY | O_CLOEXEC);
        *state = h;
        return cgroup_tree_open_legacy(&mounts, systemd, &h->cgroups);
}

static int setup(void **state) {
        return legacy_setup(state, false);
}

static int setup_systemd(void **state) {
        return legacy_setup(state, true);
}

int main(void) {
#define TEST(name)    cmocka_unit_test_setup_teardown(name, setup, host_teardown)
#define SYSTEMD(name) cmocka_unit_test_setup_teardown(name, setup_systemd, host_teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_one_kill),
                SYSTEMD(test_one_kill),
                TEST(test_a_signal_alone_is_nothing),
                TEST(test_removed_slice_signals),
                TEST(test_many_slices_share_eventfds),
                TEST(test_one_that_shares_is_removed),
                SYSTEMD(test_removed_slice_signals),
                SYSTEMD(test_memory_directory_comes_and_goes),
                TEST(test_groups_below),
                TEST(test_group_that_vanished),
                SYSTEMD(test_group_that_vanished),
                TEST(test_lines_that_tarry),
                TEST(test_outside_of_user_slice),
                TEST(test_line_that_comes_late),
                TEST(test_lines_without_groups),
                TEST(test_without_a_signal),
                TEST(test_twenty_kills),
                TEST(test_restart),
                TEST(test_held),
                SYSTEMD(test_held),
                TEST(test_look_before_removal),
                TEST(test_counters_that_cannot_be_read),
                SYSTEMD(test_without_the_controller),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
