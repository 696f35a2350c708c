/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "cli/event-info.h"
#include "cli/json.h"
#include "cli/text.h"
#include "cli/verbs.h"
#include "cli/words.h"
#include "model/event.h"

/* Memory that ran out is recent for so long. */
#define RECENT_USEC (3600 * USEC_PER_SEC)

/* Longer lines are hard to read. */
#define COLUMNS_MAX 100U

static int note_event(const Cli *cli, const EventInfo *event, MemoryTrouble *trouble, char **cause,
                      char **victim) {
        unsigned times = trouble->times + 1;

        free(*cause);
        free(*victim);
        *cause = event->cause ? strdup(event->cause) : NULL;
        *victim = event->victim ? text_escape(&cli->terminal, event->victim) : NULL;
        if ((event->cause && !*cause) || (event->victim && !*victim))
                return -ENOMEM;
        *trouble = (MemoryTrouble){
                .time = event->time,
                .times = times,
                .kills = event->kills,
                .cause = *cause,
                .victim = *victim,
                .pid = event->pid,
        };
        return 0;
}

/* The last time that memory ran out in the slice. */
static Status read_trouble(Cli *cli, const char *slice, MemoryTrouble *ret, char **cause, char **victim) {
        const Purpose purpose = { .what = "read the events" };
        _cleanup_(bus_message_unrefp) sd_bus_message *reply = NULL;
        uint64_t since = cli->now > RECENT_USEC ? cli->now - RECENT_USEC : 0;
        Status status = client_call(cli, &purpose, "ListEvents", &reply, "t", since);
        int r;

        if (status != STATUS_OK)
                return status;
        r = sd_bus_message_enter_container(reply, 'a', "(ttssua{sv})");
        while (r >= 0) {
                _cleanup_(event_info_done) EventInfo event;

                r = event_info_read(reply, &event);
                if (r <= 0)
                        break;
                if (strcmp(event.slice, slice) == 0 &&
                    event_kind_from_string(event.kind) == EVENT_OUT_OF_MEMORY)
                        r = note_event(cli, &event, ret, cause, victim);
        }
        return r < 0 ? client_bad_answer(&purpose, r) : STATUS_OK;
}

static int print_json(const Cli *cli, const WhyFacts *facts, const Sentences *sentences) {
        _cleanup_json_ json_object *object = json_object_new_object(), *words = json_object_new_array();
        json_object *slice = json_object_new_object(), *host = json_object_new_object();
        int r = 0;

        for (size_t i = 0; words && i < sentences->count; i++)
                json_object_array_add(words, json_text(sentences->item[i]));
        if (slice)
                r = properties_to_json(slice_properties, facts->slice, slice);
        if (host && r >= 0)
                r = properties_to_json(manager_properties, facts->host, host);
        if (!object || !words || !slice || !host || r < 0 || json_add(object, "Slice", slice) < 0 ||
            json_add(object, "Host", host) < 0 || json_add(object, "Words", TAKE_PTR(words)) < 0)
                return -ENOMEM;
        return json_print(object, cli->options.json, stdout);
}

static int print(const Cli *cli, const WhyFacts *facts) {
        _cleanup_(sentences_done) Sentences sentences = {};
        int r = why_sentences(facts, &sentences);

        if (r < 0)
                return r;
        if (cli->options.json)
                return print_json(cli, facts, &sentences);
        sentences_print(&sentences, &cli->terminal,
                        cli->options.full ? 0 : MIN(cli->terminal.columns, COLUMNS_MAX), stdout);
        return 0;
}

Status verb_why(Cli *cli, _unused_ int argc, char *argv[]) {
        _cleanup_(slice_info_done) SliceInfo slice = {};
        _cleanup_(host_info_done) HostInfo host = {};
        _cleanup_free_ char *cause = NULL, *victim = NULL;
        WhyFacts facts = { .slice = &slice, .host = &host, .now = cli->now };
        UserArgument user;
        Status status = user_argument(cli, argv[0], &user);

        if (status == STATUS_OK)
                status = figures_slice(cli, &user, &slice);
        if (status == STATUS_OK)
                status = figures_host(cli, &host);
        if (status == STATUS_OK)
                status = read_trouble(cli, user.slice, &facts.trouble, &cause, &victim);
        if (status != STATUS_OK)
                return status;
        facts.user = user.self ? NULL : user.display;
        facts.name = user.display;
        verb_output(cli);
        return verb_end(print(cli, &facts));
}
