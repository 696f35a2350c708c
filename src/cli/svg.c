/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/svg.h"

#include <math.h>
#include <string.h>

#include "basic/timestamp.h"
#include "basic/utf8.h"

#define WIDTH  820
#define HEIGHT 420
#define LEFT   64
#define RIGHT  (LEFT + 2 * (int) SVG_BINS)

/* A part of the picture, with its own scale. */
typedef struct Panel {
        int y, height;
        double top, unit;
        char letter; /* behind the axis' numbers; 0: none */
        bool memory;
} Panel;

/* Mid colours would do on neither page, so there are two sets of them. */
static const char style_sheet[] =
        "<style>\n"
        "svg { font: 12px sans-serif; --ink: #24292f; --rule: #d0d7de; --use: #2da44e; --grant: #bf8700; "
        "--stop: #cf222e; --memory: #0969da; }\n"
        "@media (prefers-color-scheme: dark) { svg { --ink: #d0d7de; --rule: #424a53; --use: #3fb950; "
        "--grant: #d29922; --stop: #f85149; --memory: #58a6ff; } }\n"
        "text { fill: var(--ink); }\n"
        ".title { font-size: 15px; }\n"
        ".right { text-anchor: end; }\n"
        ".rule { stroke: var(--rule); fill: none; }\n"
        ".use { fill: var(--use); fill-opacity: .6; }\n"
        ".memory { fill: var(--memory); fill-opacity: .6; }\n"
        ".grant { stroke: var(--grant); stroke-width: 1.5; fill: none; }\n"
        ".throttled { fill: var(--stop); fill-opacity: .25; }\n"
        "</style>\n";

static void write_character(const char *s, size_t length, FILE *out) {
        /* U+FFFE and U+FFFF are characters of UTF-8 and not of XML. */
        if (length == 0 || (length == 3 && memcmp(s, "\xef\xbf", 2) == 0 && (unsigned char) s[2] >= 0xbe))
                fputs("\xef\xbf\xbd", out);
        else if (*s == '&')
                fputs("&amp;", out);
        else if (*s == '<')
                fputs("&lt;", out);
        else if (*s == '>')
                fputs("&gt;", out);
        else
                fwrite(s, 1, length, out);
}

/* As it may stand between two tags. */
static void write_text(const char *s, FILE *out) {
        while (*s) {
                size_t length = utf8_printable(s);

                write_character(s, length, out);
                s += MAX(length, (size_t) 1);
        }
}

static double x_of(const Series *series, size_t bin) {
        return LEFT + (double) (RIGHT - LEFT) * (double) bin / (double) series->count;
}

static double y_of(const Panel *panel, double value) {
        return panel->y + panel->height * (1 - MIN(value / panel->top, 1.0));
}

static void write_axis(const Panel *panel, FILE *out) {
        for (int i = 0; i <= 2; i++) {
                double value = panel->top * i / 2, y = y_of(panel, value);

                fprintf(out, "<path class=\"rule\" d=\"M%d %.1fH%d\"/>\n", LEFT, y, RIGHT);
                fprintf(out, "<text class=\"right\" x=\"%d\" y=\"%.1f\">%.3g%.1s</text>\n", LEFT - 6, y + 4,
                        value / panel->unit, i > 0 && panel->letter ? &panel->letter : "");
        }
}

typedef double (*BinValue)(const Bin *bin);

static double use_of(const Bin *bin) {
        return bin->use;
}

static double memory_of(const Bin *bin) {
        return bin->memory;
}

static double grant_of(const Bin *bin) {
        return (double) bin->grant;
}

typedef bool (*BinTest)(const Panel *panel, const Bin *bin);

static bool is_known(const Panel *panel _unused_, const Bin *bin) {
        return bin->known;
}

static bool is_throttled(const Panel *panel _unused_, const Bin *bin) {
        return bin->known && bin->throttled > 0;
}

static bool is_granted(const Panel *panel, const Bin *bin) {
        return bin->known && bin->grant != LIMIT_UNSET && (double) bin->grant <= panel->top;
}

/* The next run of bins from *from on for which the test is true: *from and *to are set to its first bin and
 * behind its last. */
static bool next_run(const Series *series, const Panel *panel, BinTest test, size_t *from, size_t *to) {
        size_t i = *from;

        while (i < series->count && !test(panel, series->bin + i))
                i++;
        *from = i;
        while (i < series->count && test(panel, series->bin + i))
                i++;
        *to = i;
        return *from < *to;
}

