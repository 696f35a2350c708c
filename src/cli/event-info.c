/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/event-info.h"

#include <inttypes.h>
#include <pwd.h>
#include <string.h>

#include "model/event.h"

#define FIELD(name, type, member) \
        { name, type, offsetof(EventInfo, member) }

static const Property details[] = {
        FIELD("Limits", PROPERTY_LIMITS, limits),
        FIELD("Runtime", PROPERTY_BOOL, runtime),
        FIELD("By", PROPERTY_UID, by),
        FIELD("Late", PROPERTY_BOOL, late),
        FIELD("Kills", PROPERTY_NUMBER, kills),
        FIELD("Hits", PROPERTY_NUMBER, hits),
        FIELD("Cause", PROPERTY_STRING, cause),
        FIELD("Percent", PROPERTY_COUNT, percent),
        FIELD("MemoryUsed", PROPERTY_NUMBER, memory_used),
        FIELD("MemoryMax", PROPERTY_NUMBER, memory_max),
        FIELD("MemoryCurrent", PROPERTY_NUMBER, memory_current),
        FIELD("MemoryPeak", PROPERTY_NUMBER, memory_peak),
        {},
};

void event_info_done(EventInfo *event) {
        properties_done(details, event);
        free(event->kind);
        free(event->slice);
        free(event->victim);
        free(event->largest);
        event->kind = event->slice = event->victim = event->largest = NULL;
}

