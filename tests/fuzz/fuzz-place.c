/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The record of groups that were made: whatever it says, only users' slices and paths outside of them come
 * out. */

#include <assert.h>
#include <fcntl.h>
#include <string.h>

#include "cgroup/tree.h"
#include "fuzz.h"
#include "place/groups.h"

static CgroupTree *tree(void) {
        static CgroupTree *tree;

        if (!tree)
                assert(cgroup_tree_open("/", &tree) >= 0);
        return tree;
}

static void check(const Record *record) {
        for (size_t i = 0; i < record->n_slices; i++) {
                const PlaceSlice *slice = record->slice[i];
                const char *origin = record_origin(slice, 0);
                uid_t uid;

                assert(i == 0 || record->slice[i - 1]->uid < slice->uid);
                assert(slice->made <= 1);
                assert(!origin || *origin == '/');
                assert(!origin || groups_slice_of_path(origin, &uid) < 0);
        }
        assert(record->made <= 1 && record->on_root <= 3 && record->on_user_slice <= 3);
}

int fuzz_place(const uint8_t *data, size_t size) {
        Record record = { .tree = tree(), .dirfd = -1, .boot_id = "b" };
        unsigned skipped = 0;

        assert(record_parse(&record, (const char *) data, size, &skipped) >= 0);
        check(&record);
        record_done(&record);
        return 0;
}