static void write_throttled(const Series *series, const Panel *panel, FILE *out) {
        for (size_t from = 0, to; next_run(series, panel, is_throttled, &from, &to); from = to)
                fprintf(out,
                        "<rect class=\"throttled\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>\n",
                        x_of(series, from), panel->y, x_of(series, to) - x_of(series, from), panel->height);
}

/* Goes from bin to bin, in a line from each level to the next. */
static void write_steps(const Series *series, const Panel *panel, BinValue value, size_t from, size_t to,
                        FILE *out) {
        for (size_t i = from, next; i < to; i = next) {
                double y = y_of(panel, value(series->bin + i));

                for (next = i + 1; next < to; next++)
                        if (fabs(y_of(panel, value(series->bin + next)) - y) >= 0.05)
                                break;
                fprintf(out, "V%.1fH%.1f", y, x_of(series, next));
        }
}

static void write_area(const Series *series, const Panel *panel, FILE *out) {
        for (size_t from = 0, to; next_run(series, panel, is_known, &from, &to); from = to) {
                fprintf(out, "<path class=\"%s\" d=\"M%.1f %d", panel->memory ? "memory" : "use",
                        x_of(series, from), panel->y + panel->height);
                write_steps(series, panel, panel->memory ? memory_of : use_of, from, to, out);
                fprintf(out, "V%dZ\"/>\n", panel->y + panel->height);
        }
}

static void write_grant(const Series *series, const Panel *panel, FILE *out) {
        for (size_t from = 0, to; next_run(series, panel, is_granted, &from, &to); from = to) {
                fprintf(out, "<path class=\"grant\" d=\"M%.1f %.1f", x_of(series, from),
                        y_of(panel, (double) series->bin[from].grant));
                write_steps(series, panel, grant_of, from, to, out);
                fputs("\"/>\n", out);
        }
}

static void write_cpu(const Series *series, FILE *out) {
        Panel panel = { .y = 60, .height = 200, .top = series_cpu_top(series), .unit = USEC_PER_SEC };

        write_throttled(series, &panel, out);
        write_axis(&panel, out);
        write_area(series, &panel, out);
        write_grant(series, &panel, out);
}

static void write_memory(const Series *series, FILE *out) {
        Panel panel = { .y = 300, .height = 80, .memory = true };

        panel.unit = axis_unit(series->memory_max, &panel.letter);
        panel.top = axis_top(series->memory_max / panel.unit, 1) * panel.unit;
        fprintf(out, "<text x=\"%d\" y=\"%d\">Memory</text>\n", LEFT, panel.y - 8);
        write_axis(&panel, out);
        write_area(series, &panel, out);
}

static void write_times(const Series *series, FILE *out) {
        TimestampBuffer buffer;

        fprintf(out, "<text x=\"%d\" y=\"400\">%s</text>\n", LEFT,
                format_timestamp_short(buffer, series->from));
        fprintf(out, "<text class=\"right\" x=\"%d\" y=\"400\">%s</text>\n", RIGHT,
                format_timestamp_short(buffer, series->to));
}

static void write_legend(const Series *series, const SvgStyle *style, FILE *out) {
        fprintf(out, "<rect class=\"use\" x=\"%d\" y=\"36\" width=\"12\" height=\"10\"/>\n", LEFT);
        fprintf(out, "<text x=\"%d\" y=\"45\">CPUs used</text>\n", LEFT + 18);
        if (series->grant_max > 0) {
                fprintf(out, "<path class=\"grant\" d=\"M%d 41h12\"/>\n", LEFT + 120);
                fprintf(out, "<text x=\"%d\" y=\"45\">%s</text>\n", LEFT + 138, style->grant_name);
        }
        if (series->throttled) {
                fprintf(out, "<rect class=\"throttled\" x=\"%d\" y=\"36\" width=\"12\" height=\"10\"/>\n",
                        LEFT + 220);
                fprintf(out, "<text x=\"%d\" y=\"45\">throttled</text>\n", LEFT + 238);
        }
}

void svg_print(const Series *series, const SvgStyle *style, FILE *out) {
        fprintf(out,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
                "role=\"img\">\n<title>",
                WIDTH, HEIGHT, WIDTH, HEIGHT);
        write_text(style->title, out);
        fprintf(out, "</title>\n%s<text class=\"title\" x=\"%d\" y=\"24\">", style_sheet, LEFT);
        write_text(style->title, out);
        fputs("</text>\n", out);
        write_legend(series, style, out);
        write_cpu(series, out);
        write_memory(series, out);
        write_times(series, out);
        fputs("</svg>\n", out);
}
