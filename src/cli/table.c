/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/table.h"

#include <string.h>

#include "cli/text.h"

#define COLUMNS_MAX 16U

typedef struct Cell {
        char *text;
        size_t width;
        Color color;
} Cell;

struct Table {
        const Terminal *terminal;
        const TableColumn *columns;
        size_t n_columns;
        Cell *cells;
        size_t n_cells, allocated;
};

int table_new(const Terminal *terminal, const TableColumn *columns, size_t n, Table **ret) {
        Table *table;

        if (n == 0 || n > COLUMNS_MAX)
                return -EINVAL;
        table = calloc(1, sizeof *table);
        if (!table)
                return -ENOMEM;
        *table = (Table){ .terminal = terminal, .columns = columns, .n_columns = n };
        *ret = table;
        return 0;
}

Table *table_free(Table *table) {
        if (!table)
                return NULL;
        for (size_t i = 0; i < table->n_cells; i++)
                free(table->cells[i].text);
        free(table->cells);
        free(table);
        return NULL;
}

static int make_room(Table *table) {
        size_t n = MAX(64U, 2 * table->allocated);
        Cell *cells;

        if (table->n_cells < table->allocated)
                return 0;
        cells = reallocarray(table->cells, n, sizeof *cells);
        if (!cells)
                return -ENOMEM;
        table->cells = cells;
        table->allocated = n;
        return 0;
}

int table_add(Table *table, Color color, const char *text) {
        char *escaped;

        if (make_room(table) < 0)
                return -ENOMEM;
        escaped = text_escape(table->terminal, text && *text ? text : "-");
        if (!escaped)
                return -ENOMEM;
        table->cells[table->n_cells++] =
                (Cell){ .text = escaped, .width = text_width(table->terminal, escaped), .color = color };
        return 0;
}

static size_t count_rows(const Table *table) {
        return table->n_cells / table->n_columns;
}

static size_t row_width(const size_t *widths, size_t n) {
        size_t sum = n - 1;

        for (size_t i = 0; i < n; i++)
                sum += widths[i];
        return sum;
}

/* The widest column that may still become narrower, or -1. */
static int widest(const Table *table, const size_t *widths) {
        int found = -1;

        for (size_t i = 0; i < table->n_columns; i++)
                if (table->columns[i].shrink_to > 0 && widths[i] > table->columns[i].shrink_to &&
                    (found < 0 || widths[i] > widths[found]))
                        found = (int) i;
        return found;
}

static void measure(const Table *table, unsigned width, bool header, size_t *widths) {
        for (size_t i = 0; i < table->n_columns; i++)
                widths[i] = header ? strlen(table->columns[i].title) : 1;
        for (size_t i = 0; i < table->n_cells; i++)
                widths[i % table->n_columns] = MAX(widths[i % table->n_columns], table->cells[i].width);
        while (width > 0 && row_width(widths, table->n_columns) > width) {
                int i = widest(table, widths);

                if (i < 0)
                        return;
                widths[i]--;
        }
}

static int print_cell(const Table *table, size_t column, const Cell *cell, size_t width, FILE *out) {
        bool last = column + 1 == table->n_columns, right = table->columns[column].right;
        _cleanup_free_ char *text = text_cut(table->terminal, cell->text, width);
        size_t taken;
        int pad;

        if (!text)
                return -ENOMEM;
        taken = text_width(table->terminal, text);
        pad = (int) (width - MIN(taken, width));
        fprintf(out, "%*s%s%s%s%*s%s", right ? pad : 0, "", color_on(table->terminal, cell->color), text,
                cell->color == COLOR_NONE ? "" : color_off(table->terminal), right || last ? 0 : pad, "",
                last ? "\n" : " ");
        return 0;
}

int table_print(const Table *table, unsigned width, bool header, FILE *out) {
        size_t widths[COLUMNS_MAX];
        int r = 0;

        measure(table, width, header, widths);
        for (size_t i = 0; header && i < table->n_columns && r >= 0; i++) {
                char *title = (char *) table->columns[i].title;
                Cell cell = { .text = title, .width = strlen(title), .color = COLOR_HEADER };

                r = print_cell(table, i, &cell, widths[i], out);
        }
        for (size_t i = 0; i < count_rows(table) * table->n_columns && r >= 0; i++)
                r = print_cell(table, i % table->n_columns, &table->cells[i], widths[i % table->n_columns],
                               out);
        return r;
}
