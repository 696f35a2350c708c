/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "basic/log.h"
#include "cli/figures.h"
#include "cli/text.h"
#include "cli/verbs.h"

static bool has_property(const Property *table, const char *name) {
        for (const Property *p = table; p->name; p++)
                if (strcmp(p->name, name) == 0)
                        return true;
        return false;
}

static bool is_wanted(const Options *options, const char *name) {
        for (size_t i = 0; i < options->n_properties; i++)
                if (strcmp(options->properties[i], name) == 0)
                        return true;
        return !(options->given & OPTION_PROPERTY);
}

/* Whether all that was asked for by --property= exists; what does not was said. */
static bool are_known(const Cli *cli, const Property *table) {
        for (size_t i = 0; i < cli->options.n_properties; i++)
                if (!has_property(table, cli->options.properties[i])) {
                        _cleanup_free_ char *shown = text_escape(&cli->terminal, cli->options.properties[i]);

                        log_error("There is no property %s; see org.fairslice1(5).", shown ? shown : "?");
                        return false;
                }
        return true;
}

static int print_property(const Cli *cli, const Property *property, const void *object) {
        _cleanup_free_ char *value = property_format(property, object), *shown = NULL;

        if (value)
                shown = text_escape(&cli->terminal, value);
        if (!shown)
                return -ENOMEM;
        if (cli->options.given & OPTION_VALUE)
                puts(shown);
        else
                printf("%s=%s\n", property->name, shown);
        return 0;
}

static int print_json(const Cli *cli, const Property *table, const void *object) {
        _cleanup_json_ json_object *to = json_object_new_object();

        if (!to || properties_to_json(table, object, to) < 0)
                return -ENOMEM;
        for (const Property *p = table; p->name; p++)
                if (!is_wanted(&cli->options, p->name))
                        json_object_object_del(to, p->name);
        return json_print(to, cli->options.json, stdout);
}

static Status print(Cli *cli, const Property *table, const void *object) {
        int r = 0;

        verb_output(cli);
        if (cli->options.json)
                return verb_end(print_json(cli, table, object));
        for (const Property *p = table; p->name && r >= 0; p++)
                if (is_wanted(&cli->options, p->name))
                        r = print_property(cli, p, object);
        return verb_end(r);
}

static Status show_host(Cli *cli) {
        _cleanup_(host_info_done) HostInfo host = {};
        Status status;

        if (!are_known(cli, manager_properties))
                return STATUS_USAGE;
        status = figures_host(cli, &host);
        return status == STATUS_OK ? print(cli, manager_properties, &host) : status;
}

Status verb_show(Cli *cli, int argc, char *argv[]) {
        _cleanup_(slice_info_done) SliceInfo slice = {};
        UserArgument user;
        Status status;

        /* As with systemctl, it is the service's own properties that are shown if nobody is named. */
        if (argc == 0)
                return show_host(cli);
        if (!are_known(cli, slice_properties))
                return STATUS_USAGE;
        status = user_argument(cli, argv[0], &user);
        if (status == STATUS_OK)
                status = figures_slice(cli, &user, &slice);
        return status == STATUS_OK ? print(cli, slice_properties, &slice) : status;
}
