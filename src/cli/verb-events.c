/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "basic/log.h"
#include "basic/text.h"
#include "basic/timestamp.h"
#include "cli/event-info.h"
#include "cli/live.h"
#include "cli/message-json.h"
#include "cli/text.h"
#include "cli/verbs.h"
#include "model/event.h"

/* Not all that happens is told by a signal. */
#define POLL_USEC (5 * USEC_PER_SEC)

#define EVENTS_TYPE "(ttssua{sv})"

static const Purpose purpose = { .what = "read the events" };

typedef struct Events {
        Cli *cli;
        Live *live;
        sd_bus_slot *call;
        sd_event_source *poll;
        usec_t since;     /* asked for */
        usec_t last_time; /* of the last one that was shown */
        uint64_t last_id; /* of this service; 0: none */
        bool again;       /* something has happened while the answer was under way */
        Status status;    /* why it ended, if that was said */
} Events;

/* ---- one event ---- */

static Color color_of(int kind) {
        return kind == EVENT_OUT_OF_MEMORY    ? COLOR_RED
               : kind == EVENT_MEMORY_WARNING ? COLOR_YELLOW
                                              : COLOR_NONE;
}

static int print_text(const Cli *cli, const EventInfo *event) {
        _cleanup_free_ char *words = NULL, *escaped = NULL;
        Color color = color_of(event_kind_from_string(event->kind));
        TimestampBuffer when;
        char subject[SLICE_NAME_MAX + 1];
        size_t length;
        FILE *f = open_memstream(&words, &length);

        if (!f)
                return -ENOMEM;
        fprintf(f, "%s: ", event_info_subject(event, !cli->options.host, subject, sizeof subject));
        event_info_describe(event, !cli->options.host, f);
        if (memstream_close(f) < 0)
                return -ENOMEM;
        escaped = text_escape(&cli->terminal, words);
        if (!escaped)
                return -ENOMEM;
        printf("%s %s%s%s\n", format_timestamp_short(when, event->time), color_on(&cli->terminal, color),
               escaped, color == COLOR_NONE ? "" : color_off(&cli->terminal));
        return 0;
}

/* The structure as an object. Returns 1, 0 at the end. */
static int read_json(sd_bus_message *m, json_object **ret) {
        static const char *const names[] = { "Id", "Time", "Kind", "Slice", "UID", "Details" };
        _cleanup_json_ json_object *values = NULL, *object = json_object_new_object();
        int r = sd_bus_message_enter_container(m, 'r', "ttssua{sv}");

        if (r <= 0)
                return r;
        r = message_to_json(m, &values);
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;
        for (size_t i = 0; object && i < ELEMENTSOF(names); i++) {
                json_object *value = json_object_array_get_idx(values, i);

                if (strcmp(names[i], "UID") == 0 && json_object_get_int64(value) == UID_INVALID)
                        value = NULL;
                if (json_add(object, names[i], json_object_get(value)) < 0)
                        return -ENOMEM;
        }
        if (!object)
                return -ENOMEM;
        *ret = TAKE_PTR(object);
        return 1;
}

/* ---- all that there is ---- */

static int print_all(const Cli *cli, sd_bus_message *reply) {
        int r = sd_bus_message_enter_container(reply, 'a', EVENTS_TYPE);

        while (r >= 0) {
                _cleanup_(event_info_done) EventInfo event;

                r = event_info_read(reply, &event);
                if (r <= 0)
                        break;
                r = print_text(cli, &event);
        }
        return r;
}

static int print_array(const Cli *cli, sd_bus_message *reply) {
        _cleanup_json_ json_object *array = json_object_new_array();
        int r = sd_bus_message_enter_container(reply, 'a', EVENTS_TYPE);

        while (array && r >= 0) {
                json_object *event = NULL;

                r = read_json(reply, &event);
                if (r <= 0)
                        break;
                if (json_object_array_add(array, event) < 0) {
                        json_object_put(event);
                        r = -ENOMEM;
                }
        }
        if (!array)
                return -ENOMEM;
        return r < 0 ? r : json_print(array, cli->options.json, stdout);
}

static Status show(Cli *cli) {
        _cleanup_(bus_message_unrefp) sd_bus_message *reply = NULL;
        Status status = client_call(cli, &purpose, "ListEvents", &reply, "t", cli->options.since);
        int r;

        if (status != STATUS_OK)
                return status;
        verb_output(cli);
        r = cli->options.json ? print_array(cli, reply) : print_all(cli, reply);
        if (r == -ENOMEM)
                return verb_end(r);
        return r < 0 ? client_bad_answer(&purpose, r) : STATUS_OK;
}

