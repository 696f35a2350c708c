/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/format.h"
#include "cli/json.h"
#include "cli/mail-spool.h"
#include "cli/mail-words.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/verbs.h"
#include "cli/when.h"

static const TableColumn columns[] = {
        { "NAME", .shrink_to = 12 },   { .title = "STATE" },       { .title = "SINCE" },
        { "TO", .shrink_to = 12 },     { "TRIES", .right = true }, { "NEXT", .right = true },
        { "ANSWER", .shrink_to = 12 },
};

/* One message, and what is known of it. */
typedef struct Mail {
        SpoolPlace place;
        SpoolEntry entry;
        SpoolTries tries; /* of one that waits */
        char to[MAIL_ADDRESS_MAX + 1];
        char answer[SPOOL_ANSWER_MAX + 1]; /* the last, or why it has failed; "": not known */
} Mail;

typedef struct MailList {
        Spool *spool; /* NULL: nothing was ever put */
        SpoolEntry *entries[_SPOOL_PLACE_COUNT];
        size_t n[_SPOOL_PLACE_COUNT];
        SpoolTries server;
} MailList;

static void mail_list_done(MailList *list) {
        for (unsigned i = 0; i < _SPOOL_PLACE_COUNT; i++)
                free(list->entries[i]);
        spool_free(list->spool);
}

/* Which places are asked for, as bits. */
static unsigned wanted(const Cli *cli) {
        unsigned places = (cli->options.given & OPTION_FAILED ? 1U << SPOOL_FAILED : 0) |
                          (cli->options.given & OPTION_SENT ? 1U << SPOOL_SENT : 0);

        return places ?: (1U << SPOOL_QUEUED | 1U << SPOOL_FAILED);
}

static Status mail_list_read(unsigned places, MailList *list) {
        Status status = mail_spool_open(SPOOL_LOOK, NULL, &list->spool);
        int r = 0;

        if (status != STATUS_OK || !list->spool)
                return status;
        spool_tries(list->spool, NULL, &list->server);
        for (unsigned i = 0; r >= 0 && i < _SPOOL_PLACE_COUNT; i++)
                if (places & 1U << i)
                        r = spool_list(list->spool, i, &list->entries[i], &list->n[i]);
        return r < 0 ? mail_spool_failed("look into the mail spool", r) : STATUS_OK;
}

static void mail_read(Spool *spool, SpoolPlace place, const SpoolEntry *entry, Mail *ret) {
        *ret = (Mail){ .place = place, .entry = *entry };
        (void) spool_recipient(spool, place, &entry->name, ret->to);
        if (place == SPOOL_FAILED)
                (void) spool_reason(spool, &entry->name, ret->answer);
        else if (place == SPOOL_QUEUED) {
                spool_tries(spool, &entry->name, &ret->tries);
                snprintf(ret->answer, sizeof ret->answer, "%s", ret->tries.answer);
        }
}

/* Calls for each message; a negative errno ends it. */
static int mail_list_each(const MailList *list, int (*each)(const Mail *mail, void *userdata),
                          void *userdata) {
        Mail mail;
        int r = 0;

        for (unsigned place = 0; place < _SPOOL_PLACE_COUNT; place++)
                for (size_t i = 0; r >= 0 && i < list->n[place]; i++) {
                        mail_read(list->spool, place, &list->entries[place][i], &mail);
                        r = each(&mail, userdata);
                }
        return r;
}

/* ---- as a table ---- */

typedef struct Rows {
        Table *table;
        usec_t now;
} Rows;

static int add_row(const Mail *mail, void *userdata) {
        static const Color colors[] = { [SPOOL_FAILED] = COLOR_RED, [SPOOL_SENT] = COLOR_NONE };
        const Rows *rows = userdata;
        bool tried = mail->tries.count > 0;
        char tries[16], next[32];
        SpoolNameBuffer name;
        WhenBuffer since;
        int r = table_add(rows->table, COLOR_NONE, spool_name_format(name, &mail->entry.name));

        snprintf(tries, sizeof tries, "%u", mail->tries.count);
        if (r >= 0)
                r = table_add(rows->table, colors[mail->place], mail_state(mail->place));
        if (r >= 0)
                r = table_add(rows->table, COLOR_NONE, when_ago(since, mail->entry.since, rows->now));
        if (r >= 0)
                r = table_add(rows->table, COLOR_NONE, mail->to);
        if (r >= 0)
                r = table_add(rows->table, COLOR_NONE, tried ? tries : NULL);
        if (r >= 0)
                r = table_add(rows->table, COLOR_NONE,
                              tried ? mail_until(next, mail->tries.next, rows->now) : NULL);
        if (r >= 0)
                r = table_add(rows->table, COLOR_NONE, mail->answer);
        return r;
}

static int print_rows(const Cli *cli, const MailList *list) {
        _cleanup_(table_freep) Table *table = NULL;
        int r = table_new(&cli->terminal, columns, ELEMENTSOF(columns), &table);
        Rows rows = { table, cli->now };

        if (r >= 0)
                r = mail_list_each(list, add_row, &rows);
        if (r >= 0)
                r = table_print(table, cli->options.full ? 0 : cli->terminal.columns,
                                !cli->options.no_legend, stdout);
        return r;
}

