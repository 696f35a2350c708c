/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "basic/log.h"
#include "daemon/mail-private.h"
#include "report/event-mail.h"
#include "spool/message.h"

void mail_find_sender(MailJob *job) {
        char address[MAIL_ADDRESS_MAX + 1];

        if (gethostname(job->host, sizeof job->host - 1) < 0)
                job->host[0] = '\0';
        job->from[0] = '\0';
        if (message_sender(mail_config(job)->from, job->host, job->from) < 0) {
                log_error("[Mail] From= is not set, and this host's name makes no address; mail waits until "
                          "it is.");
                return;
        }
        /* What is told by the host alone may be called anything else than what is told to the world. */
        job->domain = message_sender(NULL, job->host, address) >= 0 ? job->host : strchr(job->from, '@') + 1;
}

static void on_bad_template(const char *file, const TemplateProblem *problem, void *userdata) {
        if (*(bool *) userdata)
                return;
        if (problem->line > 0)
                log_warning("%s:%u: %s", file, problem->line, problem->text);
        else
                log_warning("%s: %s", file, problem->text);
}

/* Each time the first that is there and right; what is wrong with it is said once. */
static int load_template(MailJob *job, const char *name, Template **ret,
                         char ret_language[static TEMPLATE_LANGUAGE_MAX + 1]) {
        unsigned i = 0;
        bool said;

        while (template_names[i] && strcmp(template_names[i], name) != 0)
                i++;
        said = job->templates_said & 1U << i;
        job->templates_said |= 1U << i;
        return template_load(job->manager->root_fd, name, mail_config(job)->language ?: "", on_bad_template,
                             &said, ret, ret_language);
}

static int render(MailJob *job, const DigestMessage *message, char **ret_subject, char **ret_text,
                  char ret_language[static TEMPLATE_LANGUAGE_MAX + 1]) {
        _cleanup_(template_freep) Template *template = NULL;
        EventValues values;
        int r = load_template(job, event_template(message), &template, ret_language);

        if (r < 0)
                return r;
        r = event_values(message, job->host, &values);
        if (r >= 0)
                r = template_render(template, &values.values, ret_subject, ret_text);
        event_values_done(&values);
        return r;
}

/* The same each time that the message is put. */
static SpoolName name_of(const MailJob *job, const DigestMessage *message) {
        char buffer[DIGEST_NAME_MAX];
        SpoolName name = {
                .kind = message->kind == EVENT_MEMORY_WARNING ? SPOOL_WARNING : SPOOL_KILL,
                .time = message->first,
        };

        snprintf(name.id, sizeof name.id, "%s", digest_name(job->digests, message, buffer));
        return name;
}

int mail_compose(MailDelivery *delivery, const DigestMessage *message) {
        _cleanup_free_ char *subject = NULL, *text = NULL;
        char language[TEMPLATE_LANGUAGE_MAX + 1];
        MailJob *job = delivery->job;
        int r;

        delivery->name = name_of(job, message);
        r = render(job, message, &subject, &text, language);
        if (r < 0)
                return r;
        return message_compose(
                &(Message){
                        .from = job->from,
                        .to = delivery->to,
                        .id = delivery->name.id,
                        .host = job->domain,
                        .language = *language ? language : NULL,
                        .date = job->manager->realtime(),
                        .subject = subject,
                        .text = text,
                },
                &delivery->text);
}
