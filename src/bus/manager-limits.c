/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/text.h"
#include "bus/endpoint-internal.h"
#include "bus/limits-dictionary.h"

/* Methods of the Manager about what is wanted of a slice. */

/* The arguments of SetLimits(). */
typedef struct Request {
        const char *slice;
        LimitSetting settings[_LIMIT_COUNT];
        size_t n;
        bool runtime;
} Request;

static int check_ranges(const Endpoint *endpoint, const Request *request, sd_bus_error *error) {
        const BusOperations *operations = endpoint->operations;
        FormatBuffer value;

        for (size_t i = 0; i < request->n; i++) {
                const LimitSetting *setting = &request->settings[i];
                const char *allowed;
                int r = operations->check_limit(setting, &allowed, operations->userdata);

                if (r == -ERANGE)
                        return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                                                 "%s=%s is out of range; allowed is %s.",
                                                 limit_to_string(setting->limit),
                                                 limit_setting_format(value, setting), allowed);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Everything is known to be right before anybody is asked or anything is done. */
static int read_request(const Endpoint *endpoint, sd_bus_message *m, Request *ret, sd_bus_error *error) {
        int runtime, r = sd_bus_message_rewind(m, true);

        if (r >= 0)
                r = sd_bus_message_read(m, "s", &ret->slice);
        if (r >= 0)
                r = endpoint_check_name(ret->slice, error);
        if (r >= 0)
                r = limits_dictionary_read(m, ret->settings, &ret->n, error);
        if (r >= 0)
                r = sd_bus_message_read(m, "b", &runtime);
        if (r < 0)
                return r;
        ret->runtime = runtime;
        return check_ranges(endpoint, ret, error);
}

static const char *action_of(const Request *request) {
        return request->runtime ? ACTION_SET_LIMITS_RUNTIME : ACTION_SET_LIMITS;
}

/* Where what was wanted cannot be written down. */
static int write_error(sd_bus_error *error, int r, const char *slice) {
        r = endpoint_slice_error(error, r, slice);
        if (sd_bus_error_is_set(error))
                return r;
        return sd_bus_error_set_errnof(
                error, r, "The limits of %s cannot be written down, and nothing was changed: %m", slice);
}

static int on_may_set(sd_bus_message *m, uid_t caller, bool allowed, void *userdata, sd_bus_error *error) {
        const Endpoint *endpoint = userdata;
        const BusOperations *operations = endpoint->operations;
        Request request = {};
        int r = read_request(endpoint, m, &request, error);

        if (r < 0)
                return r;
        if (!allowed)
                return endpoint_denied(endpoint, error, action_of(&request), "set limits");
        r = operations->set_limits(request.slice, request.settings, request.n, request.runtime, caller,
                                   operations->userdata);
        return r < 0 ? write_error(error, r, request.slice) : sd_bus_reply_method_return(m, NULL);
}

int manager_on_set_limits(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *details[2 + 2 * _LIMIT_COUNT + 1] = { "slice" };
        FormatBuffer values[_LIMIT_COUNT];
        Endpoint *endpoint = userdata;
        Request request = {};
        int r = read_request(endpoint, m, &request, error);

        if (r < 0)
                return r;
        details[1] = request.slice;
        for (size_t i = 0; i < request.n; i++) {
                details[2 + 2 * i] = limit_to_string(request.settings[i].limit);
                details[3 + 2 * i] = limit_setting_format(values[i], &request.settings[i]);
        }
        return access_check(endpoint->access, m, action_of(&request), UID_INVALID, details, on_may_set,
                            endpoint, error);
}

static int read_name(sd_bus_message *m, const char **ret, sd_bus_error *error) {
        int r = sd_bus_message_rewind(m, true);

        if (r >= 0)
                r = sd_bus_message_read(m, "s", ret);
        return r < 0 ? r : endpoint_check_name(*ret, error);
}

static int on_may_reset(sd_bus_message *m, uid_t caller, bool allowed, void *userdata, sd_bus_error *error) {
        const Endpoint *endpoint = userdata;
        const BusOperations *operations = endpoint->operations;
        const char *slice;
        int r;

        if (!allowed)
                return endpoint_denied(endpoint, error, ACTION_SET_LIMITS, "reset limits");
        r = read_name(m, &slice, error);
        if (r < 0)
                return r;
        r = operations->reset_limits(slice, caller, operations->userdata);
        return r < 0 ? write_error(error, r, slice) : sd_bus_reply_method_return(m, NULL);
}

int manager_on_reset_limits(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *details[] = { "slice", NULL, NULL };
        Endpoint *endpoint = userdata;
        int r = read_name(m, &details[1], error);

        return r < 0 ? r
                     : access_check(endpoint->access, m, ACTION_SET_LIMITS, UID_INVALID, details,
                                    on_may_reset, endpoint, error);
}

/* Files may have been written in any encoding. */
static int append_setting(const SettingFigures *setting, void *userdata) {
        _cleanup_free_ char *value = text_clean(setting->value), *file = text_clean(setting->file);

        return value && file ? sd_bus_message_append(userdata, "(sssu)", setting->key, value, file,
                                                     (uint32_t) setting->line)
                             : -ENOMEM;
}

static int on_may_see_settings(sd_bus_message *m, uid_t caller _unused_, bool allowed, void *userdata,
                               sd_bus_error *error) {
        _cleanup_(bus_message_unrefp) sd_bus_message *reply = NULL;
        const Endpoint *endpoint = userdata;
        const BusOperations *operations = endpoint->operations;
        const char *slice;
        int r;

        if (!allowed)
                return endpoint_denied(endpoint, error, ACTION_READ_OTHERS, "see the settings of others");
        r = read_name(m, &slice, error);
        if (r >= 0)
                r = sd_bus_message_new_method_return(m, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(sssu)");
        if (r < 0)
                return r;
        r = operations->settings(slice, append_setting, reply, operations->userdata);
        if (r < 0)
                return endpoint_slice_error(error, r, slice);
        r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

int manager_on_get_settings(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Endpoint *endpoint = userdata;
        const char *slice;
        uid_t owner;
        int r = read_name(m, &slice, error);

        if (r >= 0)
                r = endpoint_slice_owner(endpoint, slice, &owner);
        return r < 0 ? r
                     : access_check(endpoint->access, m, ACTION_READ_OTHERS, owner, NULL,
                                    on_may_see_settings, endpoint, error);
}
