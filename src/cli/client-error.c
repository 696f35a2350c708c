/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "basic/log.h"
#include "cli/client.h"
#include "cli/text.h"

#define DENIED "Run it as root, for example with sudo."

/* Errors by their names: how to end, and what to do. NULL: what the service says stands for itself. */
static const struct {
        const char *name;
        Status status;
        const char *advice;
} known[] = {
        { SD_BUS_ERROR_ACCESS_DENIED, STATUS_DENIED, DENIED },
        { SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, STATUS_DENIED, DENIED },
        { SD_BUS_ERROR_AUTH_FAILED, STATUS_DENIED, DENIED },
        { SD_BUS_ERROR_INVALID_ARGS, STATUS_USAGE, NULL },
        { ERROR_NO_SUCH_USER, STATUS_NO_SUCH, NULL },
        { ERROR_NO_SUCH_PROCESS, STATUS_NO_SUCH, NULL },
        { ERROR_EXEMPT, STATUS_FAILURE, "See fairsliced.conf(5)." },
        { ERROR_SHUTTING_DOWN, STATUS_NOT_RUNNING, "See: systemctl status fairsliced" },
        { SD_BUS_ERROR_SERVICE_UNKNOWN, STATUS_NOT_RUNNING, "Start it with: systemctl start fairsliced" },
        { SD_BUS_ERROR_NAME_HAS_NO_OWNER, STATUS_NOT_RUNNING, "Start it with: systemctl start fairsliced" },
        { SD_BUS_ERROR_DISCONNECTED, STATUS_NOT_RUNNING, "See: systemctl status fairsliced" },
        { SD_BUS_ERROR_NO_REPLY, STATUS_NOT_RUNNING, "See: systemctl status fairsliced" },
        { SD_BUS_ERROR_TIMEOUT, STATUS_NOT_RUNNING, "See: systemctl status fairsliced" },
        { "System.Error.ECONNRESET", STATUS_NOT_RUNNING, "See: systemctl status fairsliced" },
        { "System.Error.ENOTCONN", STATUS_NOT_RUNNING, "See: systemctl status fairsliced" },
        { "System.Error.EPIPE", STATUS_NOT_RUNNING, "See: systemctl status fairsliced" },
        { SD_BUS_ERROR_UNKNOWN_METHOD, STATUS_FAILURE, "After an upgrade: systemctl restart fairsliced" },
        { SD_BUS_ERROR_UNKNOWN_INTERFACE, STATUS_FAILURE, "After an upgrade: systemctl restart fairsliced" },
};

char *client_error_text(const Cli *cli, const sd_bus_error *error) {
        char *text = text_escape(&cli->terminal, error->message ? error->message : error->name);

        for (size_t n = text ? strlen(text) : 0; n > 0 && strchr(". \n", text[n - 1]); n--)
                text[n - 1] = '\0';
        return text;
}

Status client_failed(const Cli *cli, const Purpose *purpose, const sd_bus_error *error) {
        const char *advice = NULL, *who = purpose->who;
        _cleanup_free_ char *message = NULL;
        Status status = STATUS_FAILURE;

        if (sd_bus_error_has_name(error, ERROR_NO_SUCH_SLICE) && purpose->may_be_none)
                return STATUS_NO_SUCH;
        if (sd_bus_error_has_name(error, ERROR_NO_SUCH_SLICE) && who) {
                log_error("%s is not logged in. Who is: fairslicectl list", who);
                return STATUS_NO_SUCH;
        }
        for (size_t i = 0; i < ELEMENTSOF(known); i++)
                if (sd_bus_error_has_name(error, known[i].name)) {
                        status = known[i].status;
                        advice = known[i].advice;
                }
        if (sd_bus_error_has_name(error, ERROR_NO_SUCH_SLICE) ||
            sd_bus_error_has_name(error, SD_BUS_ERROR_UNKNOWN_OBJECT))
                status = STATUS_NO_SUCH;
        if (status == STATUS_DENIED && cli->direct)
                advice = NULL; /* that only root may is the message already */
        if (status == STATUS_NOT_RUNNING && cli->options.host)
                advice = "Can you log in there with ssh, and is fairsliced running there?";
        message = client_error_text(cli, error);
        log_error("Cannot %s%s%s: %s.%s%s", purpose->what, who ? " of " : "", who ? who : "",
                  message ? message : "out of memory", advice ? " " : "", advice ? advice : "");
        return status;
}

Status client_bad_answer(const Purpose *purpose, int error) {
        if (error == -ENOMEM)
                (void) log_oom();
        else
                log_error("Cannot %s: the answer of fairsliced is not understood. "
                          "After an upgrade: systemctl restart fairsliced",
                          purpose->what);
        return STATUS_FAILURE;
}
