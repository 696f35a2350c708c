/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The rules, on a /proc and trees of files. What the kernel does when a group is made, filled or removed is
 * done by what stands here for these calls, which can also refuse. */

#include "unit.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "basic/time-util.h"
#include "cgroup/group.h"
#include "model/user.h"
#include "place/placer.h"

int __real_group_make(int parent_fd, const char *name);
int __wrap_group_make(int parent_fd, const char *name);
int __real_group_remove(int parent_fd, const char *name);
int __wrap_group_remove(int parent_fd, const char *name);
int __wrap_group_attach(int group_fd, pid_t pid);
int __real_group_is_empty(int group_fd);
int __wrap_group_is_empty(int group_fd);
int __wrap_process_owner(int proc_fd, pid_t pid, uid_t *ret);
int __wrap_process_users_owner(int process_fd, int proc_fd, uid_t *ret);

#define T0 (1000 * USEC_PER_SEC)

/* ---- the host ---- */

static const char *const names[] = { "cpu", "cpuacct", "memory" };

typedef struct FakeProcess {
        pid_t pid;
        uid_t uid, euid;
        bool kernel, nested, dead, realtime;
        bool inner; /* in a user namespace that this user has made */
        uid_t users_owner;
        char group[3][128];
} FakeProcess;

static struct {
        char path[64];
        size_t hierarchies;
        FakeProcess process[16];
        size_t n_processes;
        int root_fd, proc_fd, runtime_fd;
        CgroupTree *tree;

        /* Refuses */
        const char *attach_in, *make_in, *remove_in; /* a part of the path; NULL: nothing */
        int attach_error, make_error;
        pid_t attach_pid;

        pid_t ends_at_attach; /* and its number becomes root's */
} host;

static struct {
        unsigned refused, failed, removed;
        PlacerRefusal kind;
        PlaceFailure failure;
        char hierarchy[32];
        pid_t pid;
        int error;
} told;

/* What was used of the CPUs. */
static struct {
        bool known;
        uint64_t all, slice[2];
} used;

static unsigned procs_read;
static Placer *placer;
static uid_t managed_from, nameless_from;

static void put(const char *path, const char *text) {
        _cleanup_close_ int fd = openat(host.root_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, strlen(text)), (ssize_t) strlen(text));
}

static bool there(const char *path) {
        return faccessat(host.root_fd, path, F_OK, 0) >= 0;
}

/* The path of an open directory below the host's. */
static const char *path_of(int fd, char path[PATH_MAX]) {
        char link[64];
        ssize_t n;

        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        n = readlink(link, path, PATH_MAX - 1);
        assert_true(n > 0);
        path[n] = '\0';
        return path + MIN(strlen(host.path) + 1, (size_t) n);
}

static const char *hierarchy_dir(size_t i) {
        return host.hierarchies == 1 ? "unified" : names[i];
}

static void write_procs(size_t i, const char *group) {
        char path[512], text[512] = "";

        for (size_t k = 0; k < host.n_processes; k++)
                if (!host.process[k].dead && strcmp(host.process[k].group[i], group) == 0)
                        snprintf(text + strlen(text), sizeof text - strlen(text), "%d\n",
                                 (int) host.process[k].pid);
        snprintf(path, sizeof path, "%s%s/cgroup.procs", hierarchy_dir(i),
                 strcmp(group, "/") == 0 ? "" : group);
        put(path, text);
}

static void write_process(const FakeProcess *p) {
        char path[64], text[1024];

        snprintf(path, sizeof path, "proc/%d", (int) p->pid);
        (void) mkdirat(host.root_fd, path, 0700);
        snprintf(path, sizeof path, "proc/%d/stat", (int) p->pid);
        snprintf(text, sizeof text,
                 "%d (some) thing) %s 1 9 9 0 -1 %u 1 2 3 4 5 6 7 8 20 0 1 0 99 1 2 3 1 2 3 0 0 0 0 0 0 0 0 "
                 "0 17 "
                 "0 0 %u 0 0\n",
                 (int) p->pid, p->dead ? "Z" : "S", p->kernel ? 0x200000U : 0U, p->realtime ? 1U : 0U);
        put(path, text);
        snprintf(path, sizeof path, "proc/%d/status", (int) p->pid);
        snprintf(text, sizeof text, "Name:\tx\nUid:\t%u\t%u\t%u\t%u\nNSpid:\t%d%s\n", p->uid, p->euid,
                 p->euid, p->euid, (int) p->pid, p->nested ? "\t1" : "");
        put(path, text);
        snprintf(path, sizeof path, "proc/%d/cgroup", (int) p->pid);
        text[0] = '\0';
        for (size_t i = 0; i < host.hierarchies; i++)
                snprintf(text + strlen(text), sizeof text - strlen(text), "%zu:%s:%s\n", i,
                         host.hierarchies == 1 ? "" : names[i], p->group[i]);
        put(path, text);
}

