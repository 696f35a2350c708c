/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/text.h"
#include "bus/endpoint-internal.h"
#include "bus/event-details.h"

/* Methods of the Manager about what was, and what is wrong. */

static int read_history_request(sd_bus_message *m, const char **ret_slice, usec_t *ret_since,
                                sd_bus_error *error) {
        int r = sd_bus_message_rewind(m, true);

        if (r >= 0)
                r = sd_bus_message_read(m, "st", ret_slice, ret_since);
        return r < 0 || **ret_slice == '\0' ? r : endpoint_check_name(*ret_slice, error);
}

typedef struct LookList {
        sd_bus_message *reply;
        size_t n;
} LookList;

/* Values of one look, and of one event, about. */
#define LOOK_VALUES  5U
#define EVENT_VALUES 20U

static int append_look(const Look *look, void *userdata) {
        LookList *list = userdata;

        list->n++;
        return sd_bus_message_append(list->reply, "(ttttt)", look->time, look->use, look->grant,
                                     look->throttled, look->memory);
}

static int on_may_see_history(sd_bus_message *m, uid_t caller _unused_, bool allowed, void *userdata,
                              sd_bus_error *error) {
        _cleanup_(bus_message_unrefp) sd_bus_message *reply = NULL;
        const Endpoint *endpoint = userdata;
        const BusOperations *operations = endpoint->operations;
        LookList list = {};
        const char *slice;
        usec_t since;
        int r;

        if (!allowed)
                return endpoint_denied(endpoint, error, ACTION_READ_OTHERS, "see the history of others");
        r = read_history_request(m, &slice, &since, error);
        if (r >= 0)
                r = sd_bus_message_new_method_return(m, &reply);
        if (r >= 0)
                r = sd_bus_message_append_basic(
                        reply, 't', &(uint64_t){ operations->history_interval(operations->userdata) });
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(ttttt)");
        if (r < 0)
                return r;
        list.reply = reply;
        r = operations->history(slice, since, append_look, &list, operations->userdata);
        access_charge(endpoint->access, m, list.n * LOOK_VALUES);
        if (r < 0)
                return endpoint_slice_error(error, r, slice);
        r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

/* Which is for everybody. */
static int on_hosts_history(sd_bus_message *m, uid_t caller, bool allowed _unused_, void *userdata,
                            sd_bus_error *error) {
        return on_may_see_history(m, caller, true, userdata, error);
}

int manager_on_get_history(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Endpoint *endpoint = userdata;
        const char *slice;
        usec_t since;
        uid_t owner;
        int r = read_history_request(m, &slice, &since, error);

        if (r < 0)
                return r;
        if (*slice == '\0')
                return access_check(endpoint->access, m, NULL, UID_INVALID, NULL, on_hosts_history, endpoint,
                                    error);
        r = endpoint_slice_owner(endpoint, slice, &owner);
        return r < 0 ? r
                     : access_check(endpoint->access, m, ACTION_READ_OTHERS, owner, NULL, on_may_see_history,
                                    endpoint, error);
}

typedef struct EventList {
        sd_bus_message *reply;
        uid_t caller;
        bool all;
        size_t n; /* of all that were looked at */
} EventList;

static bool may_see_event(const EventList *list, const Event *event) {
        return list->all || *event->slice == '\0' || event->uid == list->caller;
}

static int append_event(const Event *event, void *userdata) {
        EventList *list = userdata;
        int r;

        list->n++;
        if (!may_see_event(list, event))
                return 0;
        r = sd_bus_message_open_container(list->reply, 'r', "ttssua{sv}");
        if (r >= 0)
                r = sd_bus_message_append(list->reply, "ttssu", event->id, event->time,
                                          event_kind_to_string(event->kind), event->slice,
                                          (uint32_t) event->uid);
        if (r >= 0)
                r = event_details_append(list->reply, event);
        return r < 0 ? r : sd_bus_message_close_container(list->reply);
}

static int on_may_see_events(sd_bus_message *m, uid_t caller, bool allowed, void *userdata,
                             sd_bus_error *error _unused_) {
        _cleanup_(bus_message_unrefp) sd_bus_message *reply = NULL;
        const Endpoint *endpoint = userdata;
        const BusOperations *operations = endpoint->operations;
        EventList list = { .caller = caller, .all = allowed };
        usec_t since;
        int r = sd_bus_message_rewind(m, true);

        if (r >= 0)
                r = sd_bus_message_read(m, "t", &since);
        if (r >= 0)
                r = sd_bus_message_new_method_return(m, &reply);
        list.reply = reply;
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(ttssua{sv})");
        if (r >= 0)
                r = operations->events(since, append_event, &list, operations->userdata);
        access_charge(endpoint->access, m, list.n * EVENT_VALUES);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

int manager_on_list_events(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Endpoint *endpoint = userdata;

        return access_check(endpoint->access, m, ACTION_READ_OTHERS, UID_INVALID, NULL, on_may_see_events,
                            endpoint, error);
}

/* Files may have been written in any encoding. */
static int append_problem(const ProblemFigures *problem, void *userdata) {
        _cleanup_free_ char *file = text_clean(problem->file), *message = text_clean(problem->message);

        return file && message ? sd_bus_message_append(userdata, "(bsus)", (int) problem->error, file,
                                                       (uint32_t) problem->line, message)
                               : -ENOMEM;
}

static int on_may_check(sd_bus_message *m, uid_t caller _unused_, bool allowed, void *userdata,
                        sd_bus_error *error) {
        _cleanup_(bus_message_unrefp) sd_bus_message *reply = NULL;
        const Endpoint *endpoint = userdata;
        const BusOperations *operations = endpoint->operations;
        int r;

        if (!allowed)
                return endpoint_denied(endpoint, error, ACTION_RELOAD, "have the configuration checked");
        r = sd_bus_message_new_method_return(m, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(bsus)");
        if (r >= 0)
                r = operations->check(append_problem, reply, operations->userdata);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

int manager_on_check(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Endpoint *endpoint = userdata;

        return access_check(endpoint->access, m, ACTION_RELOAD, UID_INVALID, NULL, on_may_check, endpoint,
                            error);
}
