/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "config/internal.h"

/* The longest value is the name of a plan. */
typedef char ValueBuffer[MAX(FORMAT_MAX, NAME_LENGTH_MAX + 1)];

static const char *format_value(ValueBuffer buffer, unsigned key, const Setting *setting) {
        if (key < _LIMIT_COUNT)
                return limit_setting_format(
                        buffer, &(LimitSetting){ (Limit) key, setting->number, setting->of_ram });
        if (key == SLICE_KEY_MEMORY_STRICT)
                return setting->number ? "yes" : "no";
        return blot(strcpy(buffer, setting->plan->selector.name));
}

int config_explain(const Config *config, const Control *control, const User *user, ConfigVisitor visitor,
                   void *userdata) {
        Picked picked;
        int r = 0;

        config_pick(config, control, user, &picked);
        for (unsigned i = 0; r >= 0 && i < _SLICE_KEY_COUNT; i++) {
                const Setting *setting = picked.key[i];
                ConfigValue value = { .key = keys[i].name, .value = "", .file = "" };
                ValueBuffer buffer;

                if (setting) {
                        value.value = format_value(buffer, i, setting);
                        value.file = setting->file ?: "";
                        value.line = setting->line;
                }
                r = visitor(&value, userdata);
        }
        return r;
}