/* ---- and what happens then ---- */

static bool is_new(Events *events, uint64_t id, usec_t time) {
        if (id <= events->last_id)
                return false;
        events->last_id = id;
        events->last_time = MAX(events->last_time, time);
        return true;
}

/* Returns 1, 0 at the end. */
static int follow_text(Events *events, sd_bus_message *m) {
        _cleanup_(event_info_done) EventInfo event;
        int r = event_info_read(m, &event);

        if (r <= 0)
                return r;
        r = is_new(events, event.id, event.time) ? print_text(events->cli, &event) : 0;
        return r < 0 ? r : 1;
}

static int follow_json(Events *events, sd_bus_message *m) {
        _cleanup_json_ json_object *event = NULL;
        int r = read_json(m, &event);

        if (r <= 0)
                return r;
        if (is_new(events, json_object_get_uint64(json_object_object_get(event, "Id")),
                   json_object_get_uint64(json_object_object_get(event, "Time"))))
                r = json_print(event, events->cli->options.json, stdout);
        return r < 0 ? r : 1;
}

static void ask(Events *events);

/* Whether it is no better the next time. A service that is about to go or to come is asked again. */
static bool is_for_good(const sd_bus_error *error) {
        return sd_bus_error_has_name(error, SD_BUS_ERROR_UNKNOWN_METHOD) ||
               sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED);
}

static int follow_answer(Events *events, sd_bus_message *reply) {
        int r = sd_bus_message_enter_container(reply, 'a', EVENTS_TYPE);

        while (r > 0)
                r = events->cli->options.json ? follow_json(events, reply) : follow_text(events, reply);
        return r < 0 ? r : live_flush(events->live);
}

static int on_answer(sd_bus_message *reply, void *userdata, _unused_ sd_bus_error *error) {
        const sd_bus_error *failure = sd_bus_message_get_error(reply);
        Events *events = userdata;
        int r;

        events->call = sd_bus_slot_unref(events->call);
        if (failure && is_for_good(failure)) {
                events->status = client_failed(events->cli, &purpose, failure);
                return sd_event_exit(live_event(events->live), 0);
        }
        r = failure ? 0 : follow_answer(events, reply);
        if (r < 0)
                return r == -EPIPE ? 0 : sd_event_exit(live_event(events->live), r);
        if (events->again)
                ask(events);
        return 0;
}

/* One question at a time: however many signals come, the answer has all of it. Where there is no connection
 * there is nothing to ask, and it is asked when it has come back. */
static void ask(Events *events) {
        events->again = events->call != NULL;
        if (!events->call)
                (void) live_call(events->live, &events->call, on_answer, events, MANAGER_INTERFACE,
                                 "ListEvents", "t", events->since);
}

static void on_signal(_unused_ sd_bus_message *m, void *userdata) {
        ask(userdata);
}

/* A service that was started anew counts from 1, and has forgotten what was before. */
static void on_present(bool present, void *userdata) {
        Events *events = userdata;

        if (!present) {
                if (!events->cli->options.quiet)
                        log_info("fairsliced is gone; waiting for it.");
                events->call = sd_bus_slot_unref(events->call);
                events->last_id = 0;
                if (events->last_time > 0)
                        events->since = events->last_time + 1;
        } else if (events->live)
                ask(events);
}

static int on_poll(sd_event_source *source, _unused_ uint64_t usec, void *userdata) {
        int r = sd_event_source_set_time_relative(source, POLL_USEC);

        ask(userdata);
        return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int follow(Events *events) {
        static const LiveCallbacks callbacks = { .present = on_present, .signal = on_signal };
        int r = live_new(events->cli, &callbacks, events, &events->live);

        /* At once for the first time, then now and then. */
        if (r >= 0)
                r = sd_event_add_time_relative(live_event(events->live), &events->poll, CLOCK_MONOTONIC, 0,
                                               0, on_poll, events);
        if (r >= 0)
                r = live_run(events->live);
        sd_bus_slot_unref(events->call);
        sd_event_source_disable_unref(events->poll);
        live_free(events->live);
        return r;
}

Status verb_events(Cli *cli, _unused_ int argc, _unused_ char *argv[]) {
        Events events = { .cli = cli, .since = cli->options.since };
        Status status;
        int r;

        if (!(cli->options.given & OPTION_FOLLOW))
                return show(cli);
        status = client_connect(cli);
        if (status != STATUS_OK)
                return status;
        r = follow(&events);
        if (r >= 0)
                return events.status;
        (void) log_error_errno(r, "Cannot follow what happens: %m");
        return STATUS_FAILURE;
}
