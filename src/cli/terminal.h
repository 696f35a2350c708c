/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

#define TERMINAL_COLUMNS_MIN 20U
#define TERMINAL_COLUMNS_MAX 2000U

/* What standard output is, before a pager stands in between. */
typedef struct Terminal {
        bool tty;
        bool dumb;   /* TERM=dumb, or none: it understands no control sequences */
        bool utf8;   /* the locale's encoding; else only ASCII is written */
        bool colors; /* only on terminals; SYSTEMD_COLORS=, NO_COLOR=, TERM=dumb */
        unsigned
                columns; /* of the terminal, or COLUMNS=; 0: not a terminal, lines may be as long as they are
                          */
} Terminal;

/* Sets the locale's encoding of characters, but no other part of the locale. */
void terminal_init(Terminal *ret);

/* Asks the terminal again, for who was told that its size has changed. */
unsigned terminal_columns(void);

typedef enum Color {
        COLOR_NONE,
        COLOR_BOLD,
        COLOR_RED,
        COLOR_GREEN,
        COLOR_YELLOW,
        COLOR_BLUE,
        COLOR_GREY,
        COLOR_HEADER, /* of tables: underlined */
        _COLOR_COUNT,
} Color;

/* What turns the colour on, and all colours off; "" where there are none. */
const char *color_on(const Terminal *terminal, Color color);
const char *color_off(const Terminal *terminal);

typedef enum Glyph {
        GLYPH_ELLIPSIS,
        GLYPH_DOT,    /* filled: something is in force */
        GLYPH_CIRCLE, /* empty */
        GLYPH_ARROW,  /* to the right */
        _GLYPH_COUNT,
} Glyph;

/* In ASCII where the locale has no more. */
const char *glyph(const Terminal *terminal, Glyph glyph);
