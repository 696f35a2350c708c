/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "cli/json.h"
#include "cli/text.h"
#include "cli/user-argument.h"
#include "cli/verbs.h"

/* More keys than any service has. */
#define SETTINGS_MAX 256U

/* The strings are the message's. */
typedef struct Setting {
        const char *key, *value, *file; /* file is "" for the default */
        uint32_t line;
        bool printed;
} Setting;

static int read_settings(sd_bus_message *m, Setting *settings, size_t *ret) {
        int r = sd_bus_message_enter_container(m, 'a', "(sssu)");
        size_t n = 0;
        Setting s = {};

        while (r >= 0 && (r = sd_bus_message_read(m, "(sssu)", &s.key, &s.value, &s.file, &s.line)) > 0) {
                if (n == SETTINGS_MAX)
                        return -E2BIG;
                settings[n++] = s;
        }
        *ret = n;
        return r;
}

static int print_setting(const Cli *cli, const Setting *setting) {
        _cleanup_free_ char *key = text_escape(&cli->terminal, setting->key),
                            *value = text_escape(&cli->terminal, setting->value),
                            *file = text_escape(&cli->terminal, setting->file);

        if (!key || !value || !file)
                return -ENOMEM;
        if (*file)
                printf("%s# %s:%u%s\n", color_on(&cli->terminal, COLOR_BLUE), file, setting->line,
                       color_off(&cli->terminal));
        printf("%s=%s\n", key, value);
        return 0;
}

/* All that comes from one file, or is the default. */
static int print_file(const Cli *cli, Setting *settings, size_t n, const char *file) {
        int r = 0;

        for (size_t i = 0; i < n && r >= 0; i++)
                if (!settings[i].printed && strcmp(settings[i].file, file) == 0) {
                        r = print_setting(cli, &settings[i]);
                        settings[i].printed = true;
                }
        return r;
}

static int print_settings(const Cli *cli, Setting *settings, size_t n) {
        const char *between = "";
        size_t n_defaults = 0;
        int r = 0;

        for (size_t i = 0; i < n && r >= 0; i++) {
                n_defaults += *settings[i].file == '\0';
                if (settings[i].printed || *settings[i].file == '\0')
                        continue;
                printf("%s", between);
                between = "\n";
                r = print_file(cli, settings, n, settings[i].file);
        }
        if (r < 0 || n_defaults == 0)
                return r;
        printf("%s%s# No file sets these: they are the defaults.%s\n", between,
               color_on(&cli->terminal, COLOR_BLUE), color_off(&cli->terminal));
        return print_file(cli, settings, n, "");
}

static int add_setting(json_object *array, const Setting *setting) {
        bool from_file = *setting->file != '\0';
        json_object *object = json_object_new_object();

        if (!array || !object || json_object_array_add(array, object) < 0) {
                json_object_put(object);
                return -ENOMEM;
        }
        if (json_add(object, "key", json_text(setting->key)) < 0 ||
            json_add(object, "value", json_text(setting->value)) < 0 ||
            json_add(object, "file", from_file ? json_text(setting->file) : NULL) < 0 ||
            json_add(object, "line", from_file ? json_number(setting->line) : NULL) < 0)
                return -ENOMEM;
        return 0;
}

static int print_json(const Cli *cli, const Setting *settings, size_t n) {
        _cleanup_json_ json_object *array = json_object_new_array();
        int r = 0;

        for (size_t i = 0; i < n && r >= 0; i++)
                r = add_setting(array, &settings[i]);
        return r < 0 || !array ? -ENOMEM : json_print(array, cli->options.json, stdout);
}

Status verb_cat(Cli *cli, _unused_ int argc, char *argv[]) {
        _cleanup_(bus_message_unrefp) sd_bus_message *reply = NULL;
        UserArgument user;
        const Purpose purpose = { .what = "read the settings", .who = user.display };
        Setting settings[SETTINGS_MAX];
        Status status = user_argument(cli, argv[0], &user);
        size_t n;
        int r;

        if (status == STATUS_OK)
                status = client_call(cli, &purpose, "GetSettings", &reply, "s", user.slice);
        if (status != STATUS_OK)
                return status;
        r = read_settings(reply, settings, &n);
        if (r < 0)
                return client_bad_answer(&purpose, r);
        verb_output(cli);
        return verb_end(cli->options.json ? print_json(cli, settings, n) : print_settings(cli, settings, n));
}
