/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/problem.h"

#include <stdarg.h>
#include <string.h>

#include "basic/utf8.h"

void problems_done(Problems *problems) {
        for (size_t i = 0; i < problems->count; i++) {
                free(problems->item[i].file);
                free(problems->item[i].message);
        }
        free(problems->item);
        *problems = (Problems){};
}

bool problems_have_error(const Problems *problems) {
        for (size_t i = 0; i < problems->count; i++)
                if (problems->item[i].level == PROBLEM_ERROR)
                        return true;
        return false;
}

const char *quote(QuoteBuffer buffer, const char *text) {
        char *out = buffer;

        for (unsigned i = 0; i < 64 && *text; i++) {
                size_t length = utf8_printable(text);

                if (length == 0)
                        *out++ = '?';
                else
                        out = mempcpy(out, text, length);
                text += MAX(length, (size_t) 1);
        }
        strcpy(out, *text ? "…" : "");
        return buffer;
}

char *blot(char *text) {
        for (char *p = text; *p;) {
                size_t length = utf8_printable(p);

                if (length == 0)
                        *p = '?';
                p += MAX(length, (size_t) 1);
        }
        return text;
}

static int append(Problems *problems, Problem problem) {
        Problem *item;

        if (!problem.file || !problem.message)
                goto fail;
        item = reallocarray(problems->item, problems->count + 1, sizeof *item);
        if (!item)
                goto fail;
        blot(problem.file);
        problems->item = item;
        problems->item[problems->count++] = problem;
        return 0;
fail:
        free(problem.file);
        free(problem.message);
        return -ENOMEM;
}

int problems_add(Problems *problems, ProblemLevel level, const char *file, unsigned line, const char *format,
                 ...) {
        char *message = NULL;
        va_list ap;

        if (problems->count >= PROBLEMS_MAX)
                return 0;
        if (problems->count == PROBLEMS_MAX - 1)
                return append(problems,
                              (Problem){ .level = PROBLEM_ERROR,
                                         .file = strdup(file),
                                         .line = line,
                                         .message = strdup("Too many problems; this one and those that "
                                                           "follow are not listed.") });
        va_start(ap, format);
        if (vasprintf(&message, format, ap) < 0)
                message = NULL;
        va_end(ap);
        return append(problems,
                      (Problem){ .level = level, .file = strdup(file), .line = line, .message = message });
}
