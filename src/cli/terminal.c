/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/terminal.h"

#include <langinfo.h>
#include <locale.h>
#include <string.h>
#include <sys/ioctl.h>

#include "basic/parse.h"

#define COLUMNS_DEFAULT 80U

static bool is_dumb(void) {
        const char *term = getenv("TERM");

        return !term || strcmp(term, "dumb") == 0;
}

/* As systemd's tools do: SYSTEMD_COLORS= is a boolean, or a number of colours, and above NO_COLOR=. */
static bool wants_colors(bool tty) {
        const char *s = getenv("SYSTEMD_COLORS");
        bool b;

        if (s && parse_bool(s, &b) >= 0)
                return b;
        if (s && (strcmp(s, "16") == 0 || strcmp(s, "256") == 0 || strcmp(s, "24bit") == 0))
                return true;
        s = getenv("NO_COLOR");
        return tty && !is_dumb() && !(s && *s);
}

unsigned terminal_columns(void) {
        const char *s = getenv("COLUMNS");
        uint64_t columns = 0;
        struct winsize size = {};

        if (!s || parse_u64(s, &columns) < 0 || columns == 0) {
                if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) >= 0)
                        columns = size.ws_col;
                if (columns == 0)
                        columns = COLUMNS_DEFAULT;
        }
        return (unsigned) CLAMP(columns, TERMINAL_COLUMNS_MIN, TERMINAL_COLUMNS_MAX);
}

void terminal_init(Terminal *ret) {
        (void) setlocale(LC_CTYPE, "");
        *ret = (Terminal){ .tty = isatty(STDOUT_FILENO) > 0,
                           .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0 };
        ret->dumb = is_dumb();
        ret->colors = wants_colors(ret->tty);
        if (ret->tty)
                ret->columns = terminal_columns();
}

const char *color_on(const Terminal *terminal, Color color) {
        static const char *const codes[_COLOR_COUNT] = {
                [COLOR_NONE] = "",
                [COLOR_BOLD] = "\033[0;1;39m",
                [COLOR_RED] = "\033[0;1;31m",
                [COLOR_GREEN] = "\033[0;1;32m",
                [COLOR_YELLOW] = "\033[0;1;33m",
                [COLOR_BLUE] = "\033[0;1;34m",
                [COLOR_GREY] = "\033[0;38;5;245m",
                [COLOR_HEADER] = "\033[0;4m",
        };

        return terminal->colors ? codes[color] : "";
}

const char *color_off(const Terminal *terminal) {
        return terminal->colors ? "\033[0m" : "";
}

const char *glyph(const Terminal *terminal, Glyph glyph) {
        static const char *const glyphs[_GLYPH_COUNT][2] = {
                [GLYPH_ELLIPSIS] = { "...", "…" },
                [GLYPH_DOT] = { "*", "●" },
                [GLYPH_CIRCLE] = { "o", "○" },
                [GLYPH_ARROW] = { "->", "→" },
        };

        return glyphs[glyph][terminal->utf8];
}
