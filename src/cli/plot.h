/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/series.h"
#include "cli/terminal.h"

/* A history as a picture made of characters: CPU, and memory below it if there are rows for both. */

#define PLOT_COLUMNS_MIN 30U
#define PLOT_COLUMNS_MAX 2000U
#define PLOT_ROWS_MIN    8U
#define PLOT_ROWS_MAX    500U

typedef struct PlotStyle {
        const Terminal *terminal; /* for colours, and whether there is more than ASCII */
        unsigned columns, rows;   /* of the whole picture; brought into the bounds above */
        const char *title;        /* escaped for the terminal */
        const char *grant_name;   /* what the line is: "grant", "budget" */
} PlotStyle;

/* How many bins the series is to have for a picture so wide. */
size_t plot_bins(unsigned columns);

/* Errors of the stream stay in the stream. */
void plot_print(const Series *series, const PlotStyle *style, FILE *out);
