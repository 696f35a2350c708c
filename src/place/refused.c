/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "place/refused.h"

#define AGAIN_USEC          (60 * USEC_PER_SEC)
#define AGAIN_REALTIME_USEC (600 * USEC_PER_SEC)

static size_t find(const Refused *refused, const Process *process) {
        size_t i = 0;

        while (i < REFUSED_MAX &&
               (refused->entry[i].pid != process->pid || refused->entry[i].start != process->start))
                i++;
        return i;
}

void refused_add(Refused *refused, const Process *process, usec_t now) {
        size_t i = find(refused, process);

        if (i == REFUSED_MAX) {
                i = refused->next;
                refused->next = (i + 1) % REFUSED_MAX;
        }
        refused->entry[i].pid = process->pid;
        refused->entry[i].start = process->start;
        refused->entry[i].at = now;
}

void refused_clear(Refused *refused) {
        *refused = (Refused){};
}

bool refused_stands(const Refused *refused, const Process *process, usec_t now) {
        size_t i = find(refused, process);

        return i < REFUSED_MAX &&
               now - refused->entry[i].at < (process->realtime ? AGAIN_REALTIME_USEC : AGAIN_USEC);
}
