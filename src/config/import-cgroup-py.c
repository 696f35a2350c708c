/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/import-cgroup-py.h"

#include <inttypes.h>
#include <string.h>

#include "basic/parse.h"
#include "basic/text.h"
#include "config/import-ini.h"
#include "config/import-values.h"

/* The part of the limit from which on CGroup_Py 1 has the kernel take memory back first, in tenths. */
#define SOFT_TENTHS 6

/* All comments but those about single lines. */
#define ABOUT_ALL                                                                                  \
        "# What has no option there, and fairslice does not do yet: notices at 75 % and 85 % of\n" \
        "# the memory limit (by ThinLinc's tl-notify or to a terminal), mail to user and\n"        \
        "# administrator when memory ran out, and a log of who was throttled.\n"
#define ABOUT_EQUAL                                                                                  \
        "# CGroup_Py's formula: CPUThreshold= of the CPUs, divided by the number of active users.\n" \
        "# The default, max-min, lends what a user leaves to those who want more, holds back\n"      \
        "# nobody while there is room, and nobody who asks for less than a share; to have that,\n"   \
        "# take the line away.\n"
#define ABOUT_HARD_CAP \
        "# throttleMode=hard_cap: a fixed part of one CPU for each user, and no fair shares.\n"
#define ABOUT_ACTIVITY_2                                                                          \
        "# CGroup_Py 2 divides this by a third of the number of users where there are three or\n" \
        "# more; fairslice does not.\n"
#define ABOUT_ROUNDING \
        "# CGroup_Py 1 rounds the host's memory, and then a quarter of it, down to whole GiB.\n"
#define ABOUT_SWAP "# There the limit is one on memory and swap together, so swap gives nobody more.\n"
#define ABOUT_SOFT                                                                                 \
        "# The soft limit, at six tenths: what is above it is taken back first when the host is\n" \
        "# short of memory.\n"
#define ABOUT_SLOWED                                                                                \
        "# CGroup_Py 1 has a soft limit at six tenths: what is above it is taken back first when\n" \
        "# the host is short of memory. The unified cgroup tree has no such limit. MemoryHigh=\n"   \
        "# slows users down above it even while there is room, and so it is not set:\n"

/* Long names are named by their end, which tells more. */
static const char *short_name(QuoteBuffer buffer, const char *file) {
        const char *slash = strrchr(file, '/');

        return quote(buffer, strlen(file) > 60 && slash ? slash + 1 : file);
}

static void write_problems(FILE *f, const Problems *problems, size_t first) {
        QuoteBuffer file;

        if (problems->count > first)
                fputs("#\n# Not carried over, or not as it was:\n#\n", f);
        for (size_t i = first; i < problems->count; i++)
                fprintf(f, "# %s:%u: %s\n", short_name(file, problems->item[i].file), problems->item[i].line,
                        problems->item[i].message);
}

/* Where the value below comes from. */
static void write_origin(FILE *f, const ImportValues *v, ImportSetting setting) {
        const Entry *from = v->from[setting];
        QuoteBuffer file, key, value;

        if (from)
                fprintf(f, "# %s:%u: %s=%s\n", short_name(file, from->file), from->line,
                        quote(key, from->key), quote(value, from->value));
        else
                fprintf(f, "# The default of %s\n", import_generation_to_string(v->generation));
}

static void write_time(FILE *f, const char *key, uint64_t msec) {
        if (msec % 1000 == 0)
                fprintf(f, "%s=%" PRIu64 "s\n", key, msec / 1000);
        else
                fprintf(f, "%s=%" PRIu64 "ms\n", key, msec);
}

static void write_percentage(FILE *f, const char *key, uint64_t permyriad) {
        fprintf(f, "%s=%" PRIu64, key, permyriad / 100);
        if (permyriad % 10 != 0)
                fprintf(f, ".%02" PRIu64, permyriad % 100);
        else if (permyriad % 100 != 0)
                fprintf(f, ".%" PRIu64, permyriad % 100 / 10);
        fputs("%\n", f);
}

/* With a unit where that is the very same size. */
static void write_size(FILE *f, const char *key, uint64_t bytes) {
        FormatBuffer buffer;
        uint64_t again;

        if (parse_size(format_size(buffer, bytes), &again) >= 0 && again == bytes)
                fprintf(f, "%s=%s\n", key, buffer);
        else
                fprintf(f, "%s=%" PRIu64 "\n", key, bytes);
}