static FakeProcess *add(pid_t pid, uid_t uid) {
        FakeProcess *p = &host.process[host.n_processes++];

        *p = (FakeProcess){ .pid = pid, .uid = uid, .euid = uid };
        for (size_t i = 0; i < host.hierarchies; i++) {
                strcpy(p->group[i], "/");
                write_procs(i, "/");
        }
        write_process(p);
        return p;
}

static void put_into(FakeProcess *p, size_t i, const char *group) {
        char old[128];

        strcpy(old, p->group[i]);
        strcpy(p->group[i], group);
        write_procs(i, old);
        write_procs(i, group);
        write_process(p);
}

static void end(FakeProcess *p) {
        p->dead = true;
        for (size_t i = 0; i < host.hierarchies; i++)
                write_procs(i, p->group[i]);
        write_process(p);
}

static void make_group(size_t i, const char *group) {
        char path[256];

        snprintf(path, sizeof path, "%s%s", hierarchy_dir(i), group);
        assert_int_equal(mkdirat(host.root_fd, path, 0700), 0);
        write_procs(i, group);
}

static bool is_at(const FakeProcess *p, const char *group) {
        for (size_t i = 0; i < host.hierarchies; i++)
                if (strcmp(p->group[i], group) != 0)
                        return false;
        return true;
}

/* ---- what stands for the kernel ---- */

int __wrap_group_make(int parent_fd, const char *name) {
        char buffer[PATH_MAX];
        const char *parent = path_of(parent_fd, buffer);
        char path[PATH_MAX + 64];
        int r;

        if (host.make_in && strstr(parent, host.make_in) && strncmp(name, "user-", 5) == 0)
                return host.make_error;
        r = __real_group_make(parent_fd, name);
        if (r > 0) {
                snprintf(path, sizeof path, "%s/%s/cgroup.procs", parent, name);
                put(path, "");
                if (host.hierarchies == 1) {
                        snprintf(path, sizeof path, "%s/%s/cgroup.subtree_control", parent, name);
                        put(path, "");
                }
        }
        return r;
}

