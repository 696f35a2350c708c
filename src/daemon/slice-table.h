/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/managed-slice.h"

/* All slices that the service knows of, found by name, and the queue of those that may have something to be
 * set. */
typedef struct SliceTable {
        LIST_HEAD(, ManagedSlice) all;
        TAILQ_HEAD(, ManagedSlice) queue;
        void *by_name; /* tsearch(3) */
        size_t count;
} SliceTable;

#define SLICE_FOREACH(slice, table) LIST_FOREACH(slice, &(table)->all, all)

void slice_table_init(SliceTable *table);
/* Frees all slices. */
void slice_table_done(SliceTable *table);

ManagedSlice *slice_table_find(const SliceTable *table, const char *name);
/* Takes the slice over on success. There must not be one of its name. -ENOMEM. */
int slice_table_add(SliceTable *table, ManagedSlice *slice);
/* Takes it out of the table and frees it. */
void slice_table_remove(SliceTable *table, ManagedSlice *slice);

/* New slices go first: a limit that comes late is late for their first process. */
void slice_table_enqueue(SliceTable *table, ManagedSlice *slice, bool first);
void slice_table_dequeue(SliceTable *table, ManagedSlice *slice);
