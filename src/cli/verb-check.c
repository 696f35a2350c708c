/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "cli/client.h"
#include "cli/json.h"
#include "cli/text.h"
#include "cli/verbs.h"

static const Purpose purpose = { .what = "check the configuration" };

/* FILE:LINE: MESSAGE, as compilers write it, for editors. */
static int print_problem(const Cli *cli, bool error, const char *file, uint32_t line, const char *message) {
        _cleanup_free_ char *shown_file = text_escape(&cli->terminal, file),
                            *shown_message = text_escape(&cli->terminal, message);
        char number[16] = "";

        if (!shown_file || !shown_message)
                return -ENOMEM;
        if (line > 0)
                snprintf(number, sizeof number, ":%u", line);
        printf("%s%s%s: %s%s\n", color_on(&cli->terminal, error ? COLOR_RED : COLOR_YELLOW), shown_file,
               number, color_off(&cli->terminal), shown_message);
        return 0;
}

static int add_problem(json_object *array, bool error, const char *file, uint32_t line,
                       const char *message) {
        json_object *object = json_object_new_object();

        if (!array || !object || json_object_array_add(array, object) < 0) {
                json_object_put(object);
                return -ENOMEM;
        }
        if (json_add(object, "error", json_object_new_boolean(error)) < 0 ||
            json_add(object, "file", json_text(file)) < 0 ||
            json_add(object, "line", line > 0 ? json_number(line) : NULL) < 0 ||
            json_add(object, "message", json_text(message)) < 0)
                return -ENOMEM;
        return 0;
}

/* Returns whether there was an error among them. */
static int print_problems(const Cli *cli, sd_bus_message *reply, json_object *array) {
        const char *file, *message;
        bool any = false;
        uint32_t line;
        int error, r = sd_bus_message_enter_container(reply, 'a', "(bsus)");

        while (r >= 0 && (r = sd_bus_message_read(reply, "(bsus)", &error, &file, &line, &message)) > 0) {
                any |= error;
                r = cli->options.json ? add_problem(array, error, file, line, message)
                                      : print_problem(cli, error, file, line, message);
        }
        return r < 0 ? r : any;
}

Status verb_check(Cli *cli, _unused_ int argc, _unused_ char *argv[]) {
        _cleanup_(bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_json_ json_object *array = json_object_new_array();
        Status status = client_authorize(cli);
        int r;

        if (status == STATUS_OK)
                status = client_call(cli, &purpose, "Check", &reply, NULL);
        if (status != STATUS_OK)
                return status;
        verb_output(cli);
        r = print_problems(cli, reply, array);
        if (r >= 0 && cli->options.json && json_print(array, cli->options.json, stdout) < 0)
                r = -ENOMEM;
        if (r < 0)
                return r == -ENOMEM ? verb_end(r) : client_bad_answer(&purpose, r);
        return r > 0 ? STATUS_FAILURE : STATUS_OK;
}
