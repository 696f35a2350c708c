/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "report/digest.h"
#include "report/template.h"

/* What a mail says: which template, and the values for it. */

/* The name of the template, one of template_names:
 *
 *   oom-user       the user's own limit was reached, or one further down
 *   oom-host-user  a limit above the slice, or the host: the user may not have done anything
 *   oom-admin
 *   warning-user, warning-admin
 */
const char *event_template(const DigestMessage *message);

/* Ends with NULL. */
extern const char *const template_names[];

/* Owns the texts that `values` points to, but for the host's name, which must last as long. */
typedef struct EventValues {
        TemplateValues values;
        char *text[_PLACEHOLDER_COUNT];
} EventValues;

/* What is said of each slice is joined where it differs: "alice, bob, carol +2". So nothing in it is of any
 * language. The time is told in the time zone of the process. `host` is not NULL. 0 or -ENOMEM; to be freed
 * with event_values_done() in each case. */
int event_values(const DigestMessage *message, const char *host, EventValues *ret);
void event_values_done(EventValues *values);