/* "2 messages wait, 1 has failed." */
static void print_counts(const size_t n[static _SPOOL_PLACE_COUNT]) {
        static const char *const one[] = { "waits", "has failed", "was sent" }, *const many[] = {
                "wait", "have failed", "were sent"
        };
        const char *before = "";

        fputs("\n", stdout);
        for (unsigned i = 0; i < _SPOOL_PLACE_COUNT; i++)
                if (n[i] > 0) {
                        printf("%s%zu%s %s", before, n[i],
                               *before     ? ""
                               : n[i] == 1 ? " message"
                                           : " messages",
                               n[i] == 1 ? one[i] : many[i]);
                        before = ", ";
                }
        puts(".");
}

static const char *nothing(unsigned places) {
        switch (places) {
        case 1U << SPOOL_FAILED:
                return "No mail has failed.";
        case 1U << SPOOL_SENT:
                return "No mail was sent in the last 14 days.";
        case 1U << SPOOL_FAILED | 1U << SPOOL_SENT:
                return "No mail has failed, and none was sent in the last 14 days.";
        default:
                return "No mail waits, and none has failed.";
        }
}

/* When nobody gets through. */
static int print_server(const Cli *cli, const Config *config, const SpoolTries *server) {
        const char *name = config_mail(config)->server, *meaning = mail_answer_meaning(server->answer);
        _cleanup_free_ char *answer = text_escape(&cli->terminal, server->answer),
                            *shown = text_escape(&cli->terminal, name);
        WhenBuffer since, ago;
        char next[40];

        if (!answer || !shown)
                return -ENOMEM;
        printf("\n%sNo mail gets through%s%s%s since %s (%s): %u %s in vain, the next %s.\n",
               color_on(&cli->terminal, COLOR_RED), name ? " to " : "", shown, color_off(&cli->terminal),
               when_format(since, server->since), when_ago(ago, server->since, cli->now), server->count,
               server->count == 1 ? "try" : "tries", mail_next(next, server->next, cli->now));
        printf("  %s\n", answer);
        if (meaning && !cli->options.quiet)
                printf("  %s\n", meaning);
        return 0;
}

static int print_table(const Cli *cli, const Config *config, unsigned places, const MailList *list) {
        size_t sum = 0;
        int r = 0;

        for (unsigned i = 0; i < _SPOOL_PLACE_COUNT; i++)
                sum += list->n[i];
        if (sum > 0)
                r = print_rows(cli, list);
        if (r < 0 || cli->options.no_legend)
                return r;
        if (sum > 0)
                print_counts(list->n);
        else
                puts(nothing(places));
        return list->server.count > 0 && places & 1U << SPOOL_QUEUED
                       ? print_server(cli, config, &list->server)
                       : 0;
}

/* ---- as JSON ---- */

static int add_tries(json_object *object, const SpoolTries *tries) {
        if (json_add(object, "Tries", json_number(tries->count)) < 0 ||
            json_add(object, "Next", tries->count > 0 ? json_number(tries->next) : NULL) < 0)
                return -ENOMEM;
        return 0;
}

static int add_object(const Mail *mail, void *userdata) {
        json_object *object = json_object_new_object();
        SpoolNameBuffer name;

        if (!object || json_object_array_add(userdata, object) < 0) {
                json_object_put(object);
                return -ENOMEM;
        }
        if (json_add(object, "Name", json_text(spool_name_format(name, &mail->entry.name))) < 0 ||
            json_add(object, "State", json_text(mail_state(mail->place))) < 0 ||
            json_add(object, "Since", json_number(mail->entry.since)) < 0 ||
            json_add(object, "To", *mail->to ? json_text(mail->to) : NULL) < 0 ||
            add_tries(object, &mail->tries) < 0)
                return -ENOMEM;
        return json_add(object, "Answer", *mail->answer ? json_text(mail->answer) : NULL);
}

static json_object *server_object(const SpoolTries *server) {
        json_object *object = server->count > 0 ? json_object_new_object() : NULL;

        if (object &&
            (json_add(object, "Since", json_number(server->since)) < 0 || add_tries(object, server) < 0 ||
             json_add(object, "Answer", json_text(server->answer)) < 0)) {
                json_object_put(object);
                return NULL;
        }
        return object;
}

static int print_json(const Cli *cli, const MailList *list) {
        _cleanup_json_ json_object *object = json_object_new_object();
        json_object *array = json_object_new_array();

        if (!object || !array || json_add(object, "Server", server_object(&list->server)) < 0) {
                json_object_put(array);
                return -ENOMEM;
        }
        if (json_add(object, "Messages", array) < 0 || mail_list_each(list, add_object, array) < 0)
                return -ENOMEM;
        return json_print(object, cli->options.json, stdout);
}

Status verb_mail_list(Cli *cli, _unused_ int argc, _unused_ char *argv[]) {
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_(mail_list_done) MailList list = {};
        unsigned places = wanted(cli);
        Status status = mail_list_read(places, &list);

        if (status == STATUS_OK)
                status = mail_config_load(&config);
        if (status != STATUS_OK)
                return status;
        verb_output(cli);
        return verb_end(cli->options.json ? print_json(cli, &list)
                                          : print_table(cli, config, places, &list));
}
