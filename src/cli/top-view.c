/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/top-view.h"

#include <inttypes.h>
#include <string.h>

#include "basic/text.h"
#include "basic/timestamp.h"
#include "cli/table.h"
#include "cli/text.h"
#include "model/hold.h"

/* Lines above the users: two of the host, one that is empty or the notice. */
#define HEAD_ROWS 3U

#define DELAY_STEP (250 * USEC_PER_MSEC)
#define DELAY_MAX  (3600 * USEC_PER_SEC)

/* ---- keys ---- */

/* As in systemd-cgtop: by quarters of a second below one second, by seconds above. */
static void slower(TopView *view) {
        view->delay += view->delay < USEC_PER_SEC ? DELAY_STEP : USEC_PER_SEC;
        view->delay = MIN(view->delay, DELAY_MAX);
}

static void faster(TopView *view) {
        if (view->delay <= 2 * DELAY_STEP)
                view->delay = DELAY_STEP;
        else
                view->delay -= view->delay < USEC_PER_SEC + DELAY_STEP ? DELAY_STEP : USEC_PER_SEC;
}

static bool order_key(TopView *view, char key) {
        static const char keys[_TOP_ORDER_COUNT] = {
                [TOP_BY_CPU] = 'c', [TOP_BY_MEMORY] = 'm', [TOP_BY_USER] = 'u', [TOP_BY_SHARE] = 's'
        };

        for (unsigned i = 0; i < _TOP_ORDER_COUNT; i++)
                if (keys[i] == key) {
                        view->order = (TopOrder) i;
                        return true;
                }
        return false;
}

bool top_key(TopView *view, char key) {
        switch (key) {
        case 'p':
                view->slices = !view->slices;
                return true;
        case 'r':
                view->reverse = !view->reverse;
                return true;
        case 'h':
        case '?':
                view->help = !view->help;
                return true;
        case '+':
                slower(view);
                return true;
        case '-':
                faster(view);
                return true;
        default:
                return order_key(view, key);
        }
}

/* ---- order ---- */

/* What is not known comes last. */
static int descending(uint64_t a, uint64_t b) {
        a = a == UINT64_MAX ? 0 : a;
        b = b == UINT64_MAX ? 0 : b;
        return (a < b) - (a > b);
}

static bool is_held(const SliceInfo *slice) {
        return !slice->exempt && slice->held_by && hold_from_string(slice->held_by) != HOLD_NOTHING;
}

static int compare_shares(const SliceInfo *a, const SliceInfo *b) {
        if (is_held(a) != is_held(b))
                return is_held(b) - is_held(a);
        return (a->share > b->share) - (a->share < b->share);
}

static int compare(const void *x, const void *y, void *userdata) {
        const TopView *view = userdata;
        const SliceInfo *a = x, *b = y;
        char buffer_a[256], buffer_b[256];
        int r = 0;

        if (view->order == TOP_BY_CPU)
                r = descending(a->use, b->use);
        else if (view->order == TOP_BY_MEMORY)
                r = descending(a->memory_current, b->memory_current);
        else if (view->order == TOP_BY_SHARE)
                r = compare_shares(a, b);
        if (r == 0)
                r = strverscmp(slice_info_display(a, buffer_a, sizeof buffer_a),
                               slice_info_display(b, buffer_b, sizeof buffer_b));
        return view->reverse ? -r : r;
}

void top_sort(const TopView *view, SliceInfos *slices) {
        if (slices->n > 0)
                qsort_r(slices->items, slices->n, sizeof *slices->items, compare, (void *) view);
}

/* ---- the host ---- */

static void write_rate(FILE *f, const char *name, uint64_t rate) {
        FormatBuffer text;

        fprintf(f, "%s %s", name, rate == LIMIT_UNSET ? "-" : format_cpu(text, rate));
}

static void write_host(const HostInfo *host, FILE *f) {
        write_rate(f, "Use", host->use);
        write_rate(f, " of", host->budget);
        write_rate(f, "; CPUs", host->cpus);
        write_rate(f, "; others", host->outside);
        write_rate(f, "; level", host->level);
}

static void write_state(const TopView *view, const HostInfo *host, FILE *f) {
        TimestampBuffer since;

        fputs(host->contended ? "Contended" : "Room", f);
        if (host->contended_since > 0 && host->contended_since != USEC_INFINITY)
                fprintf(f, " since %s",
                        view->now < host->contended_since + 12 * 3600 * USEC_PER_SEC
                                ? format_timestamp_clock(since, host->contended_since)
                                : format_timestamp_short(since, host->contended_since));
        fprintf(f, "; %" PRIu32 " active", host->active);
        if (host->observing)
                fputs("; only looking on", f);
}

/* One line, cut to the width. Takes the text, which may be NULL. */
static int put_line(const Terminal *terminal, const TopView *view, Color color, char *text, FILE *out) {
        _cleanup_free_ char *line = text;

        if (line && view->columns > 0) {
                line = text_cut(terminal, text, view->columns);
                free(text);
        }
        if (!line)
                return -ENOMEM;
        fprintf(out, "%s%s%s\n", color_on(terminal, color), line,
                color == COLOR_NONE ? "" : color_off(terminal));
        return 0;
}

