/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "basic/log.h"
#include "basic/text.h"
#include "cli/live.h"
#include "cli/screen.h"
#include "cli/top-view.h"
#include "cli/verbs.h"

#define DELAY_DEFAULT (1 * USEC_PER_SEC)

#define GONE      "fairsliced is gone; waiting for it."
#define NO_ANSWER "fairsliced does not answer; trying again."
#define BAD_ANSWER \
        "The answer of fairsliced is not understood. After an upgrade: systemctl restart fairsliced"

typedef struct Top {
        Cli *cli;
        Live *live;
        Screen *screen; /* NULL: one below the other */
        sd_event_source *timer;
        sd_bus_slot *calls[2];     /* for the host and for the slices; NULL: answered */
        sd_bus_message *answer[2]; /* of this round; NULL: none yet, or an error */
        TopView view;
        HostInfo host;
        SliceInfos slices;
        uint64_t left; /* iterations; 0: no end */
        bool gone;     /* there is nobody to ask */
} Top;

/* ---- output ---- */

static int print_json(Top *top) {
        _cleanup_json_ json_object *object = json_object_new_object(), *array = json_object_new_array();
        _cleanup_json_ json_object *host = json_object_new_object();

        if (!object || !array || !host || properties_to_json(manager_properties, &top->host, host) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < top->slices.n; i++) {
                json_object *slice = json_object_new_object();

                if (!slice || json_object_array_add(array, slice) < 0) {
                        json_object_put(slice);
                        return -ENOMEM;
                }
                if (properties_to_json(slice_properties, top->slices.items + i, slice) < 0)
                        return -ENOMEM;
        }
        if (json_add(object, "Host", TAKE_PTR(host)) < 0 || json_add(object, "Slices", TAKE_PTR(array)) < 0)
                return -ENOMEM;
        return json_print(object, top->cli->options.json, stdout);
}

static int print_batch(Top *top) {
        int r;

        top->view.columns = top->cli->options.full ? 0 : top->cli->terminal.columns;
        if (top->cli->options.json)
                r = print_json(top);
        else {
                r = top_write(&top->cli->terminal, &top->view, &top->host, &top->slices,
                              !top->cli->options.no_legend, stdout);
                if (top->left != 1)
                        putchar('\n');
        }
        return r < 0 ? r : live_flush(top->live);
}

static int draw(Top *top) {
        _cleanup_free_ char *lines = NULL;
        size_t length;
        FILE *f;
        int r;

        screen_size(top->screen, &top->view.columns, &top->view.rows);
        f = open_memstream(&lines, &length);
        if (!f)
                return -ENOMEM;
        r = top_write(&top->cli->terminal, &top->view, &top->host, &top->slices,
                      !top->cli->options.no_legend, f);
        if (memstream_close(f) < 0 || r < 0)
                return r < 0 ? r : -ENOMEM;
        screen_show(top->screen, lines);
        return 0;
}

/* Also without figures, for the notice. What cannot be shown ends the loop. */
static int show(Top *top) {
        int r = 0;

        top->view.now = now_realtime();
        top_sort(&top->view, &top->slices);
        if (top->screen)
                r = draw(top);
        else if (top->view.notice)
                log_notice("%s", top->view.notice);
        else
                r = print_batch(top);
        if (r == -ENOMEM)
                (void) sd_event_exit(live_event(top->live), r);
        return r;
}

/* ---- one round ---- */

static int plan_next(Top *top, usec_t delay) {
        int r = sd_event_source_set_time_relative(top->timer, delay);

        return r < 0 ? r : sd_event_source_set_enabled(top->timer, SD_EVENT_ONESHOT);
}

static int take_answers(Top *top) {
        HostInfo host;
        SliceInfos slices = {};
        int r;

        if (!top->answer[0] || !top->answer[1])
                return -ENOMSG;
        properties_init(manager_properties, &host);
        r = properties_read(top->answer[0], manager_properties, &host);
        if (r >= 0)
                r = figures_read_all(top->answer[1], &slices);
        if (r < 0) {
                host_info_done(&host);
                slice_infos_done(&slices);
                return r;
        }
        host_info_done(&top->host);
        slice_infos_done(&top->slices);
        top->host = host;
        top->slices = slices;
        return 0;
}

