/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* What a mail says: a subject and a text with words such as @USER@ in them, for which values are put.
 *
 *     Subject: Memory ran out on @HOST@
 *
 *     Dear @USER@, …
 *
 * The first line is the subject, one empty line behind it is left out. A paragraph of the text (lines up to
 * an empty one) goes, together with the empty lines behind it, if the value of any of its placeholders is
 * empty: so what is there only now and then can have words around it. "@" and capitals and "@" is a
 * placeholder, and has to be one of the table below; every other "@" is itself. A template is UTF-8 without
 * control characters but tabs and newlines, at most TEMPLATE_SIZE_MAX bytes. */

#define TEMPLATE_SIZE_MAX  16384U
#define TEMPLATE_VALUE_MAX 1024U /* bytes; what is longer is cut, but for the lists */

typedef enum Placeholder {
        PLACEHOLDER_USER,      /* the user's name, else the UID, else the slice */
        PLACEHOLDER_HOST,      /* the name of this host */
        PLACEHOLDER_SLICE,     /* user-1000.slice */
        PLACEHOLDER_TIME,      /* when it was, with the time zone; of several, from the first to the last */
        PLACEHOLDER_LIMIT,     /* "8G": the memory limit */
        PLACEHOLDER_USE,       /* memory in use: of a warning without the page cache */
        PLACEHOLDER_PEAK,      /* the most that was ever in use */
        PLACEHOLDER_PERCENT,   /* of a warning: of the limit, "75" */
        PLACEHOLDER_KILLS,     /* processes killed, "3" */
        PLACEHOLDER_CAUSE,     /* slice, inner, outer, host, unknown */
        PLACEHOLDER_VICTIM,    /* the command of the first that was killed */
        PLACEHOLDER_PID,       /* its PID */
        PLACEHOLDER_VICTIMS,   /* all that are known: lines, or empty */
        PLACEHOLDER_PROCESSES, /* the slice's largest processes: lines, or empty */
        PLACEHOLDER_SLICES,    /* of several slices, what happened in each: lines; of one: empty */
        PLACEHOLDER_LAST_OF,   /* of the last mail in 24 hours: how many these may be; else empty */
        _PLACEHOLDER_COUNT,
} Placeholder;

/* "USER": without the "@". */
const char *placeholder_to_string(Placeholder placeholder);

typedef struct TemplateValues {
        const char *value[_PLACEHOLDER_COUNT]; /* any text; NULL: not known, which is shown as "?"; "": see
                                                  above */
} TemplateValues;

typedef struct Template Template;

typedef struct TemplateProblem {
        unsigned line;  /* from 1 on; 0: the whole file is meant */
        char text[160]; /* a sentence without control characters */
} TemplateProblem;

/* Understands a text. 0; -EINVAL with *ret_problem; -ENOMEM. */
int template_parse(const char *text, size_t length, Template **ret, TemplateProblem *ret_problem);
Template *template_free(Template *template);
DEFINE_CLEANUP(Template *, template_free)

/* Puts the values in. In the subject, and in values other than lists, what is no printable UTF-8 becomes
 * '?', newlines too. 0 or -ENOMEM; the caller frees both. */
int template_render(const Template *template, const TemplateValues *values, char **ret_subject,
                    char **ret_text);
