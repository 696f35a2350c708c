/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "report/template.h"

#include <stdarg.h>
#include <string.h>

#include "basic/text.h"
#include "basic/utf8.h"

#define SUBJECT_KEY "Subject:"
#define CAPITALS    "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"

struct Template {
        char *subject, *text; /* checked; in one block behind this */
};

static const char *const names[_PLACEHOLDER_COUNT] = {
        [PLACEHOLDER_USER] = "USER",       [PLACEHOLDER_HOST] = "HOST",
        [PLACEHOLDER_SLICE] = "SLICE",     [PLACEHOLDER_TIME] = "TIME",
        [PLACEHOLDER_LIMIT] = "LIMIT",     [PLACEHOLDER_USE] = "USE",
        [PLACEHOLDER_PEAK] = "PEAK",       [PLACEHOLDER_PERCENT] = "PERCENT",
        [PLACEHOLDER_KILLS] = "KILLS",     [PLACEHOLDER_CAUSE] = "CAUSE",
        [PLACEHOLDER_VICTIM] = "VICTIM",   [PLACEHOLDER_PID] = "PID",
        [PLACEHOLDER_VICTIMS] = "VICTIMS", [PLACEHOLDER_PROCESSES] = "PROCESSES",
        [PLACEHOLDER_SLICES] = "SLICES",   [PLACEHOLDER_LAST_OF] = "LAST_OF",
};

const char *placeholder_to_string(Placeholder placeholder) {
        return names[placeholder];
}

static bool is_list(Placeholder placeholder) {
        return placeholder == PLACEHOLDER_VICTIMS || placeholder == PLACEHOLDER_PROCESSES ||
               placeholder == PLACEHOLDER_SLICES;
}

/* At an '@': how long the placeholder is, its two '@' included; 0: it is none. */
static size_t placeholder_length(const char *s) {
        size_t capitals = strspn(s + 1, CAPITALS);

        return capitals > 0 && s[1 + capitals] == '@' ? capitals + 2 : 0;
}

/* A Placeholder, or -EINVAL. */
static int find(const char *s, size_t length) {
        for (int i = 0; i < _PLACEHOLDER_COUNT; i++)
                if (strlen(names[i]) == length - 2 && memcmp(names[i], s + 1, length - 2) == 0)
                        return i;
        return -EINVAL;
}

/* ---- what is allowed ---- */

static int _printf_(3, 4) wrong(TemplateProblem *problem, unsigned line, const char *format, ...) {
        va_list ap;

        problem->line = line;
        va_start(ap, format);
        (void) vsnprintf(problem->text, sizeof problem->text, format, ap);
        va_end(ap);
        return -EINVAL;
}

static int check_placeholder(const char *s, size_t length, unsigned line, TemplateProblem *problem) {
        if (find(s, length) >= 0)
                return 0;
        return wrong(problem, line, "%.*s: there is no such placeholder; see fairsliced.conf(5).",
                     (int) MIN(length, (size_t) 64), s);
}

static int check_text(const char *text, TemplateProblem *problem) {
        unsigned line = 1;

        for (const char *s = text; *s;) {
                size_t length = *s == '\t' || *s == '\n' ? 1 : utf8_printable(s);
                int r = 0;

                if (length == 0)
                        return wrong(problem, line, "Byte 0x%02x is no UTF-8, or a control character.",
                                     (unsigned char) *s);
                if (*s == '@' && placeholder_length(s) > 0) {
                        length = placeholder_length(s);
                        r = check_placeholder(s, length, line, problem);
                }
                if (r < 0)
                        return r;
                line += *s == '\n';
                s += length;
        }
        return 0;
}

static int check_subject(const char *text, TemplateProblem *problem) {
        size_t key = strlen(SUBJECT_KEY);

        if (strncmp(text, SUBJECT_KEY, key) != 0)
                return wrong(problem, 1, "The first line does not begin with \"" SUBJECT_KEY "\".");
        if (text[key + strspn(text + key, " \t")] == '\n' || text[key + strspn(text + key, " \t")] == '\0')
                return wrong(problem, 1, "The subject is empty.");
        return 0;
}