static void forget_answers(Top *top) {
        for (size_t i = 0; i < ELEMENTSOF(top->calls); i++) {
                top->calls[i] = sd_bus_slot_unref(top->calls[i]);
                top->answer[i] = sd_bus_message_unref(top->answer[i]);
        }
}

static int finish_round(Top *top) {
        int r = take_answers(top);

        forget_answers(top);
        top->view.notice = r >= 0 ? NULL : r == -ENOMSG ? NO_ANSWER : BAD_ANSWER;
        if (show(top) < 0)
                return 0;
        if (r >= 0 && top->left > 0 && --top->left == 0)
                return sd_event_exit(live_event(top->live), 0);
        return plan_next(top, top->view.delay);
}

static int on_answer(sd_bus_message *reply, void *userdata, _unused_ sd_bus_error *error) {
        Top *top = userdata;
        size_t i = sd_bus_get_current_slot(sd_bus_message_get_bus(reply)) == top->calls[0] ? 0 : 1;

        top->calls[i] = sd_bus_slot_unref(top->calls[i]);
        if (!sd_bus_message_is_method_error(reply, NULL))
                top->answer[i] = sd_bus_message_ref(reply);
        return top->calls[0] || top->calls[1] ? 0 : finish_round(top);
}

static int start_round(Top *top) {
        int r = live_call(top->live, &top->calls[0], on_answer, top, "org.freedesktop.DBus.Properties",
                          "GetAll", "s", MANAGER_INTERFACE);

        if (r >= 0)
                r = live_call(top->live, &top->calls[1], on_answer, top,
                              "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", NULL);
        if (r >= 0)
                return 0;
        forget_answers(top);
        return plan_next(top, top->view.delay);
}

static int on_timer(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata) {
        Top *top = userdata;

        return top->gone || top->calls[0] || top->calls[1] ? 0 : start_round(top);
}

/* What comes back after a restart is asked at once. */
static void on_present(bool present, void *userdata) {
        Top *top = userdata;

        top->gone = !present;
        if (present) {
                if (top->timer && !top->calls[0])
                        (void) plan_next(top, 0);
                return;
        }
        forget_answers(top);
        top->view.notice = GONE;
        (void) show(top);
}

/* ---- keys ---- */

static void on_key(char key, void *userdata) {
        Top *top = userdata;

        if (key == 'q' || key == 'Q' || key == 4 /* Ctrl-D */)
                (void) sd_event_exit(live_event(top->live), 0);
        else if (key == ' ')
                (void) plan_next(top, 0);
        else if (top_key(&top->view, key))
                (void) show(top);
}

static void on_redraw(void *userdata) {
        (void) show(userdata);
}

static int start(Top *top) {
        static const LiveCallbacks live_callbacks = { .present = on_present };
        static const ScreenCallbacks screen_callbacks = { .key = on_key, .redraw = on_redraw };
        const Options *options = &top->cli->options;
        int r = live_new(top->cli, &live_callbacks, top, &top->live);

        if (r >= 0)
                r = sd_event_add_time_relative(live_event(top->live), &top->timer, CLOCK_MONOTONIC, 0, 0,
                                               on_timer, top);
        if (r >= 0 && !options->batch && !options->json && !top->cli->terminal.dumb)
                r = screen_new(live_event(top->live), &screen_callbacks, top, &top->screen);
        return r == -ENOTTY ? 0 : r;
}

static int run(Top *top) {
        int r = start(top);

        /* As systemd-cgtop does: who redirects the output wants it once, or says how often. */
        if (!top->screen && !top->cli->terminal.tty && top->left == 0)
                top->left = 1;
        if (r >= 0)
                r = live_run(top->live);
        screen_free(top->screen);
        forget_answers(top);
        sd_event_source_disable_unref(top->timer);
        live_free(top->live);
        host_info_done(&top->host);
        slice_infos_done(&top->slices);
        return r;
}

Status verb_top(Cli *cli, _unused_ int argc, _unused_ char *argv[]) {
        Top top = {
                .cli = cli,
                .view.delay = cli->options.delay ? cli->options.delay : DELAY_DEFAULT,
                .left = cli->options.iterations,
        };
        Status status = client_connect(cli);
        int r;

        if (status != STATUS_OK)
                return status;
        properties_init(manager_properties, &top.host);
        r = run(&top);
        if (r >= 0)
                return STATUS_OK;
        (void) log_error_errno(r, "Cannot go on: %m");
        return STATUS_FAILURE;
}