static void write_manager(FILE *f, const ImportValues *v) {
        fputs("\n[Manager]\n", f);
        write_origin(f, v, IMPORT_INTERVAL);
        write_time(f, "IntervalSec", v->value[IMPORT_INTERVAL]);
        write_origin(f, v, IMPORT_MIN_UID);
        fprintf(f, "MinUID=%" PRIu64 "\n", v->value[IMPORT_MIN_UID]);
}

static void write_hard_cap(FILE *f, const ImportValues *v) {
        fputs("\n[CPU]\n" ABOUT_HARD_CAP "SharePolicy=weight\n", f);
        write_origin(f, v, IMPORT_CPU_LIMIT);
        fprintf(f, "CPUQuota=%" PRIu64 "%%\n", v->value[IMPORT_CPU_LIMIT]);
}

static void write_shares(FILE *f, const ImportValues *v) {
        fputs("\n[CPU]\n" ABOUT_EQUAL "SharePolicy=equal\n", f);
        write_origin(f, v, IMPORT_CPU_LIMIT);
        write_percentage(f, "CPUThreshold", v->value[IMPORT_CPU_LIMIT]);
        write_origin(f, v, IMPORT_ACTIVITY);
        if (v->generation == CGROUP_PY_2)
                fputs(ABOUT_ACTIVITY_2, f);
        write_percentage(f, "ActivityThreshold", v->value[IMPORT_ACTIVITY]);
        if (v->generation == CGROUP_PY_1) {
                write_origin(f, v, IMPORT_RESERVED_CPUS);
                fprintf(f, "ReservedCPUs=%" PRIu64 "\n", v->value[IMPORT_RESERVED_CPUS]);
        }
}

static void write_memory(FILE *f, const ImportValues *v, bool soft_limit) {
        const char *high = soft_limit ? "MemoryHigh" : "#MemoryHigh";
        bool set = v->from[IMPORT_MEMORY];

        fputs("\n[Memory]\n", f);
        write_origin(f, v, IMPORT_MEMORY);
        if (set)
                write_size(f, "MemoryMax", v->value[IMPORT_MEMORY]);
        else
                fprintf(f, "%sMemoryMax=25%%\n", v->generation == CGROUP_PY_1 ? ABOUT_ROUNDING : "");
        fputs(ABOUT_SWAP "MemorySwapMax=0\n", f);
        if (v->generation != CGROUP_PY_1)
                return;
        fputs(soft_limit ? ABOUT_SOFT : ABOUT_SLOWED, f);
        if (set)
                write_size(f, high,
                           v->value[IMPORT_MEMORY] / 10 * SOFT_TENTHS +
                                   v->value[IMPORT_MEMORY] % 10 * SOFT_TENTHS / 10);
        else
                write_percentage(f, high, 2500 * SOFT_TENTHS / 10);
}

static void write_all(FILE *f, const char *file, const ImportValues *v, const Problems *problems,
                      size_t first, bool soft_limit) {
        QuoteBuffer buffer;

        fprintf(f, "# Made of %s, a configuration of %s, by fairsliced --import-cgroup-py.\n#\n",
                short_name(buffer, file), import_generation_to_string(v->generation));
        fputs(ABOUT_ALL, f);
        write_problems(f, problems, first);
        write_manager(f, v);
        if (v->hard_cap)
                write_hard_cap(f, v);
        else
                write_shares(f, v);
        write_memory(f, v, soft_limit);
}

static int write_to_string(const char *file, const ImportValues *v, const Problems *problems, size_t first,
                           bool soft_limit, char **ret) {
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                return -ENOMEM;
        write_all(f, file, v, problems, first, soft_limit);
        if (memstream_close(f) < 0)
                return -ENOMEM;
        *ret = TAKE_PTR(text);
        return 0;
}

int import_cgroup_py(const char *file, const char *text, size_t size, bool soft_limit, Problems *problems,
                     char **ret) {
        _cleanup_(entries_done) Entries entries = {};
        size_t first = problems->count;
        ImportValues values;
        int r;

        r = import_ini_read(file, text, size, &entries);
        if (r < 0)
                return r;
        r = import_values_read(&entries, problems, &values);
        if (r < 0)
                return r;
        return write_to_string(file, &values, problems, first, soft_limit, ret);
}