static void split(Template *t) {
        char *end = strchrnul(t->subject, '\n');

        t->text = *end == '\n' ? end + 1 : end;
        *end = '\0';
        t->subject += strlen(SUBJECT_KEY);
        t->subject += strspn(t->subject, " \t");
        if (*t->text == '\n')
                t->text++;
}

/* Editors of other systems end lines with CR and LF. */
static void remove_carriage_returns(char *text) {
        char *to = text;

        for (const char *s = text; *s; s++)
                if (s[0] != '\r' || s[1] != '\n')
                        *to++ = *s;
        *to = '\0';
}

int template_parse(const char *text, size_t length, Template **ret, TemplateProblem *ret_problem) {
        _cleanup_(template_freep) Template *t = NULL;
        int r;

        if (length > TEMPLATE_SIZE_MAX)
                return wrong(ret_problem, 0, "Larger than %u bytes.", TEMPLATE_SIZE_MAX);
        if (memchr(text, '\0', length))
                return wrong(ret_problem, 0, "A NUL byte is in it.");
        t = malloc(sizeof *t + length + 1);
        if (!t)
                return -ENOMEM;
        t->subject = memcpy(t + 1, text, length);
        t->subject[length] = '\0';
        remove_carriage_returns(t->subject);
        r = check_subject(t->subject, ret_problem);
        if (r >= 0)
                r = check_text(t->subject, ret_problem);
        if (r < 0)
                return r;
        split(t);
        *ret = TAKE_PTR(t);
        return 0;
}

Template *template_free(Template *template) {
        free(template);
        return NULL;
}

/* ---- values ---- */

static int write_value(FILE *f, const char *value, bool list) {
        _cleanup_free_ char *clean = NULL, *cut = NULL;

        if (!value)
                value = "?";
        if (list) {
                fputs(value, f);
                return 0;
        }
        cut = strndup(value, TEMPLATE_VALUE_MAX);
        clean = cut ? text_clean(cut) : NULL;
        if (!clean)
                return -ENOMEM;
        fputs(clean, f);
        return 0;
}

static int write_range(FILE *f, const char *s, const char *end, const TemplateValues *values, bool lists) {
        while (s < end) {
                size_t length = *s == '@' ? placeholder_length(s) : 0;
                int placeholder, r;

                if (length == 0) {
                        fputc(*s++, f);
                        continue;
                }
                placeholder = find(s, length);
                r = write_value(f, values->value[placeholder], lists && is_list((Placeholder) placeholder));
                if (r < 0)
                        return r;
                s += length;
        }
        return 0;
}

static bool has_empty_value(const char *s, const char *end, const TemplateValues *values) {
        while (s < end) {
                size_t length = *s == '@' ? placeholder_length(s) : 0;
                const char *value = length > 0 ? values->value[find(s, length)] : NULL;

                if (value && !*value)
                        return true;
                s += MAX(length, (size_t) 1);
        }
        return false;
}

static int write_subject(FILE *f, const char *s, const TemplateValues *values) {
        return write_range(f, s, s + strlen(s), values, false);
}

/* Paragraph by paragraph, each with the empty lines behind it. */
static int write_text(FILE *f, const char *s, const TemplateValues *values) {
        int r = 0;

        while (r >= 0 && *s) {
                const char *end = strstr(s, "\n\n");

                end = end ? end + strspn(end, "\n") : s + strlen(s);
                if (!has_empty_value(s, end, values))
                        r = write_range(f, s, end, values, true);
                s = end;
        }
        return r;
}

static int fill_in(const char *s, const TemplateValues *values,
                   int (*write)(FILE *f, const char *s, const TemplateValues *values), char **ret) {
        _cleanup_free_ char *text = NULL;
        size_t length = 0;
        FILE *f = open_memstream(&text, &length);
        int r;

        if (!f)
                return -ENOMEM;
        r = write(f, s, values);
        if (memstream_close(f) < 0)
                return -ENOMEM;
        if (r >= 0)
                *ret = TAKE_PTR(text);
        return r;
}

int template_render(const Template *template, const TemplateValues *values, char **ret_subject,
                    char **ret_text) {
        _cleanup_free_ char *subject = NULL;
        int r = fill_in(template->subject, values, write_subject, &subject);

        if (r >= 0)
                r = fill_in(template->text, values, write_text, ret_text);
        if (r >= 0)
                *ret_subject = TAKE_PTR(subject);
        return r;
}
