/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/series.h"

/* A history as a picture in SVG 1.1: stands by itself (no script, no font, nothing from elsewhere) and can
 * be read on a light and on a dark page. */

/* How many bins the series is to have. */
#define SVG_BINS 360U

typedef struct SvgStyle {
        const char *title;      /* any bytes: what XML cannot hold is replaced */
        const char *grant_name; /* what the line is: "grant", "budget" */
} SvgStyle;

/* Errors of the stream stay in the stream. */
void svg_print(const Series *series, const SvgStyle *style, FILE *out);
