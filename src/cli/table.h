/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/terminal.h"

/* Rows of text in columns that are as wide as what is in them. */
typedef struct Table Table;

typedef struct TableColumn {
        const char *title;
        bool right;         /* numbers */
        unsigned shrink_to; /* where the terminal is too narrow it is cut, down to this; 0: never */
} TableColumn;

/* The columns and the terminal must stay. */
int table_new(const Terminal *terminal, const TableColumn *columns, size_t n, Table **ret);
Table *table_free(Table *table);
DEFINE_CLEANUP(Table *, table_free)

/* Adds the next cell; rows fill up from left to right. The text is escaped here; "" and NULL are written
 * as "-". */
int table_add(Table *table, Color color, const char *text);

/* Writes the rows, and the titles if `header`. `width` is the terminal's, 0: nothing is cut; columns that
 * may shrink do, the widest first, until a row fits. If it never does, rows are as long as they are.
 * Returns 0 or -ENOMEM; errors of the stream stay in the stream. */
int table_print(const Table *table, unsigned width, bool header, FILE *out);
