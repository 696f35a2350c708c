/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/series.h"

#include <math.h>

void series_done(Series *series) {
        free(series->bin);
        *series = (Series){};
}

/* The beginning of what a look tells of. */
static usec_t look_begin(const Look *look, usec_t before, usec_t interval) {
        usec_t span;

        if (__builtin_mul_overflow(interval, 2, &span) || span > look->time)
                span = look->time;
        return MAX(before, look->time - span);
}

static void add_to_bin(Bin *bin, const Look *look, double part) {
        bin->known = true;
        bin->use += (double) look->use * part;
        bin->throttled += (double) look->throttled * part;
        bin->memory += (double) look->memory * part;
        bin->grant = look->grant;
}

/* `weight` is how much of each bin is known of, in µs. */
static void add_look(Series *series, double *weight, const Look *look, usec_t begin) {
        double width = (double) (series->to - series->from) / (double) series->count;
        double a = (double) (begin - series->from) / width, b = (double) (look->time - series->from) / width;
        size_t first = MIN((size_t) a, series->count - 1), last = MIN((size_t) b, series->count - 1);

        for (size_t i = first; i <= last; i++) {
                double part = MIN(b, (double) (i + 1)) - MAX(a, (double) i);

                if (part <= 0)
                        continue;
                add_to_bin(series->bin + i, look, part);
                weight[i] += part;
        }
}

static void finish(Series *series, const double *weight) {
        for (size_t i = 0; i < series->count; i++) {
                Bin *bin = series->bin + i;

                if (!bin->known)
                        continue;
                bin->use /= weight[i];
                bin->throttled /= weight[i];
                bin->memory /= weight[i];
                series->use_max = MAX(series->use_max, bin->use);
                series->memory_max = MAX(series->memory_max, bin->memory);
                if (bin->grant != LIMIT_UNSET)
                        series->grant_max = MAX(series->grant_max, (double) bin->grant);
                series->throttled = series->throttled || bin->throttled > 0;
        }
}

/* Where the last look is that is later than all before. */
static usec_t last_time(const Look *looks, size_t n) {
        usec_t last = looks[0].time;

        for (size_t i = 1; i < n; i++)
                last = MAX(last, looks[i].time);
        return last;
}

int series_make(const Look *looks, size_t n, usec_t interval, size_t bins, Series *ret) {
        _cleanup_(series_done) Series series = {};
        _cleanup_free_ double *weight = calloc(bins, sizeof *weight);
        usec_t before = 0;

        if (n == 0)
                return -ENODATA;
        interval = MAX(interval, (usec_t) 1);
        series.bin = calloc(bins, sizeof *series.bin);
        if (!series.bin || !weight)
                return -ENOMEM;
        series.count = bins;
        series.to = MAX(last_time(looks, n), (usec_t) 1);
        series.from = MIN(look_begin(looks, 0, interval), series.to - 1);
        for (size_t i = 0; i < n; i++) {
                if (looks[i].time <= before)
                        continue;
                add_look(&series, weight, looks + i,
                         MAX(look_begin(looks + i, before, interval), series.from));
                before = looks[i].time;
        }
        finish(&series, weight);
        *ret = series;
        series.bin = NULL;
        return 0;
}

double axis_top(double max, double least) {
        static const double steps[] = { 1, 1.5, 2, 3, 4, 5, 6, 8, 10 };
        double power;

        max = MAX(max, least);
        power = pow(10, floor(log10(max)));
        for (size_t i = 0; i < ELEMENTSOF(steps); i++)
                /* 0.3 is not 3 × 0.1 to the last bit. */
                if (steps[i] * power >= max * (1 - 1e-9))
                        return steps[i] * power;
        return 10 * power;
}

double series_cpu_top(const Series *series) {
        double max = series->use_max, room = MAX(max * 4, 1e5);

        return axis_top(series->grant_max <= room ? MAX(max, series->grant_max) : max, 1e4);
}

double axis_unit(double bytes, char *ret_letter) {
        static const char letters[] = "BKMGTPE";
        double unit = 1;
        unsigned i = 0;

        for (; i < 6 && bytes >= unit * 1024; i++)
                unit *= 1024;
        *ret_letter = letters[i];
        return unit;
}
