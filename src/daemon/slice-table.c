/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/slice-table.h"

#include <search.h>
#include <string.h>

static int compare(const void *a, const void *b) {
        return strcmp(((const ManagedSlice *) a)->name, ((const ManagedSlice *) b)->name);
}

void slice_table_init(SliceTable *table) {
        *table = (SliceTable){};
        LIST_INIT(&table->all);
        TAILQ_INIT(&table->queue);
}

void slice_table_done(SliceTable *table) {
        while (!LIST_EMPTY(&table->all))
                slice_table_remove(table, LIST_FIRST(&table->all));
}

ManagedSlice *slice_table_find(const SliceTable *table, const char *name) {
        ManagedSlice key;
        void *node;

        if (strlen(name) > USER_SLICE_NAME_MAX)
                return NULL;
        strcpy(key.name, name);
        node = tfind(&key, &table->by_name, compare);
        return node ? *(ManagedSlice **) node : NULL;
}

int slice_table_add(SliceTable *table, ManagedSlice *slice) {
        if (!tsearch(slice, &table->by_name, compare))
                return -ENOMEM;
        LIST_INSERT_HEAD(&table->all, slice, all);
        table->count++;
        return 0;
}

void slice_table_remove(SliceTable *table, ManagedSlice *slice) {
        slice_table_dequeue(table, slice);
        LIST_REMOVE(slice, all);
        tdelete(slice, &table->by_name, compare);
        table->count--;
        managed_slice_free(slice);
}

void slice_table_enqueue(SliceTable *table, ManagedSlice *slice, bool first) {
        if (slice->queued && !first)
                return;
        slice_table_dequeue(table, slice);
        if (first)
                TAILQ_INSERT_HEAD(&table->queue, slice, queue);
        else
                TAILQ_INSERT_TAIL(&table->queue, slice, queue);
        slice->queued = true;
}

void slice_table_dequeue(SliceTable *table, ManagedSlice *slice) {
        if (slice->queued)
                TAILQ_REMOVE(&table->queue, slice, queue);
        slice->queued = false;
}
