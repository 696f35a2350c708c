/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "basic/log.h"
#include "daemon/mail-private.h"

/* What runs where there is no systemd. */
#define MAIL_PROGRAM SBINDIR "/fairslice-mail"

/* ---- on their way ---- */

void mail_delivery_done(MailDelivery *delivery) {
        address_command_free(delivery->command);
        free(delivery->text);
        *delivery = (MailDelivery){};
}

void mail_forget(MailJob *job, uint64_t id) {
        digests_forget(job->digests, id);
        mail_schedule(job);
}

const DigestMessage *mail_find(const MailJob *job, uint64_t id) {
        const DigestMessage *message;

        for (size_t i = 0; (message = digests_sealed(job->digests, i)); i++)
                if (message->id == id)
                        return message;
        return NULL;
}

/* NULL: none is free. One that is on its way already is *ret_known. */
static MailDelivery *find_place(MailJob *job, uint64_t id, bool *ret_known) {
        MailDelivery *free_one = NULL;

        *ret_known = false;
        for (size_t i = 0; i < MAIL_UNDER_WAY_MAX; i++)
                if (job->delivery[i].id == id)
                        *ret_known = true;
                else if (job->delivery[i].id == 0)
                        free_one = &job->delivery[i];
        return free_one;
}

/* Whether the message is still there. */
static bool begin(MailDelivery *delivery, MailJob *job, const DigestMessage *message) {
        uint64_t id = message->id;
        int r;

        *delivery = (MailDelivery){ .job = job, .id = id, .uid = message->uid };
        r = mail_address(delivery, message);
        if (r >= 0)
                return true;
        mail_delivery_done(delivery);
        if (r != -ENOENT)
                return true;
        log_debug("There is no address for UID %u, which gets no mail.", (unsigned) message->uid);
        mail_forget(job, id);
        return false;
}

/* Only what is sealed in the file too. */
static void begin_all(MailJob *job) {
        const DigestMessage *message;

        for (size_t i = 0; (message = digests_sealed(job->digests, i)) && message->id <= job->saved_id;) {
                bool known;
                MailDelivery *delivery = find_place(job, message->id, &known);

                if (known || mail_is_paused(job, message->uid))
                        i++;
                else if (!delivery)
                        return;
                else
                        i += begin(delivery, job, message);
        }
}

static void compose(MailJob *job, MailDelivery *delivery) {
        const DigestMessage *message = mail_find(job, delivery->id);
        int r = message ? mail_compose(delivery, message) : 0;

        if (message && r >= 0) {
                job->compose_failed = false;
                return;
        }
        if (r < 0 && !job->compose_failed)
                log_error_errno(r, "Cannot write a mail to %s, it waits: %m", delivery->to);
        job->compose_failed = r < 0;
        if (r < 0)
                job->begin_after = job->manager->clock() + MAIL_PAUSE_MAX_USEC;
        mail_delivery_done(delivery);
}

static void compose_all(MailJob *job) {
        for (size_t i = 0; i < MAIL_UNDER_WAY_MAX; i++) {
                MailDelivery *delivery = &job->delivery[i];

                if (*delivery->to != '\0' && !delivery->text)
                        compose(job, delivery);
        }
}

static void expire_commands(MailJob *job) {
        usec_t now = job->manager->clock();

        for (size_t i = 0; i < MAIL_UNDER_WAY_MAX; i++)
                if (job->delivery[i].command && now >= job->delivery[i].command_until)
                        address_command_expire(job->delivery[i].command);
}

static void deliver(MailJob *job) {
        if (*job->from == '\0' || job->manager->clock() < job->begin_after)
                return;
        begin_all(job);
        compose_all(job);
        mail_put(job);
}

/* ---- all that can be done now ---- */

static void step(MailJob *job) {
        Manager *m = job->manager;

        if (job->closing)
                return;
        if (!job->on) {
                if (job->digests)
                        mail_save(job); /* what was collected before lasts, and waits */
                else
                        mail_acknowledge(job, job->handed);
                return;
        }
        if (!m->stopping)
                (void) digests_seal(job->digests, m->realtime()); /* without memory it is tried again */
        mail_save(job);
        expire_commands(job);
        if (!m->stopping)
                deliver(job);
}

static int on_step(sd_event_source *s _unused_, void *userdata) {
        step(userdata);
        return 0;
}

void mail_schedule(MailJob *job) {
        (void) sd_event_source_set_enabled(job->step, SD_EVENT_ONESHOT);
}

void manager_look_for_mail(Manager *m) {
        if (!m->mail)
                return;
        step(m->mail);
        if (m->mail->child)
                mail_child_look(m->mail->child, m->clock());
}

/* ---- events ---- */

