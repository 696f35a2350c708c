/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/log.h"
#include "cli/limit-argument.h"
#include "cli/text.h"
#include "cli/user-argument.h"
#include "cli/verbs.h"

#define PERMYRIAD UINT64_C(10000)

/* All or nothing: the first word that is wrong ends it. Returns how many there are, or -EINVAL; that was
 * said. */
static int parse_settings(const Cli *cli, int argc, char *argv[],
                          LimitSetting settings[static _LIMIT_COUNT]) {
        LimitMask seen = 0;
        int n = 0;

        for (int i = 0; i < argc; i++) {
                _cleanup_free_ char *shown = text_escape(&cli->terminal, argv[i]);
                const char *allowed = NULL;
                LimitSetting setting;
                int r = limit_argument_parse(argv[i], &setting, &allowed);

                if (r == -ENOENT)
                        log_error("%s: not a limit; there are %s.", shown ? shown : "?", allowed);
                else if (r < 0)
                        log_error("%s: allowed is %s.", shown ? shown : "?", allowed);
                else if (seen & 1U << setting.limit)
                        log_error("%s: that limit is there twice; say it once.", shown ? shown : "?");
                else {
                        seen |= 1U << setting.limit;
                        settings[n++] = setting;
                        continue;
                }
                return -EINVAL;
        }
        return n;
}

/* Percentages of the memory as org.freedesktop.systemd1 has them: of 2³² - 1. */
static int append_setting(sd_bus_message *m, const LimitSetting *setting) {
        char name[64];

        if (!setting->of_ram)
                return sd_bus_message_append(m, "{sv}", limit_to_string(setting->limit), "t",
                                             setting->value);
        snprintf(name, sizeof name, "%sScale", limit_to_string(setting->limit));
        return sd_bus_message_append(m, "{sv}", name, "u",
                                     (uint32_t) ((setting->value * UINT32_MAX + PERMYRIAD / 2) / PERMYRIAD));
}

static int append_settings(sd_bus_message *m, const char *slice, const LimitSetting *settings, int n,
                           bool runtime) {
        int r = sd_bus_message_append(m, "s", slice);

        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{sv}");
        for (int i = 0; i < n && r >= 0; i++)
                r = append_setting(m, &settings[i]);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_append(m, "b", (int) runtime);
}

Status verb_set(Cli *cli, int argc, char *argv[]) {
        _cleanup_(bus_message_unrefp) sd_bus_message *call = NULL;
        LimitSetting settings[_LIMIT_COUNT];
        UserArgument user;
        const Purpose purpose = { .what = "set the limits", .who = user.display };
        int n = parse_settings(cli, argc - 1, argv + 1, settings);
        Status status;

        if (n < 0)
                return STATUS_USAGE;
        status = user_argument_to_change(cli, argv[0], &user);
        if (status == STATUS_OK)
                status = client_new_call(cli, MANAGER_PATH, MANAGER_INTERFACE, "SetLimits", &call);
        if (status != STATUS_OK)
                return status;
        if (append_settings(call, user.slice, settings, n, cli->options.given & OPTION_RUNTIME) < 0)
                return verb_end(-ENOMEM);
        return client_send(cli, &purpose, call, NULL);
}
