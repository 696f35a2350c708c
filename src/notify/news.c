/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "notify/news.h"

#include <string.h>

#include "basic/text.h"
#include "basic/utf8.h"
#include "model/event.h"

/* What one event is found to say, before it is known what of it counts. */
typedef struct Details {
        uint64_t kills, memory_max, memory_used;
        OomCause cause;
        NewsProcess victim, largest;
} Details;

/* Whether the variant that comes next is of this type; if not it is skipped. */
static int is_of_type(sd_bus_message *m, const char *type) {
        const char *contents;
        char kind;
        int r = sd_bus_message_peek_type(m, &kind, &contents);

        if (r < 0)
                return r;
        if (r > 0 && kind == 'v' && strcmp(contents, type) == 0)
                return 1;
        r = sd_bus_message_skip(m, "v");
        return r < 0 ? r : 0;
}

static int read_number(sd_bus_message *m, uint64_t *ret) {
        int r = is_of_type(m, "t");

        return r <= 0 ? r : sd_bus_message_read(m, "v", "t", ret);
}

static int read_cause(sd_bus_message *m, OomCause *ret) {
        const char *word;
        int r = is_of_type(m, "s");

        if (r > 0)
                r = sd_bus_message_read(m, "v", "s", &word);
        if (r <= 0)
                return r;
        for (OomCause cause = 0; cause < _OOM_CAUSE_COUNT; cause++)
                if (strcmp(oom_cause_to_string(cause), word) == 0)
                        *ret = cause;
        return 0;
}

static int take_name(const char *name, NewsProcess *ret) {
        _cleanup_free_ char *clean = text_clean(name);
        size_t length = 0, n;

        if (!clean)
                return -ENOMEM;
        while ((n = utf8_printable(clean + length)) > 0 && length + n <= NEWS_NAME_MAX)
                length += n;
        memcpy(ret->name, clean, length);
        ret->name[length] = '\0';
        return 0;
}

/* An a(us) or a(uts): the first counts. */
static int read_processes(sd_bus_message *m, bool with_rss, NewsProcess *ret) {
        const char *array = with_rss ? "a(uts)" : "a(us)", *entry = with_rss ? "(uts)" : "(us)";
        NewsProcess p = {};
        const char *name;
        int r = is_of_type(m, array);

        if (r <= 0)
                return r;
        r = sd_bus_message_enter_container(m, 'v', array);
        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', entry);
        while (r >= 0) {
                r = with_rss ? sd_bus_message_read(m, entry, &p.pid, &p.rss, &name)
                             : sd_bus_message_read(m, entry, &p.pid, &name);
                if (r <= 0)
                        break;
                if (*ret->name)
                        continue;
                r = take_name(name, &p);
                *ret = p;
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_detail(sd_bus_message *m, const char *name, Details *ret) {
        if (strcmp(name, "Kills") == 0)
                return read_number(m, &ret->kills);
        if (strcmp(name, "MemoryMax") == 0)
                return read_number(m, &ret->memory_max);
        if (strcmp(name, "MemoryUsed") == 0)
                return read_number(m, &ret->memory_used);
        if (strcmp(name, "Cause") == 0)
                return read_cause(m, &ret->cause);
        if (strcmp(name, "Victims") == 0)
                return read_processes(m, false, &ret->victim);
        if (strcmp(name, "Processes") == 0)
                return read_processes(m, true, &ret->largest);
        return sd_bus_message_skip(m, "v");
}

static int read_details(sd_bus_message *m, Details *ret) {
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                const char *name;

                r = sd_bus_message_read_basic(m, 's', &name);
                if (r >= 0)
                        r = read_detail(m, name, ret);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static void take_kills(const Details *d, News *news) {
        news->kills = d->kills > UINT64_MAX - news->kills ? UINT64_MAX : news->kills + d->kills;
        news->cause = d->cause;
        news->oom_max = d->memory_max;
        if (!*news->victim.name)
                news->victim = d->victim;
}

static void take_warning(const Details *d, News *news) {
        news->warned = true;
        news->used = d->memory_used;
        news->warning_max = d->memory_max == LIMIT_UNSET ? 0 : d->memory_max;
        news->largest = d->largest;
}

/* Returns 0 at the end. */
static int read_event(sd_bus_message *m, uid_t uid, usec_t since, News *news) {
        Details d = { .memory_max = LIMIT_UNSET };
        const char *kind_word, *slice;
        uint64_t id, when;
        uint32_t whose;
        int r, kind;

        r = sd_bus_message_enter_container(m, 'r', "ttssua{sv}");
        if (r <= 0)
                return r;
        r = sd_bus_message_read(m, "ttssu", &id, &when, &kind_word, &slice, &whose);
        if (r >= 0)
                r = read_details(m, &d);
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;
        kind = event_kind_from_string(kind_word);
        if (whose != uid || when < since ||
            !(kind == EVENT_MEMORY_WARNING || (kind == EVENT_OUT_OF_MEMORY && d.kills > 0)))
                return 1;
        if (kind == EVENT_OUT_OF_MEMORY)
                take_kills(&d, news);
        else
                take_warning(&d, news);
        news->newest = MAX(news->newest, when);
        return 1;
}

int news_read(sd_bus_message *m, uid_t uid, usec_t since, News *ret) {
        News news = {};
        int r = sd_bus_message_enter_container(m, 'a', "(ttssua{sv})");

        if (r >= 0)
                do
                        r = read_event(m, uid, since, &news);
                while (r > 0);
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;
        *ret = news;
        return 0;
}
