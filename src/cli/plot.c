/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/plot.h"

#include <math.h>
#include <string.h>

#include "basic/timestamp.h"

/* In front of the first bin: the axis' numbers, a blank and the axis. */
#define MARGIN 8

/* Rows that are not bars: title, axis and times, legend; the memory's title and axis. */
#define ROWS_CPU    4
#define ROWS_MEMORY 2

/* Fewer rows of bars say nothing. */
#define BARS_MIN 3

/* One of the two pictures. */
typedef struct Panel {
        unsigned rows;
        double top;  /* what the top of the highest row is */
        double unit; /* what the axis counts in */
        char letter; /* behind the axis' numbers; 0: none */
        bool memory; /* else CPU, with the grant and what was throttled */
        Color color;
} Panel;

typedef struct Glyphs {
        const char *level[9]; /* of a cell that is filled so far, in eighths */
        const char *line, *axis, *tick, *base, *corner, *mark;
} Glyphs;

static const Glyphs unicode = {
        .level = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" },
        .line = "─",
        .axis = "│",
        .tick = "┤",
        .base = "─",
        .corner = "┼",
        .mark = "▲",
};
static const Glyphs ascii = {
        .level = { " ", " ", ".", ".", ":", ":", "#", "#", "#" },
        .line = "-",
        .axis = "|",
        .tick = "+",
        .base = "-",
        .corner = "+",
        .mark = "^",
};

static const Glyphs *glyphs_of(const PlotStyle *style) {
        return style->terminal->utf8 ? &unicode : &ascii;
}

size_t plot_bins(unsigned columns) {
        return CLAMP(columns, PLOT_COLUMNS_MIN, PLOT_COLUMNS_MAX) - MARGIN;
}

/* Writes text in a colour, and nothing for the colour if it is the one that is on already. */
typedef struct Pen {
        const Terminal *terminal;
        FILE *out;
        Color on;
        unsigned blanks; /* that are written if something follows on the line */
} Pen;

static void pen(Pen *p, Color color, const char *text) {
        if (strcmp(text, " ") == 0) {
                p->blanks++;
                return;
        }
        if (*text != '\n')
                fprintf(p->out, "%*s", (int) p->blanks, "");
        p->blanks = 0;
        if (p->on != color && p->on != COLOR_NONE)
                fputs(color_off(p->terminal), p->out);
        if (p->on != color && color != COLOR_NONE)
                fputs(color_on(p->terminal, color), p->out);
        p->on = color;
        fputs(text, p->out);
}

static void end_line(Pen *p) {
        pen(p, COLOR_NONE, "\n");
}

static double bin_value(const Panel *panel, const Bin *bin) {
        return panel->memory ? bin->memory : bin->use;
}

/* How far the row is filled, in eighths. What is there is seen, however little it is. */
static unsigned fill(const Panel *panel, const Bin *bin, unsigned row) {
        double value = bin_value(panel, bin) / panel->top * panel->rows * 8;
        double eighths = floor(value + 0.5);

        if (value > 0 && eighths < 1)
                eighths = 1;
        return (unsigned) CLAMP(eighths - row * 8.0, 0.0, 8.0);
}

static bool line_is_here(const Panel *panel, const Bin *bin, unsigned row) {
        double at;

        if (panel->memory || bin->grant == LIMIT_UNSET || (double) bin->grant > panel->top)
                return false;
        at = floor((double) bin->grant / panel->top * panel->rows);
        return (unsigned) MIN(at, panel->rows - 1.0) == row;
}

static void print_cell(Pen *p, const Glyphs *g, const Panel *panel, const Bin *bin, unsigned row) {
        unsigned level = bin->known ? fill(panel, bin, row) : 0;

        if (bin->known && level < 8 && line_is_here(panel, bin, row))
                pen(p, COLOR_YELLOW, g->line);
        else if (level == 0)
                pen(p, COLOR_NONE, " ");
        else
                pen(p, panel->color, g->level[level]);
}

