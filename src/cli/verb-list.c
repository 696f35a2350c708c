/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/figures.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "model/hold.h"

static const TableColumn columns[] = {
        { "USER", .shrink_to = 8 }, { "UID", .right = true },     { "CPU", .right = true },
        { "SHARE", .right = true }, { "MEMORY", .right = true },  { "MAX", .right = true },
        { .title = "HELD" },        { "SLICE", .shrink_to = 12 },
};

/* What cannot be had or is no limit is "-". */
static const char *known(uint64_t number, const char *text) {
        return number == UINT64_MAX ? NULL : text;
}

/* "-" where nothing holds it. */
static const char *held(const SliceInfo *slice) {
        if (slice->exempt)
                return "exempt";
        return slice->held_by && hold_from_string(slice->held_by) == HOLD_NOTHING ? NULL : slice->held_by;
}

static int add_row(Table *table, const SliceInfo *slice) {
        FormatBuffer use, share, current, max;
        char name[256], uid[16];
        int r;

        format_cpu(use, slice->use);
        format_cpu(share, slice->share);
        format_size(current, slice->memory_current);
        format_size(max, slice->limits[LIMIT_MEMORY_MAX]);
        snprintf(uid, sizeof uid, "%u", (unsigned) slice->uid);
        r = table_add(table, COLOR_NONE, slice_info_display(slice, name, sizeof name));
        if (r >= 0)
                r = table_add(table, COLOR_NONE, slice->uid == UID_INVALID ? NULL : uid);
        if (r >= 0)
                r = table_add(table, slice->throttled ? COLOR_YELLOW : COLOR_NONE, known(slice->use, use));
        if (r >= 0)
                r = table_add(table, COLOR_NONE, known(slice->share, share));
        if (r >= 0)
                r = table_add(table, COLOR_NONE, known(slice->memory_current, current));
        if (r >= 0)
                r = table_add(table, COLOR_NONE, known(slice->limits[LIMIT_MEMORY_MAX], max));
        if (r >= 0)
                r = table_add(table, COLOR_NONE, held(slice));
        if (r >= 0)
                r = table_add(table, COLOR_NONE, slice->id);
        return r;
}

static int print_table(const Cli *cli, const SliceInfos *slices) {
        _cleanup_(table_freep) Table *table = NULL;
        int r = table_new(&cli->terminal, columns, ELEMENTSOF(columns), &table);

        for (size_t i = 0; i < slices->n && r >= 0; i++)
                r = add_row(table, &slices->items[i]);
        if (r >= 0 && slices->n > 0)
                r = table_print(table, cli->options.full ? 0 : cli->terminal.columns,
                                !cli->options.no_legend, stdout);
        if (r < 0 || cli->options.no_legend)
                return r;
        if (slices->n == 0)
                puts("No users.");
        else
                printf("\n%zu user%s listed.\n", slices->n, slices->n == 1 ? "" : "s");
        return r;
}

static int print_json(const Cli *cli, const SliceInfos *slices) {
        _cleanup_json_ json_object *array = json_object_new_array();

        for (size_t i = 0; i < slices->n; i++) {
                json_object *object = json_object_new_object();

                if (!array || !object || json_object_array_add(array, object) < 0) {
                        json_object_put(object);
                        return -ENOMEM;
                }
                if (properties_to_json(slice_properties, &slices->items[i], object) < 0)
                        return -ENOMEM;
        }
        return array ? json_print(array, cli->options.json, stdout) : -ENOMEM;
}

Status verb_list(Cli *cli, _unused_ int argc, _unused_ char *argv[]) {
        _cleanup_(slice_infos_done) SliceInfos slices = {};
        Status status = figures_all(cli, &slices);

        if (status != STATUS_OK)
                return status;
        verb_output(cli);
        return verb_end(cli->options.json ? print_json(cli, &slices) : print_table(cli, &slices));
}
