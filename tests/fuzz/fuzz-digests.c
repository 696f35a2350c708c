/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as what waits to be told. What is taken is written as it is read again, can be sealed, and makes
 * mails in which nothing is that a terminal obeys. */

#include <assert.h>
#include <string.h>

#include "basic/utf8.h"
#include "fuzz.h"
#include "report/event-mail.h"

static void check_same(const Digests *digests) {
        char *first, *second;
        size_t first_length, second_length;
        Digests *again = NULL;

        assert(digests_format(digests, &first, &first_length) == 0);
        assert(first_length <= DIGESTS_SIZE_MAX);
        assert(digests_parse(first, first_length, &again) == 0);
        assert(digests_format(again, &second, &second_length) == 0);
        assert(first_length == second_length && memcmp(first, second, first_length) == 0);
        digests_free(again);
        free(first);
        free(second);
}

static void check_text(const char *text) {
        for (const char *s = text; *s;) {
                size_t n = *s == '\n' ? 1 : utf8_printable(s);

                assert(n > 0);
                s += n;
        }
}

static void check_mail(const DigestMessage *message) {
        static const char text[] = "Subject: @USER@ @HOST@ @SLICE@ @TIME@ @LIMIT@ @USE@ @PEAK@ @PERCENT@ "
                                   "@KILLS@ @CAUSE@ @VICTIM@ "
                                   "@PID@ @LAST_OF@\n@VICTIMS@\n\n@PROCESSES@\n\n@SLICES@";
        Template *template = NULL;
        TemplateProblem problem;
        EventValues values;
        char *subject, *body;

        assert(event_template(message));
        assert(event_values(message, "login", &values) == 0);
        assert(template_parse(text, strlen(text), &template, &problem) == 0);
        assert(template_render(template, &values.values, &subject, &body) == 0);
        check_text(subject);
        check_text(body);
        template_free(template);
        event_values_done(&values);
        free(subject);
        free(body);
}

static void check_sealed(const Digests *digests) {
        uint64_t before = 0;

        for (size_t i = 0; digests_sealed(digests, i); i++) {
                const DigestMessage *message = digests_sealed(digests, i);
                char name[DIGEST_NAME_MAX];

                assert(i == 0 || message->id > before);
                before = message->id;
                digest_name(digests, message, name);
                assert(strlen(name) == strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-"));
                check_mail(message);
        }
}

int fuzz_digests(const uint8_t *data, size_t size) {
        static const usec_t now = UINT64_C(1767268620) * USEC_PER_SEC;
        Digests *digests = NULL;
        int r = digests_parse((const char *) data, size, &digests);

        assert(r == 0 || r == -EBADMSG);
        if (r < 0)
                return 0;
        check_same(digests);
        digests_set_rules(digests, &(DigestRules){ 60 * USEC_PER_SEC, 3, true, true });
        digests_seal(digests, now);
        assert(digests_due(digests) > now);
        check_sealed(digests);
        check_same(digests);
        digests_free(digests);
        return 0;
}