static bool has_groups(int fd) {
        DIR *dir = fdopendir(openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        const struct dirent *entry;
        bool found = false;

        assert_non_null(dir);
        while ((entry = readdir(dir)))
                found = found || (entry->d_type == DT_DIR && entry->d_name[0] != '.');
        closedir(dir);
        return found;
}

int __wrap_group_remove(int parent_fd, const char *name) {
        _cleanup_close_ int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        char buffer[PATH_MAX];

        if (host.remove_in && strstr(path_of(parent_fd, buffer), host.remove_in))
                return -EBUSY;
        if (fd >= 0 && group_is_empty(fd) != 1)
                return -EBUSY;
        if (fd >= 0 && has_groups(fd))
                return -EBUSY;
        (void) unlinkat(fd, "cgroup.procs", 0);
        (void) unlinkat(fd, "cgroup.subtree_control", 0);
        return __real_group_remove(parent_fd, name);
}

/* Whoever has the old directory open reads nothing in it any more. */
static void use_again(FakeProcess *p) {
        char command[128];

        snprintf(command, sizeof command, "rm -r '%s/proc/%d'", host.path, (int) p->pid);
        assert_int_equal(system(command), 0);
        p->uid = p->euid = 0;
        write_process(p);
}

int __wrap_group_attach(int group_fd, pid_t pid) {
        char buffer[PATH_MAX];
        const char *path = path_of(group_fd, buffer), *group = strchr(path, '/');

        if (host.attach_in && strstr(path, host.attach_in) && pid == host.attach_pid)
                return host.attach_error;
        for (size_t k = 0; k < host.n_processes; k++)
                if (host.process[k].pid == pid && !host.process[k].dead)
                        for (size_t i = 0; i < host.hierarchies; i++)
                                if (strncmp(path, hierarchy_dir(i), strlen(hierarchy_dir(i))) == 0 &&
                                    strchr("/", path[strlen(hierarchy_dir(i))])) {
                                        put_into(&host.process[k], i, group ?: "/");
                                        if (pid == host.ends_at_attach && i == host.hierarchies - 1) {
                                                host.ends_at_attach = 0;
                                                use_again(&host.process[k]);
                                        }
                                        return 0;
                                }
        return -ESRCH;
}

int __wrap_group_is_empty(int group_fd) {
        procs_read++;
        return __real_group_is_empty(group_fd);
}

int __wrap_process_owner(int proc_fd _unused_, pid_t pid, uid_t *ret) {
        for (size_t k = 0; k < host.n_processes; k++)
                if (host.process[k].pid == pid) {
                        *ret = host.process[k].euid;
                        return 0;
                }
        return -ESRCH;
}

int __wrap_process_users_owner(int process_fd, int proc_fd _unused_, uid_t *ret) {
        char buffer[PATH_MAX];
        const char *path = path_of(process_fd, buffer);

        for (size_t k = 0; k < host.n_processes; k++)
                if (host.process[k].pid == atoi(path + strlen("proc/"))) {
                        if (host.process[k].inner)
                                *ret = host.process[k].users_owner;
                        return host.process[k].inner;
                }
        return -ESRCH;
}

/* ---- the placer ---- */

static bool is_managed(uid_t uid, void *userdata _unused_) {
        return uid >= managed_from;
}

static bool has_name(uid_t uid, void *userdata _unused_) {
        return uid < nameless_from;
}

static int read_use(const char *slice, uint64_t *ret, void *userdata _unused_) {
        uid_t uid;

        if (!used.known)
                return -ENODATA;
        if (!slice)
                *ret = used.all;
        else {
                assert_int_equal(slice_name_to_uid(slice, &uid), 0);
                assert_in_range(uid, 1000, 1000 + ELEMENTSOF(used.slice) - 1);
                *ret = used.slice[uid - 1000];
        }
        return 0;
}

static void on_before_remove(const char *slice _unused_, void *userdata _unused_) {
        told.removed++;
}

static void on_refused(PlacerRefusal kind, const Process *process, const char *hierarchy, int error,
                       void *userdata _unused_) {
        told.refused++;
        told.kind = kind;
        told.pid = process->pid;
        told.error = error;
        snprintf(told.hierarchy, sizeof told.hierarchy, "%s", hierarchy);
}

static void on_failed(const PlaceFailure *failure, int error, void *userdata _unused_) {
        told.failed++;
        told.failure = *failure;
        told.error = error;
}

static void open_placer(void) {
        const PlacerHandlers handlers = {
                .is_managed = is_managed,
                .has_name = has_name,
                .read_use = read_use,
                .before_remove = on_before_remove,
                .refused = on_refused,
                .failed = on_failed,
        };
        unsigned skipped;

        placer = placer_free(placer);
        assert_int_equal(placer_new(host.tree, host.proc_fd, host.runtime_fd, &handlers, &placer, &skipped),
                         0);
        assert_int_equal(skipped, 0);
}

static void start(void) {
        open_placer();
        assert_int_equal(placer_start(placer, true, T0), 0);
}

static void run_until(usec_t now) {
        while (placer_due(placer) <= now)
                (void) placer_run(placer, MAX(placer_due(placer), T0));
}

static void release(void) {
        PlaceFailure failure;

        assert_int_equal(placer_release(placer, &failure), 0);
        for (size_t i = 0; i < host.hierarchies; i++) {
                char path[64];

                snprintf(path, sizeof path, "%s/user.slice", hierarchy_dir(i));
                assert_false(there(path));
        }
        assert_true(placer_is_clean(placer));
        assert_false(there("run/groups"));
}

static int open_host(size_t hierarchies) {
        char paths[3][128];
        CgroupMounts mounts = {};

        memset(&host, 0, sizeof host);
        memset(&told, 0, sizeof told);
        memset(&used, 0, sizeof used);
        managed_from = 1000;
        nameless_from = UID_INVALID;
        host.hierarchies = hierarchies;
        strcpy(host.path, "/tmp/fairslice-placer-XXXXXX");
        if (!mkdtemp(host.path))
                return -1;
        host.root_fd = open(host.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (mkdirat(host.root_fd, "proc", 0700) < 0 || mkdirat(host.root_fd, "run", 0700) < 0)
                return -1;
        host.proc_fd = openat(host.root_fd, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        host.runtime_fd = openat(host.root_fd, "run", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        for (size_t i = 0; i < hierarchies; i++) {
                if (mkdirat(host.root_fd, hierarchy_dir(i), 0700) < 0)
                        return -1;
                write_procs(i, "/");
                snprintf(paths[i], sizeof paths[i], "%s/%s", host.path, hierarchy_dir(i));
                if (hierarchies > 1)
                        mounts.legacy[i] = (CgroupMount){ .path = paths[i], .root = (char *) "/" };
        }
        return hierarchies > 1 ? cgroup_tree_open_legacy(&mounts, false, &host.tree)
                               : cgroup_tree_open(paths[0], &host.tree);
}

static int setup(_unused_ void **state) {
        return open_host(3);
}

static int setup_unified(_unused_ void **state) {
        return open_host(1);
}

static int teardown(_unused_ void **state) {
        char command[128];

        placer = placer_free(placer);
        host.tree = cgroup_tree_free(host.tree);
        safe_close(host.root_fd);
        safe_close(host.proc_fd);
        safe_close(host.runtime_fd);
        snprintf(command, sizeof command, "rm -rf '%s'", host.path);
        return system(command);
}

/* ---- the rules ---- */

static void test_whose(_unused_ void **state) {
        FakeProcess *user = add(100, 1000), *sudo = add(101, 1000), *service = add(102, 33);
        FakeProcess *acting = add(103, 0), *thread = add(104, 1000), *container = add(105, 1000);
        FakeProcess *zombie = add(106, 1000), *nobody = add(107, 999);

        sudo->euid = 0;
        acting->euid = 1000; /* a service that acts for a user */
        thread->kernel = true;
        container->nested = true;
        for (size_t i = 0; i < host.n_processes; i++)
                write_process(&host.process[i]);
        end(zombie);
        start();
        assert_true(is_at(user, "/user.slice/user-1000.slice"));
        assert_true(is_at(sudo, "/user.slice/user-1000.slice"));
        assert_true(is_at(service, "/") && is_at(acting, "/") && is_at(thread, "/") &&
                    is_at(container, "/"));
        assert_true(is_at(zombie, "/") && is_at(nobody, "/"));
        assert_int_equal(told.refused + told.failed, 0);
        release();
        assert_true(is_at(user, "/") && is_at(sudo, "/"));
}

/* Refused by the last hierarchy: put back in the first two. */
static void test_moved_back(_unused_ void **state) {
        FakeProcess *user = add(100, 1000), *other = add(101, 1000);

        make_group(1, "/batch");
        put_into(user, 1, "/batch");
        host.attach_in = "memory/user.slice";
        host.attach_error = -EBUSY;
        host.attach_pid = 100;
        start();
        assert_string_equal(user->group[0], "/");
        assert_string_equal(user->group[1], "/batch");
        assert_string_equal(user->group[2], "/");
        assert_true(is_at(other, "/user.slice/user-1000.slice"));
        assert_int_equal(told.refused, 1);
        assert_int_equal(told.kind, PLACER_REFUSED_OTHER);
        assert_string_equal(told.hierarchy, "memory");
        assert_int_equal(told.error, -EBUSY);
        /* Tried again after a while. */
        host.attach_in = NULL;
        placer_look(placer, 100, T0 + USEC_PER_SEC);
        assert_string_equal(user->group[2], "/");
        placer_look(placer, 100, T0 + 61 * USEC_PER_SEC);
        assert_true(is_at(user, "/user.slice/user-1000.slice"));
        assert_int_equal(told.refused, 1);
        release();
}

static void test_realtime(_unused_ void **state) {
        FakeProcess *one = add(100, 1000);

        one->realtime = true;
        write_process(one);
        host.attach_in = "cpu/user.slice";
        host.attach_error = -EINVAL;
        host.attach_pid = 100;
        start();
        assert_true(is_at(one, "/"));
        assert_int_equal(told.kind, PLACER_REFUSED_REALTIME);
        assert_int_equal(told.pid, 100);
        host.attach_pid = 101;
        (void) add(101, 1001);
        placer_look(placer, 101, T0);
        assert_int_equal(told.refused, 1); /* said once */
        release();
}

static void test_goes_away(_unused_ void **state) {
        (void) add(100, 1000);
        host.attach_in = "cpuacct/user.slice";
        host.attach_error = -ESRCH;
        host.attach_pid = 100;
        start();
        assert_int_equal(told.refused + told.failed, 0);
}

static void test_change(_unused_ void **state) {
        FakeProcess *p = add(100, 1000);

        start();
        p->uid = p->euid = 1001;
        write_process(p);
        placer_look(placer, 100, T0);
        assert_true(is_at(p, "/user.slice/user-1001.slice"));
        p->uid = p->euid = 0;
        write_process(p);
        placer_look(placer, 100, T0);
        assert_true(is_at(p, "/"));
        placer_look(placer, 4711, T0); /* gone already */
        release();
}

/* Without anybody's telling: the next scan finds it. */
static void test_change_unseen(_unused_ void **state) {
        FakeProcess *p = add(100, 1000), *late;

        start();
        p->uid = p->euid = 1001;
        write_process(p);
        late = add(101, 1002);
        run_until(T0 + 31 * USEC_PER_SEC);
        assert_true(is_at(p, "/user.slice/user-1001.slice"));
        assert_true(is_at(late, "/user.slice/user-1002.slice"));
        release();
}

/* What was forked before the move is found where the parent was, soon. */
static void test_fork_before_move(_unused_ void **state) {
        FakeProcess *child, *parent;

        start();
        parent = add(100, 1000);
        child = add(101, 1000);
        placer_look(placer, 100, T0 + USEC_PER_SEC);
        assert_true(is_at(parent, "/user.slice/user-1000.slice"));
        run_until(T0 + 2 * USEC_PER_SEC);
        assert_true(is_at(child, "/user.slice/user-1000.slice"));
        release();
}

/* A process that is not dumpable seems to be root's. */
static void test_hidden_fork_before_move(_unused_ void **state) {
        FakeProcess *child, *parent;

        start();
        parent = add(100, 1000);
        child = add(101, 1000);
        child->euid = 0;
        placer_look(placer, 100, T0 + USEC_PER_SEC);
        assert_true(is_at(parent, "/user.slice/user-1000.slice"));
        run_until(T0 + 2 * USEC_PER_SEC);
        assert_true(is_at(child, "/user.slice/user-1000.slice"));
        release();
}

static void test_origin(_unused_ void **state) {
        FakeProcess *p = add(100, 1000), *q = add(101, 1001);

        make_group(2, "/batch");
        make_group(2, "/other");
        put_into(p, 2, "/batch");
        put_into(q, 2, "/other");
        start();
        assert_true(is_at(p, "/user.slice/user-1000.slice"));
        assert_int_equal(unlinkat(host.root_fd, "memory/other/cgroup.procs", 0), 0);
        assert_int_equal(unlinkat(host.root_fd, "memory/other", AT_REMOVEDIR), 0);
        release();
        assert_string_equal(p->group[2], "/batch");
        assert_string_equal(p->group[0], "/");
        assert_true(is_at(q, "/")); /* /other is gone */
}

/* Two users who came from each other's slices must not be put into these. */
static void test_origin_in_slice(_unused_ void **state) {
        FakeProcess *p = add(100, 1001);

        make_group(2, "/batch");
        put_into(p, 2, "/batch");
        start();
        p->uid = p->euid = 1000;
        write_process(p);
        placer_look(placer, 100, T0);
        assert_true(is_at(p, "/user.slice/user-1000.slice"));
        release();
        assert_string_equal(p->group[2], "/batch");
}

static void test_crash(_unused_ void **state) {
        FakeProcess *p = add(100, 1000);

        make_group(0, "/batch");
        put_into(p, 0, "/batch");
        start();
        open_placer(); /* another one, which knows what is written down */
        assert_false(placer_is_clean(placer));
        release();
        assert_string_equal(p->group[0], "/batch");
}

static void test_cannot_make(_unused_ void **state) {
        FakeProcess *p = add(100, 1000);

        host.make_in = "cpuacct";
        host.make_error = -EROFS;
        start();
        placer_look(placer, 100, T0);
        assert_true(is_at(p, "/"));
        assert_int_equal(told.failed, 1);
        assert_int_equal(told.error, -EROFS);
        assert_string_equal(told.failure.group, "user-1000.slice");
        assert_string_equal(told.failure.hierarchy, "cpuacct");
        assert_false(there("memory/user.slice/user-1000.slice")); /* made first, and taken back */
        host.make_in = NULL;
        placer_look(placer, 100, T0);
        assert_true(is_at(p, "/user.slice/user-1000.slice"));
        release();
}

/* Only a part of the hierarchy is mounted here, as in a container that sees the host's processes. */
static void test_outside_of_the_mount(_unused_ void **state) {
        FakeProcess *inside = add(100, 1000), *outside = add(101, 1001);

        strcpy(outside->group[2], "/../elsewhere");
        write_process(outside);
        start();
        assert_true(is_at(inside, "/user.slice/user-1000.slice"));
        assert_string_equal(outside->group[0], "/");
        assert_string_equal(outside->group[2], "/../elsewhere");
        assert_false(there("cpu/user.slice/user-1001.slice"));
        assert_int_equal(told.refused, 1);
        assert_int_equal(told.kind, PLACER_REFUSED_UNSEEN);
        assert_int_equal(told.pid, 101);
        assert_string_equal(told.hierarchy, "memory");
        release();
}

static void test_empty(_unused_ void **state) {
        FakeProcess *p = add(100, 1000);

        start();
        run_until(T0 + 20 * USEC_PER_SEC);
        assert_true(there("cpu/user.slice/user-1000.slice"));
        end(p);
        host.remove_in = "memory/user.slice";
        run_until(T0 + 22 * USEC_PER_SEC);
        assert_true(there("cpu/user.slice/user-1000.slice")); /* a moment for the next process */
        run_until(T0 + 40 * USEC_PER_SEC);
        assert_false(there("cpu/user.slice/user-1000.slice"));
        assert_true(there("memory/user.slice/user-1000.slice"));
        host.remove_in = NULL;
        run_until(T0 + 50 * USEC_PER_SEC);
        assert_false(there("memory/user.slice/user-1000.slice"));
        assert_int_equal(told.removed, 1);
        assert_true(there("memory/user.slice"));
        release();
}

/* How often a slice was looked at for processes, between two looks for empty ones. */
static unsigned looks_at_procs(usec_t from, usec_t until) {
        run_until(from);
        procs_read = 0;
        run_until(until);
        return procs_read;
}

/* Where nobody has run nobody has ended, so it is not looked who is there. */
static void test_not_empty_where_nobody_ran(_unused_ void **state) {
        FakeProcess *one = add(100, 1000), *two = add(101, 1001);

        used.known = true;
        start();
        assert_int_equal(looks_at_procs(T0 + 10 * USEC_PER_SEC, T0 + 28 * USEC_PER_SEC), 0);
        /* user.slice's counter moves, and one slice's does */
        used.all++;
        used.slice[0]++;
        assert_int_equal(looks_at_procs(T0 + 28 * USEC_PER_SEC, T0 + 31 * USEC_PER_SEC), 1);
        end(one);
        used.all++;
        used.slice[0]++;
        run_until(T0 + 40 * USEC_PER_SEC);
        assert_false(there("cpu/user.slice/user-1000.slice"));
        assert_true(there("cpu/user.slice/user-1001.slice"));
        assert_true(is_at(two, "/user.slice/user-1001.slice"));
        release();
}

/* Somebody has moved the only process out, which runs in none of the slices then. */
static void test_emptied_where_nobody_ran(_unused_ void **state) {
        FakeProcess *p = add(100, 1000);

        used.known = true;
        start();
        run_until(T0 + 20 * USEC_PER_SEC);
        end(p);
        run_until(T0 + 29 * USEC_PER_SEC);
        assert_true(there("cpu/user.slice/user-1000.slice"));
        run_until(T0 + 70 * USEC_PER_SEC);
        assert_false(there("cpu/user.slice/user-1000.slice"));
        release();
}

/* Nobody has ever run in a slice that was made for a process which had ended before it was moved. */
static void test_never_used(_unused_ void **state) {
        (void) add(100, 1000);
        used.known = true;
        host.attach_in = "memory";
        host.attach_pid = 100;
        host.attach_error = -ESRCH;
        start();
        assert_true(there("cpu/user.slice/user-1000.slice"));
        run_until(T0 + 10 * USEC_PER_SEC);
        assert_false(there("cpu/user.slice/user-1000.slice"));
        release();
}

static void test_not_removed(_unused_ void **state) {
        PlaceFailure failure;

        (void) add(100, 1000);
        start();
        host.remove_in = "cpuacct/user.slice";
        assert_int_equal(placer_release(placer, &failure), -EBUSY);
        assert_string_equal(failure.group, "user-1000.slice");
        assert_true(there("run/groups"));
        host.remove_in = NULL;
        release();
}

static void test_exempt(_unused_ void **state) {
        FakeProcess *p = add(100, 1000);

        start();
        managed_from = 1001;
        placer_rescan(placer);
        run_until(T0 + USEC_PER_SEC);
        assert_true(is_at(p, "/"));
        release();
}

/* ---- namespaces, and UIDs without a name ---- */

static FakeProcess *add_inner(pid_t pid, uid_t uid, uid_t owner, bool nested) {
        FakeProcess *p = add(pid, uid);

        p->inner = true;
        p->users_owner = owner;
        p->nested = nested;
        write_process(p);
        return p;
}

static void test_users_own_namespaces(_unused_ void **state) {
        FakeProcess *sandbox = add_inner(100, 1000, 1000, true);
        FakeProcess *subordinate = add_inner(101, 100999, 1000, false);
        FakeProcess *container = add_inner(102, 1000, 0, true);
        FakeProcess *of_root = add_inner(103, 100998, 0, false);
        FakeProcess *service = add_inner(104, 33, 33, true);

        nameless_from = 100000;
        start();
        assert_true(is_at(sandbox, "/user.slice/user-1000.slice"));
        assert_true(is_at(subordinate, "/user.slice/user-1000.slice"));
        assert_true(is_at(container, "/") && is_at(of_root, "/") && is_at(service, "/"));
        assert_false(there("cpu/user.slice/user-100999.slice"));
        run_until(T0 + 31 * USEC_PER_SEC);
        assert_true(is_at(subordinate, "/user.slice/user-1000.slice"));
        /* Somebody has put it there, and it stays. */
        put_into(container, 2, "/user.slice/user-1000.slice");
        placer_look(placer, 102, T0);
        assert_string_equal(container->group[2], "/user.slice/user-1000.slice");
        managed_from = 1001;
        placer_rescan(placer);
        run_until(T0 + 62 * USEC_PER_SEC);
        assert_true(is_at(sandbox, "/") && is_at(subordinate, "/"));
        assert_string_equal(container->group[2], "/user.slice/user-1000.slice");
        release();
}

/* A file of a subordinate UID with the set-user-ID bit: no way out of the slice, nor to another one. */
static void test_nameless_stays(_unused_ void **state) {
        FakeProcess *p = add(100, 1000), *q = add(101, 100001);

        nameless_from = 100000;
        start();
        assert_true(is_at(q, "/user.slice/user-100001.slice"));
        p->uid = p->euid = 100999;
        write_process(p);
        placer_look(placer, 100, T0);
        assert_true(is_at(p, "/user.slice/user-1000.slice"));
        run_until(T0 + 31 * USEC_PER_SEC);
        assert_true(is_at(p, "/user.slice/user-1000.slice"));
        assert_int_equal(told.refused, 0);
        nameless_from = UID_INVALID; /* now it has one */
        placer_look(placer, 100, T0);
        assert_true(is_at(p, "/user.slice/user-100999.slice"));
        release();
}

/* Below those, a UID without a name is a person's as any other. */
static void test_nameless_but_not_subordinate(_unused_ void **state) {
        FakeProcess *p = add(100, 1000);

        nameless_from = 0;
        start();
        assert_true(is_at(p, "/user.slice/user-1000.slice"));
        p->uid = p->euid = PLACER_SUBORDINATE_MIN - 1;
        write_process(p);
        placer_look(placer, 100, T0);
        assert_true(is_at(p, "/user.slice/user-99999.slice"));
        release();
}

static void test_too_many_nameless(_unused_ void **state) {
        FakeProcess *named = add(100, 1000), *one = add(101, 100001), *two;

        nameless_from = 2000;
        make_group(0, "/user.slice");
        for (unsigned i = 0; i < PLACER_NAMELESS_SLICES - 2; i++) {
                char path[64];

                snprintf(path, sizeof path, "/user.slice/user-%u.slice", 200000 + i);
                make_group(0, path);
        }
        start();
        assert_true(is_at(named, "/user.slice/user-1000.slice"));
        assert_true(is_at(one, "/user.slice/user-100001.slice"));
        two = add(102, 100002);
        placer_look(placer, 102, T0);
        assert_true(is_at(two, "/"));
        assert_int_equal(told.refused, 1);
        assert_int_equal(told.kind, PLACER_REFUSED_NAMELESS);
        assert_int_equal(told.pid, 102);
        named->uid = named->euid = 1001;
        write_process(named);
        placer_look(placer, 100, T0);
        assert_true(is_at(named, "/user.slice/user-1001.slice"));
}

/* The number that was moved is root's by then. */
static void test_number_used_again(_unused_ void **state) {
        FakeProcess *p = add(100, 1000);

        start(); /* moves it */
        put_into(p, 0, "/");
        put_into(p, 1, "/");
        put_into(p, 2, "/");
        host.ends_at_attach = 100;
        placer_look(placer, 100, T0);
        assert_int_equal(host.ends_at_attach, 0);
        assert_true(is_at(p, "/"));
        release();
}

/* ---- the unified tree ---- */

static void check_file(const char *path, const char *expected) {
        char text[256];

        assert_true(read_file_at(host.root_fd, path, text, sizeof text) >= 0);
        assert_string_equal(text, expected);
}

static void test_controllers(_unused_ void **state) {
        FakeProcess *p = add(100, 1000);

        /* The last that is written is what such a file has. */
        put("unified/cgroup.subtree_control", "cpu io\n");
        start();
        assert_true(is_at(p, "/user.slice/user-1000.slice"));
        check_file("unified/cgroup.subtree_control", "+memory\n");
        check_file("unified/user.slice/cgroup.subtree_control", "+memory\n");
        release();
        check_file("unified/cgroup.subtree_control", "-memory\n"); /* and not cpu, which was on */
}

static void test_no_controller(_unused_ void **state) {
        open_placer();
        assert_int_equal(placer_start(placer, true, T0), -EOPNOTSUPP); /* no such file */
        assert_int_equal(told.failed, 1);
        assert_string_equal(told.failure.controller, "cpu");
        assert_string_equal(told.failure.group, "/");
        release();
}

#define TEST(f)         cmocka_unit_test_setup_teardown(f, setup, teardown)
#define TEST_UNIFIED(f) cmocka_unit_test_setup_teardown(f, setup_unified, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_whose),
                TEST(test_moved_back),
                TEST(test_realtime),
                TEST(test_outside_of_the_mount),
                TEST(test_goes_away),
                TEST(test_change),
                TEST(test_change_unseen),
                TEST(test_origin),
                TEST(test_fork_before_move),
                TEST(test_hidden_fork_before_move),
                TEST(test_crash),
                TEST(test_origin_in_slice),
                TEST(test_cannot_make),
                TEST(test_empty),
                TEST(test_not_empty_where_nobody_ran),
                TEST(test_emptied_where_nobody_ran),
                TEST(test_never_used),
                TEST(test_not_removed),
                TEST(test_exempt),
                TEST(test_users_own_namespaces),
                TEST(test_nameless_stays),
                TEST(test_nameless_but_not_subordinate),
                TEST(test_too_many_nameless),
                TEST(test_number_used_again),
                TEST_UNIFIED(test_controllers),
                TEST_UNIFIED(test_no_controller),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
