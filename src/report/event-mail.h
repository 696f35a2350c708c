/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/event.h"
#include "report/digest.h"
#include "report/template.h"

/* What a mail about an event says: which template, and the values for it. */

/* The name of the template, one of template_names, for an EVENT_OUT_OF_MEMORY or EVENT_MEMORY_WARNING:
 *
 *   oom-user       the user's own limit was reached, or one further down
 *   oom-host-user  a limit above the slice, or the host: the user may not have done anything
 *   oom-admin
 *   warning-user, warning-admin
 */
const char *event_template(const Event *event, Reader reader);

/* Ends with NULL. */
extern const char *const template_names[];

/* Owns the texts that `values` points to; event, user_name and host must last as long. */
typedef struct EventValues {
        TemplateValues values;
        char user[16], time[64], pid[16], percent[16], kills[24];
        char limit[32], use[32], peak[32];
        char *victims, *processes;
} EventValues;

/* The time is told in the time zone of the process. `user_name` is NULL if there is none, `host` never. 0 or
 * -ENOMEM; to be freed with event_values_done() in each case. Not to be copied: it points into itself. */
int event_values(const Event *event, const char *user_name, const char *host, EventValues *ret);
void event_values_done(EventValues *values);
