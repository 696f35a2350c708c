/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "place/groups.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "cgroup/group.h"
#include "cgroup/v1.h"
#include "model/limits.h"

static int fail(PlaceFailure *failure, const char *group, const char *hierarchy, const char *controller,
                int error) {
        *failure = (PlaceFailure){ .hierarchy = hierarchy, .controller = controller };
        snprintf(failure->group, sizeof failure->group, "%s", group);
        return error;
}

static const CgroupHierarchy *hierarchy_of(const Groups *groups, size_t i) {
        return cgroup_tree_hierarchy(groups->tree, i);
}

/* Not the tree's own descriptor, which its owner has to see change. */
static int open_user_slice(const Groups *groups, size_t i) {
        return group_open(hierarchy_of(groups, i)->root_fd, CGROUP_USER_SLICE);
}

int groups_open_slice(const Groups *groups, uid_t uid, size_t hierarchy) {
        char path[sizeof CGROUP_USER_SLICE + sizeof(SliceName)];
        SliceName name;
        int fd;

        snprintf(path, sizeof path, CGROUP_USER_SLICE "/%s", slice_name_for_uid(name, uid));
        fd = openat(hierarchy_of(groups, hierarchy)->root_fd, path,
                    O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

int groups_slice_of_path(const char *path, uid_t *ret) {
        static const char prefix[] = "/" CGROUP_USER_SLICE "/";
        const char *name = path + sizeof prefix - 1;
        SliceName slice;
        size_t length;

        if (strncmp(path, prefix, sizeof prefix - 1) != 0)
                return -ENOENT;
        length = strcspn(name, "/");
        if (length > SLICE_NAME_MAX)
                return -ENOENT;
        memcpy(slice, name, length);
        slice[length] = '\0';
        return slice_name_to_uid(slice, ret) < 0 ? -ENOENT : 0;
}

/* ---- what there is ---- */

static bool is_there(int dirfd, const char *name) {
        struct stat st;

        return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) >= 0;
}

/* Slices that somebody else has made count as well: who is in them is at home. */
static int find_slices(Groups *groups, size_t i) {
        _cleanup_(closedirp) DIR *dir = NULL;
        struct dirent *entry;
        int fd = open_user_slice(groups, i);

        if (fd < 0)
                return fd == -ENOENT ? 0 : fd;
        dir = fdopendir(fd);
        if (!dir) {
                safe_close(fd);
                return -ENOMEM;
        }
        while ((entry = readdir(dir))) {
                PlaceSlice *slice;
                uid_t uid;

                if (slice_name_to_uid(entry->d_name, &uid) < 0)
                        continue;
                slice = record_get(&groups->record, uid);
                if (!slice)
                        return -ENOMEM;
                slice->present = true;
        }
        return 0;
}

/* What the record has and the tree has not was removed by somebody, or never made before a crash. */
static void forget_missing(Groups *groups, size_t i) {
        _cleanup_close_ int fd = open_user_slice(groups, i);
        Record *record = &groups->record;

        if (fd < 0)
                record->made &= ~(1U << i);
        for (size_t k = 0; k < record->n_slices; k++) {
                SliceName name;

                if (fd < 0 || !is_there(fd, slice_name_for_uid(name, record->slice[k]->uid)))
                        record->slice[k]->made &= ~(1U << i);
        }
}

int groups_open(const CgroupTree *tree, int proc_fd, int runtime_fd, Groups *ret, unsigned *ret_skipped) {
        int r;

        *ret = (Groups){ .tree = tree };
        r = record_read(tree, proc_fd, runtime_fd, &ret->record, ret_skipped);
        for (size_t i = 0; r >= 0 && i < cgroup_tree_count(tree); i++) {
                forget_missing(ret, i);
                r = find_slices(ret, i);
        }
        for (size_t k = ret->record.n_slices; k-- > 0;)
                if (!ret->record.slice[k]->present)
                        record_drop(&ret->record, ret->record.slice[k]);
        return r;
}

void groups_done(Groups *groups) {
        record_done(&groups->record);
}

int groups_sync(Groups *groups) {
        int r;

        if (!groups->dirty)
                return 0;
        r = record_write(&groups->record);
        groups->dirty = r < 0;
        return r;
}

/* Before a thing is made. */
static int note(Groups *groups, PlaceFailure *failure) {
        int r;

        groups->dirty = true;
        r = groups_sync(groups);
        return r < 0 ? fail(failure, "", "", NULL, r) : 0;
}

/* ---- user.slice ---- */

static int make_user_slice(Groups *groups, size_t i, PlaceFailure *failure) {
        const CgroupHierarchy *h = hierarchy_of(groups, i);
        int r;

        if (is_there(h->root_fd, CGROUP_USER_SLICE))
                return 0;
        groups->record.made |= 1U << i;
        r = note(groups, failure);
        if (r < 0)
                return r;
        r = group_make(h->root_fd, CGROUP_USER_SLICE);
        if (r <= 0) {
                groups->record.made &= ~(1U << i);
                groups->dirty = true;
        }
        return r < 0 ? fail(failure, CGROUP_USER_SLICE, h->name, NULL, r) : 0;
}

static int turn_on(Groups *groups, int fd, const char *group, unsigned *mask, PlaceFailure *failure) {
        for (unsigned i = 0; i < PLACE_CONTROLLERS; i++) {
                int r = group_controls(fd, place_controllers[i]);

                if (r > 0)
                        continue;
                if (r == 0) {
                        *mask |= 1U << i;
                        r = note(groups, failure);
                        if (r < 0)
                                return r;
                        r = group_control(fd, place_controllers[i], true);
                }
                if (r < 0) {
                        *mask &= ~(1U << i);
                        groups->dirty = true;
                        return fail(failure, group, "", place_controllers[i],
                                    r == -ENOENT ? -EOPNOTSUPP : r);
                }
        }
        return 0;
}

static int turn_all_on(Groups *groups, PlaceFailure *failure) {
        _cleanup_close_ int fd = -1;
        int r;

        r = turn_on(groups, hierarchy_of(groups, 0)->root_fd, "/", &groups->record.on_root, failure);
        if (r < 0)
                return r;
        fd = open_user_slice(groups, 0);
        if (fd < 0)
                return fail(failure, CGROUP_USER_SLICE, "", NULL, fd);
        return turn_on(groups, fd, CGROUP_USER_SLICE, &groups->record.on_user_slice, failure);
}

/* A process in the root weighs as much as user.slice with all that is in it does by default: one busy daemon
 * would have what all users together have. So user.slice weighs as one process for each CPU, which is what
 * it has under systemd beside a busy system.slice. One that somebody else has made keeps its weight. */
static void weigh_user_slice(const Groups *groups) {
        bool legacy = cgroup_tree_is_legacy(groups->tree);
        const CgroupHierarchy *h = cgroup_tree_of_controller(groups->tree, CONTROLLER_CPU);
        uint64_t weight = MIN((uint64_t) sysconf(_SC_NPROCESSORS_ONLN) * CPU_WEIGHT_DEFAULT, CPU_WEIGHT_MAX);
        _cleanup_close_ int fd = -1;

        if (!(groups->record.made & 1U << (h - hierarchy_of(groups, 0))))
                return;
        fd = group_open(h->root_fd, "/" CGROUP_USER_SLICE);
        if (fd >= 0)
                (void) group_set(fd, legacy ? "cpu.shares" : "cpu.weight",
                                 legacy ? cpu_shares_from_weight(weight) : weight);
}

int groups_prepare(Groups *groups, PlaceFailure *ret_failure) {
        int r;

        for (size_t i = cgroup_tree_count(groups->tree); i-- > 0;) {
                r = make_user_slice(groups, i, ret_failure);
                if (r < 0)
                        return r;
        }
        r = cgroup_tree_is_legacy(groups->tree) ? 0 : turn_all_on(groups, ret_failure);
        if (r >= 0)
                weigh_user_slice(groups);
        return r;
}

/* ---- slices ---- */

/* Where to put processes back that were found there. That is never a slice of ours: these go, and who came
 * from one by changing the UID belongs where that one's processes belong. NULL: the root will do. */
static const char *origin_of(const Groups *groups, size_t i, const char *path) {
        const PlaceSlice *slice;
        uid_t uid;

        if (path && groups_slice_of_path(path, &uid) >= 0) {
                slice = record_find(&groups->record, uid);
                path = slice && slice->made & 1U << i ? record_origin(slice, i) : NULL;
        }
        return path;
}

/* What is not there will be ours. Returns the mask of it. */
static unsigned claim(Groups *groups, PlaceSlice *slice, const char *name, char *const *origin) {
        unsigned claimed = 0;

        for (size_t i = 0; i < cgroup_tree_count(groups->tree); i++) {
                _cleanup_close_ int fd = open_user_slice(groups, i);

                if (fd >= 0 && is_there(fd, name))
                        continue;
                claimed |= 1U << i;
                (void) record_set_origin(slice, i, origin_of(groups, i, origin[i]));
        }
        slice->made |= claimed;
        return claimed;
}

static int make_in(Groups *groups, size_t i, const char *name, PlaceFailure *failure) {
        _cleanup_close_ int fd = open_user_slice(groups, i);
        int r = fd;

        if (fd == -ENOENT) { /* somebody has removed all of it */
                r = groups_prepare(groups, failure);
                if (r < 0)
                        return r;
                r = fd = open_user_slice(groups, i);
        }
        if (r >= 0)
                r = group_make(fd, name);
        return r < 0 ? fail(failure, name, hierarchy_of(groups, i)->name, NULL, r) : r;
}

static int make_all(Groups *groups, PlaceSlice *slice, const char *name, PlaceFailure *failure) {
        for (size_t i = cgroup_tree_count(groups->tree); i-- > 0;) {
                int r = make_in(groups, i, name, failure);

                if (r < 0)
                        return r;
        }
        slice->present = true;
        place_slice_in_use(slice);
        return 0;
}

int groups_make(Groups *groups, uid_t uid, char *const *origin, PlaceSlice **ret,
                PlaceFailure *ret_failure) {
        PlaceSlice *slice = record_get(&groups->record, uid);
        SliceName name;
        int r;

        slice_name_for_uid(name, uid);
        if (!slice)
                return fail(ret_failure, name, "", NULL, -ENOMEM);
        if (!slice->present) {
                r = claim(groups, slice, name, origin) ? note(groups, ret_failure) : 0;
                if (r >= 0)
                        r = make_all(groups, slice, name, ret_failure);
                if (r < 0) {
                        (void) groups_remove(groups, slice);
                        return r;
                }
        }
        *ret = slice;
        return 0;
}

int groups_remove(Groups *groups, PlaceSlice *slice) {
        SliceName name;

        slice_name_for_uid(name, slice->uid);
        for (size_t i = 0; i < cgroup_tree_count(groups->tree); i++) {
                _cleanup_close_ int fd = -1;
                int r;

                if (!(slice->made & 1U << i))
                        continue;
                fd = open_user_slice(groups, i);
                r = fd >= 0 ? group_remove(fd, name) : fd;
                if (r < 0 && r != -ENOENT)
                        return r;
                slice->made &= ~(1U << i);
                slice->present = false;
                groups->dirty = true;
        }
        record_drop(&groups->record, slice);
        return 0;
}

/* ---- the end ---- */

static int remove_user_slices(Groups *groups, PlaceFailure *failure) {
        for (size_t i = 0; i < cgroup_tree_count(groups->tree); i++) {
                const CgroupHierarchy *h = hierarchy_of(groups, i);
                int r;

                if (!(groups->record.made & 1U << i))
                        continue;
                r = group_remove(h->root_fd, CGROUP_USER_SLICE);
                if (r < 0)
                        return fail(failure, CGROUP_USER_SLICE, h->name, NULL, r);
                groups->record.made &= ~(1U << i);
                groups->dirty = true;
        }
        return 0;
}

static int turn_off(Groups *groups, int fd, const char *group, unsigned *mask, PlaceFailure *failure) {
        for (unsigned i = 0; i < PLACE_CONTROLLERS; i++) {
                int r;

                if (!(*mask & 1U << i))
                        continue;
                r = group_control(fd, place_controllers[i], false);
                if (r < 0 && r != -ENOENT)
                        return fail(failure, group, "", place_controllers[i], r);
                *mask &= ~(1U << i);
                groups->dirty = true;
        }
        return 0;
}

static int turn_all_off(Groups *groups, PlaceFailure *failure) {
        _cleanup_close_ int fd = open_user_slice(groups, 0);
        int r = 0;

        if (fd >= 0)
                r = turn_off(groups, fd, CGROUP_USER_SLICE, &groups->record.on_user_slice, failure);
        else
                groups->record.on_user_slice = 0;
        return r < 0 ? r
                     : turn_off(groups, hierarchy_of(groups, 0)->root_fd, "/", &groups->record.on_root,
                                failure);
}

int groups_finish(Groups *groups, PlaceFailure *ret_failure) {
        int r = remove_user_slices(groups, ret_failure), q;

        if (r >= 0)
                r = turn_all_off(groups, ret_failure);
        groups->dirty = true;
        q = groups_sync(groups);
        if (q < 0 && r >= 0)
                r = fail(ret_failure, "", "", NULL, q);
        return r;
}
