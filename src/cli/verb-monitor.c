/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "basic/log.h"
#include "basic/timestamp.h"
#include "cli/live.h"
#include "cli/message-json.h"
#include "cli/text.h"
#include "cli/verbs.h"

typedef struct Monitor {
        Cli *cli;
        Live *live;
} Monitor;

static int print_text(const Cli *cli, sd_bus_message *m, json_object *arguments) {
        TimestampBuffer when;

        printf("%s%s%s %s %s.%s", color_on(&cli->terminal, COLOR_GREY),
               format_timestamp_short(when, now_realtime()), color_off(&cli->terminal),
               sd_bus_message_get_path(m), sd_bus_message_get_interface(m), sd_bus_message_get_member(m));
        for (size_t i = 0; i < json_object_array_length(arguments); i++) {
                const char *value = json_object_to_json_string_ext(json_object_array_get_idx(arguments, i),
                                                                   JSON_C_TO_STRING_NOSLASHESCAPE);
                _cleanup_free_ char *text = value ? text_escape(&cli->terminal, value) : NULL;

                if (!text)
                        return -ENOMEM;
                printf(" %s", text);
        }
        putchar('\n');
        return 0;
}

static int print_json(const Cli *cli, sd_bus_message *m, json_object *arguments) {
        _cleanup_json_ json_object *object = json_object_new_object();

        if (!object || json_add(object, "Time", json_number(now_realtime())) < 0 ||
            json_add(object, "Path", json_text(sd_bus_message_get_path(m))) < 0 ||
            json_add(object, "Interface", json_text(sd_bus_message_get_interface(m))) < 0 ||
            json_add(object, "Member", json_text(sd_bus_message_get_member(m))) < 0 ||
            json_add(object, "Arguments", json_object_get(arguments)) < 0)
                return -ENOMEM;
        return json_print(object, cli->options.json, stdout);
}

static void on_signal(sd_bus_message *m, void *userdata) {
        const Monitor *monitor = userdata;
        const Cli *cli = monitor->cli;
        _cleanup_json_ json_object *arguments = NULL;
        int r = message_to_json(m, &arguments);

        if (r >= 0)
                r = cli->options.json ? print_json(cli, m, arguments) : print_text(cli, m, arguments);
        if (r < 0)
                (void) log_error_errno(r, "Cannot show a signal: %m");
        (void) live_flush(monitor->live);
}

static void on_present(bool present, void *userdata) {
        const Monitor *monitor = userdata;

        if (monitor->cli->options.quiet)
                return;
        if (present)
                log_info("Showing the signals of fairsliced.");
        else
                log_info("fairsliced is gone; waiting for it.");
}

Status verb_monitor(Cli *cli, _unused_ int argc, _unused_ char *argv[]) {
        static const LiveCallbacks callbacks = { .present = on_present, .signal = on_signal };
        Monitor monitor = { .cli = cli };
        Status status = client_connect(cli);
        int r;

        if (status != STATUS_OK)
                return status;
        r = live_new(cli, &callbacks, &monitor, &monitor.live);
        if (r >= 0)
                r = live_run(monitor.live);
        live_free(monitor.live);
        if (r >= 0)
                return STATUS_OK;
        (void) log_error_errno(r, "Cannot listen to fairsliced: %m");
        return STATUS_FAILURE;
}
