/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "place/record.h"

#include <fcntl.h>
#include <string.h>

#include "basic/fs.h"
#include "basic/text.h"

#define RECORD_FILE     "groups"
#define RECORD_SIZE_MAX ((size_t) 64 << 20)
#define BOOT_ID         "sys/kernel/random/boot_id"

const char *const place_controllers[PLACE_CONTROLLERS] = { "cpu", "memory" };

static const char *hierarchy_name(const CgroupTree *tree, size_t i) {
        const char *name = cgroup_tree_hierarchy(tree, i)->name;

        return *name ? name : "unified";
}

/* ---- slices ---- */

/* Where the UID is, or would be. */
static size_t position(const Record *record, uid_t uid) {
        size_t first = 0, end = record->n_slices;

        while (first < end) {
                size_t middle = first + (end - first) / 2;

                if (record->slice[middle]->uid < uid)
                        first = middle + 1;
                else
                        end = middle;
        }
        return first;
}

PlaceSlice *record_find(const Record *record, uid_t uid) {
        size_t i = position(record, uid);

        return i < record->n_slices && record->slice[i]->uid == uid ? record->slice[i] : NULL;
}

static int make_room(Record *record) {
        size_t allocated = MAX(record->allocated * 2, (size_t) 16);
        PlaceSlice **slice;

        if (record->n_slices < record->allocated)
                return 0;
        slice = reallocarray(record->slice, allocated, sizeof *slice);
        if (!slice)
                return -ENOMEM;
        record->slice = slice;
        record->allocated = allocated;
        return 0;
}

PlaceSlice *record_get(Record *record, uid_t uid) {
        size_t i = position(record, uid);
        PlaceSlice *slice;

        if (i < record->n_slices && record->slice[i]->uid == uid)
                return record->slice[i];
        if (make_room(record) < 0)
                return NULL;
        slice = calloc(1, sizeof *slice);
        if (!slice)
                return NULL;
        slice->uid = uid;
        slice->use = UINT64_MAX;
        memmove(record->slice + i + 1, record->slice + i, (record->n_slices - i) * sizeof *record->slice);
        record->slice[i] = slice;
        record->n_slices++;
        return slice;
}

static void free_slice(PlaceSlice *slice) {
        for (size_t i = 0; slice->origin && i < CGROUP_HIERARCHIES_MAX; i++)
                free(slice->origin[i]);
        free(slice->origin);
        free(slice);
}

const char *record_origin(const PlaceSlice *slice, size_t hierarchy) {
        return slice->origin ? slice->origin[hierarchy] : NULL;
}

void place_slice_in_use(PlaceSlice *slice) {
        slice->empty = false;
        slice->use = UINT64_MAX;
}

int record_set_origin(PlaceSlice *slice, size_t hierarchy, const char *path) {
        _cleanup_free_ char *copy = path ? strdup(path) : NULL;

        if (path && !copy)
                return -ENOMEM;
        if (!slice->origin && !path)
                return 0;
        if (!slice->origin)
                slice->origin = calloc(CGROUP_HIERARCHIES_MAX, sizeof *slice->origin);
        if (!slice->origin)
                return -ENOMEM;
        free(slice->origin[hierarchy]);
        slice->origin[hierarchy] = TAKE_PTR(copy);
        return 0;
}

void record_drop(Record *record, PlaceSlice *slice) {
        size_t i = position(record, slice->uid);

        record->n_slices--;
        memmove(record->slice + i, record->slice + i + 1, (record->n_slices - i) * sizeof *record->slice);
        free_slice(slice);
}

void record_done(Record *record) {
        for (size_t i = 0; i < record->n_slices; i++)
                free_slice(record->slice[i]);
        free(record->slice);
        *record = (Record){ .dirfd = -1 };
}

/* ---- the file is read ---- */

static int parse_hierarchy(const CgroupTree *tree, const char *name, size_t *ret) {
        for (size_t i = 0; name && i < cgroup_tree_count(tree); i++)
                if (strcmp(name, hierarchy_name(tree, i)) == 0) {
                        *ret = i;
                        return 0;
                }
        return -EBADMSG;
}

static int parse_made(Record *record, const char *group, char *rest) {
        PlaceSlice *slice;
        size_t i;
        uid_t uid;

        if (parse_hierarchy(record->tree, rest, &i) < 0)
                return -EBADMSG;
        if (strcmp(group, CGROUP_USER_SLICE) == 0) {
                record->made |= 1U << i;
                return 0;
        }
        if (slice_name_to_uid(group, &uid) < 0)
                return -EBADMSG;
        slice = record_get(record, uid);
        if (!slice)
                return -ENOMEM;
        slice->made |= 1U << i;
        return 0;
}

static int parse_origin(Record *record, const char *group, char *rest) {
        const char *hierarchy = strsep(&rest, " ");
        PlaceSlice *slice;
        size_t i;
        uid_t uid;

        /* A slice of ours is never one: it goes. */
        if (!rest || *rest != '/' ||
            strncmp(rest, "/" CGROUP_USER_SLICE "/", sizeof CGROUP_USER_SLICE + 1) == 0 ||
            slice_name_to_uid(group, &uid) < 0 || parse_hierarchy(record->tree, hierarchy, &i) < 0)
                return -EBADMSG;
        slice = record_get(record, uid);
        return slice ? record_set_origin(slice, i, rest) : -ENOMEM;
}