/* The variant with an a(us): the first is enough for people. */
static int read_victims(sd_bus_message *m, EventInfo *ret) {
        const char *comm;
        uint32_t pid;
        int r = sd_bus_message_enter_container(m, 'v', "a(us)");

        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "(us)");
        while (r >= 0 && (r = sd_bus_message_read(m, "(us)", &pid, &comm)) > 0) {
                if (ret->victim)
                        continue;
                ret->pid = pid;
                ret->victim = strdup(comm);
                if (!ret->victim)
                        return -ENOMEM;
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* Likewise an a(uts), which begins with the largest. */
static int read_processes(sd_bus_message *m, EventInfo *ret) {
        const char *comm;
        uint64_t rss;
        uint32_t pid;
        int r = sd_bus_message_enter_container(m, 'v', "a(uts)");

        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "(uts)");
        while (r >= 0 && (r = sd_bus_message_read(m, "(uts)", &pid, &rss, &comm)) > 0) {
                if (ret->largest)
                        continue;
                ret->largest_pid = pid;
                ret->largest_rss = rss;
                ret->largest = strdup(comm);
                if (!ret->largest)
                        return -ENOMEM;
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_one(sd_bus_message *m, const char *name, EventInfo *ret) {
        if (strcmp(name, "Victims") == 0)
                return read_victims(m, ret);
        if (strcmp(name, "Processes") == 0)
                return read_processes(m, ret);
        return properties_read_one(m, details, name, ret);
}

static int read_details(sd_bus_message *m, EventInfo *ret) {
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                const char *name;

                r = sd_bus_message_read_basic(m, 's', &name);
                if (r < 0)
                        return r;
                r = read_one(m, name, ret);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

int event_info_read(sd_bus_message *m, EventInfo *ret) {
        const char *kind, *slice;
        int r;

        *ret = (EventInfo){ .uid = UID_INVALID };
        properties_init(details, ret);
        r = sd_bus_message_enter_container(m, 'r', "ttssua{sv}");
        if (r <= 0)
                return r;
        r = sd_bus_message_read(m, "ttssu", &ret->id, &ret->time, &kind, &slice, &ret->uid);
        if (r < 0)
                return r;
        ret->kind = strdup(kind);
        ret->slice = strdup(slice);
        if (!ret->kind || !ret->slice)
                return -ENOMEM;
        r = read_details(m, ret);
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        return r < 0 ? r : 1;
}

/* ---- in words ---- */

static const char *user_name(uid_t uid, bool local, char *buffer, size_t size) {
        const struct passwd *entry = local ? getpwuid(uid) : NULL;

        if (entry)
                snprintf(buffer, size, "%s", entry->pw_name);
        else
                snprintf(buffer, size, "%u", (unsigned) uid);
        return buffer;
}

const char *event_info_subject(const EventInfo *event, bool local, char *buffer, size_t size) {
        if (event->uid != UID_INVALID)
                return user_name(event->uid, local, buffer, size);
        snprintf(buffer, size, "%s", *event->slice ? event->slice : "host");
        return buffer;
}

static void write_by(const EventInfo *event, bool local, FILE *out) {
        char name[256];

        if (event->by != UID_INVALID)
                fprintf(out, " by %s", user_name(event->by, local, name, sizeof name));
}

static void write_limits(const EventInfo *event, bool local, FILE *out) {
        const char *blank = ":";
        FormatBuffer value;

        fputs("limits set", out);
        write_by(event, local, out);
        fputs(event->runtime ? ", until the next boot" : ", for good", out);
        for (Limit i = 0; i < _LIMIT_COUNT; i++) {
                if (!(event->limits.mask & 1U << i))
                        continue;
                fprintf(out, "%s %s=%s", blank, i == LIMIT_CPU_QUOTA ? "CPUQuota" : limit_to_string(i),
                        limit_format(value, i, event->limits.limits.value[i]));
                blank = "";
        }
}

static void write_cause(const EventInfo *event, FILE *out) {
        const char *cause = event->cause ? event->cause : "";
        FormatBuffer size;

        if (strcmp(cause, "slice") == 0 && event->memory_max != LIMIT_UNSET)
                fprintf(out, " at MemoryMax=%s", format_size(size, event->memory_max));
        else if (strcmp(cause, "slice") == 0)
                fputs(" at MemoryMax=", out);
        else if (strcmp(cause, "inner") == 0)
                fputs(" at a limit of a service or container", out);
        else if (strcmp(cause, "outer") == 0)
                fputs(" at a limit for all users together", out);
        else if (strcmp(cause, "host") == 0)
                fputs(", of the whole host", out);
}

static void write_largest(const EventInfo *event, const char *what, FILE *out) {
        FormatBuffer rss;

        if (event->largest)
                fprintf(out, "; %s: %s (PID %" PRIu32 ", %s)", what, event->largest, event->largest_pid,
                        format_size(rss, event->largest_rss));
}

static void write_out_of_memory(const EventInfo *event, FILE *out) {
        fputs("out of memory", out);
        write_cause(event, out);
        if (event->kills == 0)
                fputs("; nothing was killed", out);
        else if (event->victim && event->kills == 1)
                fprintf(out, "; killed %s (PID %" PRIu32 ")", event->victim, event->pid);
        else if (event->kills != UINT64_MAX) {
                fprintf(out, "; killed %" PRIu64 " process%s", event->kills, event->kills == 1 ? "" : "es");
                if (event->victim)
                        fprintf(out, ", first %s (PID %" PRIu32 ")", event->victim, event->pid);
        }
        write_largest(event, event->kills > 0 ? "largest left" : "largest", out);
        if (event->late)
                fputs("; found later, in the counters", out);
}

static void write_warning(const EventInfo *event, FILE *out) {
        FormatBuffer used, max;

        fputs("memory runs short", out);
        if (event->memory_used != UINT64_MAX && event->memory_max != LIMIT_UNSET)
                fprintf(out, ": %s of MemoryMax=%s in use, more than %" PRIu32 "%%",
                        format_size(used, event->memory_used), format_size(max, event->memory_max),
                        event->percent);
        write_largest(event, "largest", out);
}

void event_info_describe(const EventInfo *event, bool local, FILE *out) {
        switch (event_kind_from_string(event->kind)) {
        case EVENT_CONTENDED:
                fputs("contended: the users ask for more CPU than there is for them", out);
                break;
        case EVENT_ROOM:
                fputs("there is room again", out);
                break;
        case EVENT_LIMITS_SET:
                write_limits(event, local, out);
                break;
        case EVENT_LIMITS_RESET:
                fputs("limits reset", out);
                write_by(event, local, out);
                break;
        case EVENT_MEMORY_WARNING:
                write_warning(event, out);
                break;
        case EVENT_OUT_OF_MEMORY:
                write_out_of_memory(event, out);
                break;
        case EVENT_RELOADED:
                fputs("configuration read again", out);
                break;
        case EVENT_RELEASED:
                fputs("released: fair-share quotas lifted, and no limits set until the next reload", out);
                break;
        default:
                fputs(event->kind, out);
        }
}
