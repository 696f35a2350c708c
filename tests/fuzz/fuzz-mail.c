/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as a template, and as the values that are put into it: the mail has the headers that were meant
 * and no others, and nothing in it that a terminal obeys. */

#include <assert.h>
#include <string.h>

#include "basic/utf8.h"
#include "fuzz.h"
#include "report/template.h"
#include "spool/message.h"

static const char *const headers[] = {
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "MIME-Version",
        "Content-Type",
        "Content-Transfer-Encoding",
        "Content-Language",
};

/* The end of the line; lines end with CRLF and have no CR or LF elsewhere. */
static const char *line_end(const char *s) {
        const char *end = s + strcspn(s, "\r\n");

        assert(end[0] == '\r' && end[1] == '\n');
        assert(end - s <= 78);
        return end;
}

/* A header with the lines that it is folded into. Returns the text behind it. */
static const char *check_header(const char *s, const char *name) {
        size_t length = strlen(name);

        assert(strncmp(s, name, length) == 0 && s[length] == ':' && s[length + 1] == ' ');
        do {
                const char *end = line_end(s);

                assert(end > s + 1);
                for (; s < end; s++)
                        assert(*s >= ' ' && *s < 0x7f);
                s += 2;
        } while (*s == ' ');
        return s;
}

static int digit(char c) {
        return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Undoes quoted-printable; `to` has room for all of it. */
static void decode(const char *s, char *to) {
        while (*s) {
                if (*s == '=' && s[1] == '\r')
                        s += 3;
                else if (*s == '=') {
                        assert(digit(s[1]) >= 0 && digit(s[2]) >= 0);
                        *to++ = (char) (digit(s[1]) << 4 | digit(s[2]));
                        s += 3;
                } else if (*s == '\r') {
                        *to++ = '\n';
                        s += 2;
                } else {
                        assert((*s >= ' ' || *s == '\t') && *s < 0x7f);
                        *to++ = *s++;
                }
        }
        *to = '\0';
}

static void check_body(const char *body) {
        char *text = malloc(strlen(body) + 1);

        assert(text);
        for (const char *s = body; *s; s = line_end(s) + 2)
                assert(*s != '.' && strncmp(s, "From ", 5) != 0);
        decode(body, text);
        for (const char *s = text; *s;) {
                size_t n = *s == '\n' || *s == '\t' ? 1 : utf8_printable(s);

                assert(n > 0);
                s += n;
        }
        free(text);
}

static void check_message(const char *subject, const char *text) {
        const Message message = {
                .from = "fairslice@example.org",
                .to = "alice@example.org",
                .id = "oom-1.2",
                .host = "login.example.org",
                .language = "de_AT",
                .date = UINT64_C(1767268620000000),
                .subject = subject,
                .text = text,
        };
        char *mail;
        const char *s;

        assert(message_compose(&message, &mail) == 0);
        s = mail;
        for (size_t i = 0; i < ELEMENTSOF(headers); i++)
                s = check_header(s, headers[i]);
        assert(strncmp(s, "\r\n", 2) == 0);
        check_body(s + 2);
        free(mail);
}

static void check_rendered(const Template *template, const char *value) {
        TemplateValues values;
        char *subject, *text;

        for (size_t i = 0; i < _PLACEHOLDER_COUNT; i++)
                values.value[i] = value;
        assert(template_render(template, &values, &subject, &text) == 0);
        assert(!strchr(subject, '\n'));
        check_message(subject, text);
        free(subject);
        free(text);
}

int fuzz_mail(const uint8_t *data, size_t size) {
        static const char own[] =
                "Subject: @USER@ @VICTIM@\n\n@USER@\n.@PROCESSES@\nFrom @VICTIMS@ @SLICES@";
        char *text = malloc(size + 1);
        Template *template = NULL;
        TemplateProblem problem = {};

        assert(text);
        if (size > 0)
                memcpy(text, data, size);
        text[size] = '\0';
        check_message(text, text);
        if (template_parse(text, size, &template, &problem) >= 0)
                check_rendered(template, text);
        else
                for (const char *s = problem.text; *s; s++)
                        assert(*s >= ' ' && *s < 0x7f);
        template = template_free(template);
        assert(template_parse(own, strlen(own), &template, &problem) == 0);
        check_rendered(template, text);
        template_free(template);
        free(text);
        return 0;
}
