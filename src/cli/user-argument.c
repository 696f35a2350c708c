/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/user-argument.h"

#include <pwd.h>
#include <string.h>

#include "basic/log.h"
#include "basic/parse.h"
#include "cli/text.h"

static Status set_display(const Cli *cli, const char *s, UserArgument *ret) {
        _cleanup_free_ char *text = text_escape(&cli->terminal, s);

        if (!text) {
                (void) log_oom();
                return STATUS_FAILURE;
        }
        snprintf(ret->display, sizeof ret->display, "%s", text);
        return STATUS_OK;
}

/* The slice that this process is in, "" if it is in none that the service knows. */
static void own_slice(Cli *cli, SliceName ret) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_free_ char *name = NULL;
        const char *path;

        *ret = '\0';
        if (sd_bus_call_method(cli->bus, cli->direct ? NULL : BUS_NAME, MANAGER_PATH, MANAGER_INTERFACE,
                               "GetSliceByPID", &error, &reply, "u", 0U) >= 0 &&
            sd_bus_message_read(reply, "o", &path) >= 0 &&
            sd_bus_path_decode(path, SLICE_PATH_PREFIX, &name) > 0 && strlen(name) <= SLICE_NAME_MAX)
                strcpy(ret, name);
}

static Status self(Cli *cli, UserArgument *ret) {
        const struct passwd *entry;
        char number[16];
        Status status = client_connect(cli);

        if (status != STATUS_OK)
                return status;
        ret->self = true;
        ret->uid = getuid();
        slice_name_for_uid(ret->slice, ret->uid);
        if (ret->uid == 0 || cli->options.host)
                own_slice(cli, ret->slice);
        if (ret->slice[0] == '\0')
                slice_name_for_uid(ret->slice, ret->uid);
        else if (slice_name_to_uid(ret->slice, &ret->uid) < 0)
                ret->uid = UID_INVALID;
        entry = ret->uid == UID_INVALID || cli->options.host ? NULL : getpwuid(ret->uid);
        snprintf(number, sizeof number, "%u", (unsigned) ret->uid);
        return set_display(cli, entry ? entry->pw_name : ret->uid == UID_INVALID ? ret->slice : number, ret);
}

static Status no_such_user(const UserArgument *user) {
        log_error("No user %s is known here. Who is logged in: fairslicectl list", user->display);
        return STATUS_NO_SUCH;
}

/* Looks the name up among who is logged in on the other host, whose users are not this one's. */
static Status find_remote(Cli *cli, const char *name, UserArgument *ret) {
        _cleanup_(bus_message_unrefp) sd_bus_message *reply = NULL;
        const Purpose purpose = { .what = "look for the user" };
        const char *slice, *user;
        uint32_t uid;
        int r;
        Status status = client_call(cli, &purpose, "ListSlices", &reply, NULL);

        if (status != STATUS_OK)
                return status;
        r = sd_bus_message_enter_container(reply, 'a', "(suso)");
        while (r >= 0 && (r = sd_bus_message_read(reply, "(suso)", &slice, &uid, &user, NULL)) > 0)
                if (strcmp(user, name) == 0 && strlen(slice) <= SLICE_NAME_MAX) {
                        strcpy(ret->slice, slice);
                        ret->uid = uid;
                        return STATUS_OK;
                }
        return r < 0 ? client_bad_answer(&purpose, r) : no_such_user(ret);
}

static Status find(Cli *cli, const char *name, UserArgument *ret) {
        const struct passwd *entry;

        if (cli->options.host)
                return find_remote(cli, name, ret);
        errno = 0;
        entry = getpwnam(name);
        if (!entry)
                return no_such_user(ret);
        ret->uid = entry->pw_uid;
        slice_name_for_uid(ret->slice, ret->uid);
        return STATUS_OK;
}

static bool is_slice(const char *s) {
        size_t n = strlen(s);

        return n > strlen(".slice") && n <= SLICE_NAME_MAX &&
               strcmp(s + n - strlen(".slice"), ".slice") == 0;
}

Status user_argument(Cli *cli, const char *s, UserArgument *ret) {
        Status status;

        *ret = (UserArgument){ .uid = UID_INVALID };
        if (!s || *s == '\0')
                return self(cli, ret);
        status = set_display(cli, s, ret);
        if (status == STATUS_OK)
                status = client_authorize(cli);
        if (status != STATUS_OK)
                return status;
        if (parse_uid(s, &ret->uid) >= 0)
                slice_name_for_uid(ret->slice, ret->uid);
        else if (is_slice(s)) {
                strcpy(ret->slice, s);
                if (slice_name_to_uid(s, &ret->uid) < 0)
                        ret->uid = UID_INVALID;
        } else
                return find(cli, s, ret);
        return STATUS_OK;
}

Status user_argument_to_change(Cli *cli, const char *s, UserArgument *ret) {
        Status status;

        if (*s == '\0') {
                log_error("The name of the user is empty. Who is logged in: fairslicectl list");
                return STATUS_USAGE;
        }
        status = user_argument(cli, s, ret);
        return status == STATUS_OK ? client_authorize(cli) : status;
}
