/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/client.h"

#include <stdarg.h>
#include <string.h>

#include "basic/log.h"
#include "basic/service-connection.h"
#include "cli/agent.h"

#define PRIVATE_SOCKET       PRIVATE_SOCKET_DIRECTORY "/" PRIVATE_SOCKET_NAME
#define INTERACTIVE_USEC_MAX (150 * USEC_PER_SEC) /* longer than the service waits for polkit */

/* What of these errors only says that there is nothing to ask, rather than that the start failed. What is
 * not enabled is no unit to PID 1, and nobody's name to dbus-broker. */
static bool is_nobody_there(const sd_bus_error *error) {
        return !sd_bus_error_is_set(error) || sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
               sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER) ||
               sd_bus_error_has_name(error, "org.freedesktop.systemd1.NoSuchUnit") ||
               sd_bus_error_get_errno(error) == ENOTCONN || sd_bus_error_get_errno(error) == ECONNRESET;
}

static Status not_running(const Cli *cli, const sd_bus_error *why) {
        _cleanup_free_ char *text = is_nobody_there(why) ? NULL : client_error_text(cli, why);

        if (text)
                log_error("fairsliced cannot be started: %s. See: systemctl status fairsliced", text);
        else
                log_error("fairsliced is not running. Start it with: systemctl start fairsliced");
        return STATUS_NOT_RUNNING;
}

static Status connect_local(Cli *cli) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = service_connect(BUS_NAME, PRIVATE_SOCKET, 0, &error, &cli->bus);

        if (r < 0)
                return not_running(cli, &error);
        cli->direct = r > 0;
        return STATUS_OK;
}

static Status connect_remote(Cli *cli) {
        int r = sd_bus_open_system_remote(&cli->bus, cli->options.host);

        if (r < 0) {
                log_error_errno(r, "Cannot connect to %s: %m. Can you log in there with ssh?",
                                cli->options.host);
                return STATUS_NOT_RUNNING;
        }
        return STATUS_OK;
}

Status client_connect(Cli *cli) {
        if (cli->bus)
                return STATUS_OK;
        return cli->options.host ? connect_remote(cli) : connect_local(cli);
}

void client_disconnect(Cli *cli) {
        cli->bus = sd_bus_flush_close_unref(cli->bus);
        agent_close(cli->agent);
        cli->agent = 0;
}

int client_reconnect(Cli *cli) {
        cli->bus = sd_bus_close_unref(cli->bus);
        if (cli->direct)
                return service_connect_socket(PRIVATE_SOCKET, &cli->bus);
        return cli->options.host ? sd_bus_open_system_remote(&cli->bus, cli->options.host)
                                 : sd_bus_open_system(&cli->bus);
}

Status client_authorize(Cli *cli) {
        Status status = client_connect(cli);

        if (status != STATUS_OK || cli->options.no_ask_password || cli->direct)
                return status;
        if (cli->agent == 0 && !cli->options.host)
                cli->agent = agent_open();
        if (sd_bus_set_allow_interactive_authorization(cli->bus, true) < 0 ||
            sd_bus_set_method_call_timeout(cli->bus, INTERACTIVE_USEC_MAX) < 0) {
                (void) log_oom();
                return STATUS_FAILURE;
        }
        return STATUS_OK;
}

Status client_new_call(Cli *cli, const char *path, const char *interface, const char *member,
                       sd_bus_message **ret) {
        Status status = client_connect(cli);

        if (status != STATUS_OK)
                return status;
        if (sd_bus_message_new_method_call(cli->bus, ret, cli->direct ? NULL : BUS_NAME, path, interface,
                                           member) < 0) {
                (void) log_oom();
                return STATUS_FAILURE;
        }
        return STATUS_OK;
}

Status client_send(Cli *cli, const Purpose *purpose, sd_bus_message *call, sd_bus_message **ret) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        if (sd_bus_call(cli->bus, call, 0, &error, ret) < 0)
                return client_failed(cli, purpose, &error);
        return STATUS_OK;
}

Status client_call(Cli *cli, const Purpose *purpose, const char *member, sd_bus_message **ret,
                   const char *types, ...) {
        _cleanup_(bus_message_unrefp) sd_bus_message *call = NULL;
        Status status = client_new_call(cli, MANAGER_PATH, MANAGER_INTERFACE, member, &call);
        va_list arguments;
        int r = 0;

        if (status != STATUS_OK)
                return status;
        va_start(arguments, types);
        if (types)
                r = sd_bus_message_appendv(call, types, arguments);
        va_end(arguments);
        if (r < 0) {
                (void) log_error_errno(r, "Cannot %s: %m", purpose->what);
                return STATUS_FAILURE;
        }
        return client_send(cli, purpose, call, ret);
}

Status client_get_all(Cli *cli, const Purpose *purpose, const char *path, const char *interface,
                      sd_bus_message **ret) {
        _cleanup_(bus_message_unrefp) sd_bus_message *call = NULL;
        Status status = client_new_call(cli, path, "org.freedesktop.DBus.Properties", "GetAll", &call);
        int r;

        if (status != STATUS_OK)
                return status;
        r = sd_bus_message_append(call, "s", interface);
        if (r < 0) {
                (void) log_oom();
                return STATUS_FAILURE;
        }
        return client_send(cli, purpose, call, ret);
}