static int parse_on(Record *record, const char *group, const char *controller) {
        unsigned *mask = strcmp(group, "/") == 0                 ? &record->on_root
                         : strcmp(group, CGROUP_USER_SLICE) == 0 ? &record->on_user_slice
                                                                 : NULL;

        for (unsigned i = 0; mask && controller && i < PLACE_CONTROLLERS; i++)
                if (strcmp(controller, place_controllers[i]) == 0) {
                        *mask |= 1U << i;
                        return 0;
                }
        return -EBADMSG;
}

/* -ESTALE if this and all that follows is of another boot. */
static int parse_line(Record *record, char *line) {
        char *rest = line, *word = strsep(&rest, " "), *group = strsep(&rest, " ");

        if (!group)
                return -EBADMSG;
        if (strcmp(word, "boot") == 0)
                return strcmp(group, record->boot_id) == 0 ? 0 : -ESTALE;
        if (strcmp(word, "made") == 0)
                return parse_made(record, group, rest);
        if (strcmp(word, "origin") == 0)
                return parse_origin(record, group, rest);
        return strcmp(word, "on") == 0 ? parse_on(record, group, rest) : -EBADMSG;
}

int record_parse(Record *record, const char *text, size_t length, unsigned *ret_skipped) {
        unsigned skipped = 0;

        while (length > 0) {
                const char *end = memchr(text, '\n', length);
                size_t size = end ? (size_t) (end - text) : length;
                _cleanup_free_ char *line = strndup(text, size);
                int r = line ? parse_line(record, line) : -ENOMEM;

                if (r == -ENOMEM)
                        return r;
                if (r == -ESTALE)
                        break;
                skipped += r < 0;
                text += size + (end ? 1 : 0);
                length -= size + (end ? 1 : 0);
        }
        *ret_skipped = skipped;
        return 0;
}

int record_read(const CgroupTree *tree, int proc_fd, int dirfd, Record *ret, unsigned *ret_skipped) {
        _cleanup_free_ char *text = NULL;
        ssize_t n;

        *ret = (Record){ .tree = tree, .dirfd = dirfd };
        *ret_skipped = 0;
        if (read_file_at(proc_fd, BOOT_ID, ret->boot_id, sizeof ret->boot_id) < 0)
                ret->boot_id[0] = '\0';
        ret->boot_id[strcspn(ret->boot_id, " \n")] = '\0';
        n = read_whole_file_at(dirfd, RECORD_FILE, RECORD_SIZE_MAX, &text);
        if (n < 0)
                return n == -ENOENT ? 0 : (int) n;
        return record_parse(ret, text, (size_t) n, ret_skipped);
}

/* ---- the file is written ---- */

static void write_made(const Record *record, FILE *file, const char *group, unsigned made) {
        for (size_t i = 0; i < cgroup_tree_count(record->tree); i++)
                if (made & 1U << i)
                        fprintf(file, "made %s %s\n", group, hierarchy_name(record->tree, i));
}

static void write_on(FILE *file, const char *group, unsigned on) {
        for (unsigned i = 0; i < PLACE_CONTROLLERS; i++)
                if (on & 1U << i)
                        fprintf(file, "on %s %s\n", group, place_controllers[i]);
}

static void write_slice(const Record *record, FILE *file, const PlaceSlice *slice) {
        SliceName name;

        slice_name_for_uid(name, slice->uid);
        write_made(record, file, name, slice->made);
        for (size_t i = 0; i < cgroup_tree_count(record->tree); i++)
                if (record_origin(slice, i) && slice->made & 1U << i)
                        fprintf(file, "origin %s %s %s\n", name, hierarchy_name(record->tree, i),
                                record_origin(slice, i));
}

static bool has_something(const Record *record) {
        unsigned any = record->made | record->on_root | record->on_user_slice;

        for (size_t i = 0; i < record->n_slices; i++)
                any |= record->slice[i]->made;
        return any != 0;
}

static int remove_file(const Record *record) {
        /* On a read-only file system even what is not there cannot be removed. */
        if (faccessat(record->dirfd, RECORD_FILE, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
                return 0;
        if (unlinkat(record->dirfd, RECORD_FILE, 0) < 0)
                return errno == ENOENT ? 0 : -errno;
        return fsync(record->dirfd) < 0 ? -errno : 0;
}

int record_write(const Record *record) {
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        FILE *file;

        if (!has_something(record))
                return remove_file(record);
        file = open_memstream(&text, &size);
        if (!file)
                return -errno;
        fprintf(file, "boot %s\n", record->boot_id);
        write_made(record, file, CGROUP_USER_SLICE, record->made);
        write_on(file, "/", record->on_root);
        write_on(file, CGROUP_USER_SLICE, record->on_user_slice);
        for (size_t i = 0; i < record->n_slices; i++)
                write_slice(record, file, record->slice[i]);
        if (memstream_close(file) < 0)
                return -ENOMEM;
        return write_file_atomic(record->dirfd, RECORD_FILE, text, size, 0600);
}