static void take(MailJob *job, const Event *event, const char *user_name) {
        int r = digests_add(job->digests, event, user_name, job->boot, job->manager->realtime());

        if (r == -ENOSPC)
                log_error(
                        "More users wait for mail than are remembered; that memory ran out in %s is told to "
                        "nobody by mail.",
                        event->slice);
        else if (r < 0)
                log_error_errno(r, "Mail does not tell what happened to the memory of %s: %m", event->slice);
}

void manager_mail_event(Manager *m, const Event *event, const char *user_name) {
        uint64_t id = event->kind == EVENT_OUT_OF_MEMORY ? event->oom.id : 0;
        MailJob *job = m->mail;

        if (!job)
                return;
        job->handed = MAX(job->handed, id);
        /* Whatever was said of it before was not heard. */
        if (id > 0 && event->oom.again)
                job->acknowledged = MIN(job->acknowledged, id - 1);
        if (job->on)
                take(job, event, user_name);
        mail_schedule(job);
}

bool manager_mail_keeps(const Manager *m) {
        return m->mail && m->mail->on;
}

uint64_t manager_mail_taken(const Manager *m) {
        return m->mail && m->mail->digests ? digests_taken(m->mail->digests, m->mail->boot) : 0;
}

/* ---- the configuration ---- */

static bool users_get_mail(const MailConfig *config) {
        return config->user_address || config->user_address_map || config->user_address_command;
}

static bool is_wanted(const MailJob *job) {
        const MailConfig *config = mail_config(job);

        return config->server && (users_get_mail(config) || config->admin_address) && !job->manager->observe;
}

static int begin_collecting(MailJob *job) {
        int r = job->digests ? 0 : mail_load(job);

        return r < 0 ? log_error_errno(r, "There is no mail: %m") : 0;
}

static void take_rules(MailJob *job) {
        const MailConfig *config = mail_config(job);

        digests_set_rules(job->digests, &(DigestRules){
                                                .coalesce_usec = config->coalesce_usec,
                                                .per_day = config->messages_per_day,
                                                .users = users_get_mail(config),
                                                .admin = config->admin_address,
                                        });
        mail_find_sender(job);
}

/* What the worker has goes into the spool all the same. */
static void forget_deliveries(MailJob *job) {
        for (size_t i = 0; i < MAIL_UNDER_WAY_MAX; i++)
                if (!job->delivery[i].putting)
                        mail_delivery_done(&job->delivery[i]);
}

static void switch_mail(MailJob *job, bool on) {
        Manager *m = job->manager;

        job->on = on && begin_collecting(job) >= 0;
        if (m->oom)
                oom_watch_set_keep(m->oom, job->on);
        if (job->on)
                take_rules(job);
        if (job->child)
                mail_child_set_wanted(job->child, mail_config(job)->server && !m->observe);
}

void manager_reload_mail(Manager *m) {
        MailJob *job = m->mail;

        if (!job)
                return;
        forget_deliveries(job);
        mail_forget_addresses(job);
        job->templates_said = 0;
        job->save_after = job->begin_after = job->put_after = 0;
        switch_mail(job, is_wanted(job));
        mail_schedule(job);
}

/* ---- life ---- */

static int open_child(MailJob *job) {
        const ManagerOptions *options = &job->manager->options;
        MailChildArgs args = {
                .event = job->manager->event,
                .program = options->mail_program ?: MAIL_PROGRAM,
                .spool_path = options->spool_path,
                .config_file = options->config_file,
        };

        return job->manager->host.systemd || options->dry_run ? 0 : mail_child_new(&args, &job->child);
}

static int open_job(MailJob *job) {
        sd_event *event = job->manager->event;
        sd_id128_t boot;
        int r = sd_id128_get_boot(&boot);

        if (r < 0)
                return r;
        (void) sd_id128_to_string(boot, job->boot);
        r = worker_new(event, &job->worker);
        if (r >= 0)
                r = sd_event_add_defer(event, &job->step, on_step, job);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(job->step, "mail");
        return open_child(job);
}

int manager_open_mail(Manager *m) {
        int r;

        m->mail = calloc(1, sizeof *m->mail);
        if (!m->mail)
                return log_oom();
        m->mail->manager = m;
        r = open_job(m->mail);
        if (r < 0)
                return log_error_errno(r, "Cannot prepare mail: %m");
        manager_reload_mail(m);
        return 0;
}

/* What was collected last is saved; the rest of what is under way is done again by the next start. */
void manager_close_mail(Manager *m) {
        MailJob *job = m->mail;

        if (!job)
                return;
        job->closing = true;
        if (job->digests)
                mail_save_last(job);
        worker_free(job->worker);
        for (size_t i = 0; i < MAIL_UNDER_WAY_MAX; i++)
                mail_delivery_done(&job->delivery[i]);
        mail_forget_addresses(job);
        mail_child_free(job->child);
        sd_event_source_disable_unref(job->step);
        digests_free(job->digests);
        free(job);
        m->mail = NULL;
}