static int write_head(const Terminal *terminal, const TopView *view, const HostInfo *host, FILE *out) {
        for (unsigned line = 0; line < HEAD_ROWS; line++) {
                bool notice = line + 1 == HEAD_ROWS && view->notice;
                char *text = NULL;
                size_t length;
                FILE *f = open_memstream(&text, &length);
                int r;

                if (!f)
                        return -ENOMEM;
                if (line == 0)
                        write_host(host, f);
                else if (line == 1)
                        write_state(view, host, f);
                else if (notice)
                        fputs(view->notice, f);
                if (memstream_close(f) < 0) {
                        free(text);
                        return -ENOMEM;
                }
                r = put_line(terminal, view, notice ? COLOR_RED : COLOR_NONE, text, out);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- the users ---- */

/* From the left, as many as there is room for. The blanks keep columns from moving with each figure. */
enum {
        COLUMN_NAME,
        COLUMN_USE,
        COLUMN_HELD,
        COLUMN_MEMORY,
        COLUMN_SHARE,
        COLUMN_MAX,
        _COLUMN_COUNT,
};

static const TableColumn columns[2][_COLUMN_COUNT] = {
        {
                { "USER", .shrink_to = 8 },
                { "    CPU", .right = true },
                { .title = "HELD BY   " },
                { "MEMORY", .right = true },
                { "  SHARE", .right = true },
                { "   MAX", .right = true },
        },
        {
                { "SLICE", .shrink_to = 8 },
                { "    CPU", .right = true },
                { .title = "HELD BY   " },
                { "MEMORY", .right = true },
                { "  SHARE", .right = true },
                { "   MAX", .right = true },
        },
};

/* With the shortest name: 8 + 1 + 7, + 1 + 10, + 1 + 7, + 1 + 8, + 1 + 7. */
static size_t columns_for(unsigned width) {
        static const unsigned widths[_COLUMN_COUNT] = { 0, 0, 27, 35, 44, 52 };
        size_t n = _COLUMN_COUNT;

        while (width > 0 && n > 2 && widths[n - 1] > width)
                n--;
        return n;
}

static const char *held(const SliceInfo *slice) {
        if (slice->exempt)
                return "exempt";
        return is_held(slice) ? slice->held_by : NULL;
}

static int add_cell(Table *table, const TopView *view, const SliceInfo *slice, size_t column) {
        FormatBuffer text;
        char name[256];

        switch (column) {
        case COLUMN_NAME:
                return table_add(table, COLOR_NONE,
                                 view->slices ? slice->id : slice_info_display(slice, name, sizeof name));
        case COLUMN_USE:
                return table_add(table, slice->throttled ? COLOR_YELLOW : COLOR_NONE,
                                 slice->use == LIMIT_UNSET ? NULL : format_cpu(text, slice->use));
        case COLUMN_SHARE:
                return table_add(table, COLOR_NONE,
                                 slice->share == LIMIT_UNSET ? NULL : format_cpu(text, slice->share));
        case COLUMN_HELD:
                return table_add(table, COLOR_NONE, held(slice));
        case COLUMN_MEMORY:
                return table_add(table, COLOR_NONE,
                                 slice->memory_current == LIMIT_UNSET
                                         ? NULL
                                         : format_size(text, slice->memory_current));
        default:
                return table_add(table, COLOR_NONE,
                                 slice->limits[LIMIT_MEMORY_MAX] == LIMIT_UNSET
                                         ? NULL
                                         : format_size(text, slice->limits[LIMIT_MEMORY_MAX]));
        }
}

static int write_users(const Terminal *terminal, const TopView *view, const SliceInfos *slices, bool legend,
                       FILE *out) {
        size_t n_columns = columns_for(view->columns), n = slices->n;
        unsigned above = legend ? HEAD_ROWS + 1 : HEAD_ROWS;
        _cleanup_(table_freep) Table *table = NULL;
        int r;

        if (view->rows > 0)
                n = MIN(n, view->rows > above ? (size_t) (view->rows - above) : 0);
        if (view->rows > 0 && view->rows < above)
                return 0;
        r = table_new(terminal, columns[view->slices], n_columns, &table);
        for (size_t i = 0; i < n && r >= 0; i++)
                for (size_t k = 0; k < n_columns && r >= 0; k++)
                        r = add_cell(table, view, slices->items + i, k);
        return r < 0 ? r : table_print(table, view->columns, legend, out);
}

static int write_help(const Terminal *terminal, const TopView *view, FILE *out) {
        static const char *const lines[] = {
                "c CPU  m memory  u user  s share: sort by it; r the other way round",
                "p users or slices; space refresh now",
                "+ slower  - faster; h or ? this help; q quit",
        };
        FormatBuffer delay;
        char *text;
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(lines) && r >= 0; i++)
                if (view->rows == 0 || i + HEAD_ROWS < view->rows)
                        r = put_line(terminal, view, COLOR_NONE, strdup(lines[i]), out);
        if (r < 0 || (view->rows > 0 && view->rows <= HEAD_ROWS + ELEMENTSOF(lines)))
                return r;
        if (asprintf(&text, "Every %s.", format_timespan(delay, view->delay)) < 0)
                return -ENOMEM;
        return put_line(terminal, view, COLOR_NONE, text, out);
}

int top_write(const Terminal *terminal, const TopView *view, const HostInfo *host, const SliceInfos *slices,
              bool legend, FILE *out) {
        int r = 0;

        if (view->rows == 0 || view->rows >= HEAD_ROWS)
                r = write_head(terminal, view, host, out);
        if (r < 0)
                return r;
        return view->help ? write_help(terminal, view, out)
                          : write_users(terminal, view, slices, legend, out);
}
