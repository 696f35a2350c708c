/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus/event-details.h"

#include "basic/text.h"

static int append_limits(sd_bus_message *m, const Event *event) {
        int r = sd_bus_message_open_container(m, 'a', "{st}");

        for (Limit limit = 0; limit < _LIMIT_COUNT && r >= 0; limit++)
                if (event->mask & 1U << limit)
                        r = sd_bus_message_append(m, "{st}", limit_to_string(limit),
                                                  event->limits.value[limit]);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

/* Opens the entry up to the contents of its variant. */
static int open_entry(sd_bus_message *m, const char *key, const char *type) {
        int r = sd_bus_message_open_container(m, 'e', "sv");

        if (r >= 0)
                r = sd_bus_message_append_basic(m, 's', key);
        return r < 0 ? r : sd_bus_message_open_container(m, 'v', type);
}

static int close_entry(sd_bus_message *m) {
        int r = sd_bus_message_close_container(m);

        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_by(sd_bus_message *m, const Event *event) {
        return sd_bus_message_append(m, "{sv}", "By", "u", (uint32_t) event->by);
}

static int append_limits_set(sd_bus_message *m, const Event *event) {
        int r = open_entry(m, "Limits", "a{st}");

        if (r >= 0)
                r = append_limits(m, event);
        if (r >= 0)
                r = close_entry(m);
        if (r >= 0)
                r = sd_bus_message_append(m, "{sv}", "Runtime", "b", (int) event->runtime);
        return r < 0 ? r : append_by(m, event);
}

/* A process calls itself what it likes. */
static int append_victims(sd_bus_message *m, const OomEvent *oom) {
        int r = sd_bus_message_open_container(m, 'a', "(us)");

        for (size_t i = 0; i < oom->n_victims && r >= 0; i++) {
                _cleanup_free_ char *comm = text_clean(oom->victims[i].comm);

                r = comm ? sd_bus_message_append(m, "(us)", (uint32_t) oom->victims[i].pid, comm) : -ENOMEM;
        }
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_process_list(sd_bus_message *m, const LargeProcesses *processes) {
        int r = sd_bus_message_open_container(m, 'a', "(uts)");

        for (size_t i = 0; i < processes->count && r >= 0; i++) {
                const LargeProcess *p = &processes->process[i];
                _cleanup_free_ char *comm = text_clean(p->comm);

                r = comm ? sd_bus_message_append(m, "(uts)", (uint32_t) p->pid, p->rss, comm) : -ENOMEM;
        }
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_processes(sd_bus_message *m, const LargeProcesses *processes) {
        int r = open_entry(m, "Processes", "a(uts)");

        if (r >= 0)
                r = append_process_list(m, processes);
        return r < 0 ? r : close_entry(m);
}

static int append_out_of_memory(sd_bus_message *m, const OomEvent *oom) {
        int r = sd_bus_message_append(m, "{sv}{sv}{sv}", "Kills", "t", oom->kills, "Hits", "t", oom->hits,
                                      "Cause", "s", oom_cause_to_string(oom->cause));

        if (r >= 0 && oom->memory_max_known)
                r = sd_bus_message_append(m, "{sv}", "MemoryMax", "t", oom->memory_max);
        if (r >= 0)
                r = sd_bus_message_append(m, "{sv}{sv}{sv}", "MemoryCurrent", "t", oom->memory_current,
                                          "MemoryPeak", "t", oom->memory_peak, "Late", "b", (int) oom->late);
        if (r >= 0)
                r = open_entry(m, "Victims", "a(us)");
        if (r >= 0)
                r = append_victims(m, oom);
        return r < 0 ? r : close_entry(m);
}

static int append_memory_warning(sd_bus_message *m, const MemoryWarning *warning) {
        return sd_bus_message_append(m, "{sv}{sv}{sv}{sv}", "Percent", "u", (uint32_t) warning->percent,
                                     "MemoryUsed", "t", warning->used, "MemoryCurrent", "t",
                                     warning->current, "MemoryMax", "t", warning->max);
}

static int append_details(sd_bus_message *m, const Event *event) {
        int r;

        switch (event->kind) {
        case EVENT_LIMITS_SET:
                return append_limits_set(m, event);
        case EVENT_LIMITS_RESET:
                return append_by(m, event);
        case EVENT_MEMORY_WARNING:
                r = append_memory_warning(m, &event->warning);
                return r < 0 ? r : append_processes(m, &event->processes);
        case EVENT_OUT_OF_MEMORY:
                r = append_out_of_memory(m, &event->oom);
                return r < 0 ? r : append_processes(m, &event->processes);
        default:
                return 0;
        }
}

int event_details_append(sd_bus_message *m, const Event *event) {
        int r = sd_bus_message_open_container(m, 'a', "{sv}");

        if (r >= 0)
                r = append_details(m, event);
        return r < 0 ? r : sd_bus_message_close_container(m);
}