/* The axis has a number at the top and in the middle. */
static void print_label(Pen *p, const Glyphs *g, const Panel *panel, unsigned row) {
        double value = panel->top * (row + 1) / panel->rows / panel->unit;
        bool numbered = row + 1 == panel->rows || (panel->rows >= 6 && (row + 1) * 2 == panel->rows);
        char text[32] = "";

        if (numbered)
                snprintf(text, sizeof text, "%.3g%.1s", value, panel->letter ? &panel->letter : "");
        fprintf(p->out, "%*s %s", MARGIN - 2, text, numbered ? g->tick : g->axis);
}

/* The line below the bars: interrupted where nobody looked, with a mark where the slice was throttled. */
static void print_base(Pen *p, const Glyphs *g, const Panel *panel, const Series *series) {
        fprintf(p->out, "%*s %s", MARGIN - 2, "0", g->corner);
        for (size_t i = 0; i < series->count; i++) {
                const Bin *bin = series->bin + i;

                if (!bin->known)
                        pen(p, COLOR_NONE, " ");
                else if (!panel->memory && bin->throttled > 0)
                        pen(p, COLOR_RED, g->mark);
                else
                        pen(p, COLOR_NONE, g->base);
        }
        end_line(p);
}

static void print_panel(Pen *p, const Glyphs *g, const Panel *panel, const Series *series) {
        for (unsigned row = panel->rows; row-- > 0;) {
                print_label(p, g, panel, row);
                for (size_t i = 0; i < series->count; i++)
                        print_cell(p, g, panel, series->bin + i, row);
                end_line(p);
        }
        print_base(p, g, panel, series);
}

static void print_times(const Series *series, FILE *out) {
        TimestampBuffer from, to;
        int width = (int) series->count;

        format_timestamp_clock(from, series->from);
        format_timestamp_clock(to, series->to);
        fprintf(out, "%*s%s%*s\n", MARGIN, "", from, width - (int) strlen(from), to);
}

static void legend(Pen *p, Color color, const char *sign, const char *name) {
        pen(p, color, sign);
        pen(p, COLOR_NONE, " ");
        pen(p, COLOR_NONE, name);
        for (unsigned i = 0; i < 3; i++)
                pen(p, COLOR_NONE, " ");
}

static void print_legend(Pen *p, const Glyphs *g, const PlotStyle *style, const Series *series) {
        fprintf(p->out, "%*s", MARGIN, "");
        legend(p, COLOR_GREEN, g->level[8], "use");
        if (series->grant_max > 0)
                legend(p, COLOR_YELLOW, g->line, style->grant_name);
        if (series->throttled)
                legend(p, COLOR_RED, g->mark, "throttled");
        end_line(p);
}

static Panel panel_memory(const Series *series, unsigned rows) {
        Panel panel = { .rows = rows, .memory = true, .color = COLOR_BLUE };

        panel.unit = axis_unit(series->memory_max, &panel.letter);
        panel.top = axis_top(series->memory_max / panel.unit, 1) * panel.unit;
        return panel;
}

void plot_print(const Series *series, const PlotStyle *style, FILE *out) {
        const Glyphs *g = glyphs_of(style);
        unsigned rows = CLAMP(style->rows, PLOT_ROWS_MIN, PLOT_ROWS_MAX);
        unsigned bars = rows - ROWS_CPU, memory_rows = 0;
        Pen p = { .terminal = style->terminal, .out = out };
        Panel cpu, memory;

        if (series->memory_max > 0 && bars >= ROWS_MEMORY + 3 * BARS_MIN) {
                memory_rows = (bars - ROWS_MEMORY) / 3;
                bars -= ROWS_MEMORY + memory_rows;
        }
        cpu = (Panel){
                .rows = bars,
                .top = series_cpu_top(series),
                .unit = USEC_PER_SEC,
                .color = COLOR_GREEN,
        };
        fprintf(out, "%s: CPUs\n", style->title);
        print_panel(&p, g, &cpu, series);
        if (memory_rows > 0) {
                memory = panel_memory(series, memory_rows);
                fputs("Memory\n", out);
                print_panel(&p, g, &memory, series);
        }
        print_times(series, out);
        print_legend(&p, g, style, series);
}
