/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "notify/notice.h"

#include <inttypes.h>
#include <string.h>

#include "basic/format.h"

#define HINT " \"fairslicectl why\" shows your limits."

static const char *why(const News *news, char *buffer, size_t size) {
        FormatBuffer max;

        switch (news->cause) {
        case OOM_CAUSE_SLICE:
                if (news->oom_max == LIMIT_UNSET)
                        return "your programs together needed more memory than you may use here";
                snprintf(buffer, size,
                         "your programs together needed more than the %s of memory that you may use here",
                         format_size(max, news->oom_max));
                return buffer;
        case OOM_CAUSE_INNER:
                return "a service or container of yours needed more memory than it may use";
        case OOM_CAUSE_OUTER:
                return "all users' programs together needed more memory than they may use here";
        case OOM_CAUSE_HOST:
                return "the whole computer had no memory left";
        default:
                return "there was not enough memory";
        }
}

static void write_kills(const News *news, Notice *notice) {
        const NewsProcess *victim = &news->victim;
        char who[160], buffer[160];

        if (news->kills == 1 && *victim->name)
                snprintf(who, sizeof who, "Your program \"%s\" (process %" PRIu32 ") was ended",
                         victim->name, victim->pid);
        else if (news->kills == 1)
                snprintf(who, sizeof who, "One of your programs was ended");
        else if (*victim->name)
                snprintf(who, sizeof who,
                         "%" PRIu64 " of your programs were ended, first \"%s\" (process %" PRIu32 ")",
                         news->kills, victim->name, victim->pid);
        else
                snprintf(who, sizeof who, "%" PRIu64 " of your programs were ended", news->kills);
        snprintf(notice->body, sizeof notice->body,
                 "%s: %s. What %s had not saved is lost. Everything else goes on." HINT, who,
                 why(news, buffer, sizeof buffer), news->kills == 1 ? "it" : "they");
}

static void write_use(const News *news, char *buffer, size_t size) {
        FormatBuffer used, max;
        uint64_t percent;

        if (news->used == 0 || news->warning_max < 100) {
                snprintf(buffer, size,
                         "Your programs together have used up most of the memory that you may use here");
                return;
        }
        percent = MIN(news->used / (news->warning_max / 100), UINT64_C(100));
        snprintf(buffer, size,
                 "Your programs together use %" PRIu64 " %% of the memory that you may use here (%s of %s)",
                 percent, format_size(used, news->used), format_size(max, news->warning_max));
}

static void write_warning(const News *news, Notice *notice) {
        const NewsProcess *p = &news->largest;
        char use[160], largest[160] = "";
        FormatBuffer rss;

        write_use(news, use, sizeof use);
        if (*p->name)
                snprintf(largest, sizeof largest, " The largest is \"%s\" (process %" PRIu32 ", %s).",
                         p->name, p->pid, format_size(rss, p->rss));
        snprintf(notice->body, sizeof notice->body,
                 "%s. If they need more than that, one of them is ended. Save your work, and close what "
                 "you no longer need.%s" HINT,
                 use, largest);
}

/* Once something was ended, that it ran short before is no news. */
void notice_write(const News *news, const char *host, Notice *ret) {
        *ret = (Notice){ .critical = news->kills > 0 };
        if (news->kills > 0)
                write_kills(news, ret);
        else
                write_warning(news, ret);
        snprintf(ret->summary, sizeof ret->summary, "Your memory on %.64s %s", host,
                 news->kills > 0 ? "ran out" : "is running short");
}

char *notice_escape(const char *text) {
        size_t length = 0;
        char *out = malloc(strlen(text) * (sizeof "&amp;" - 1) + 1);

        if (!out)
                return NULL;
        for (; *text; text++) {
                const char *entity = *text == '&'   ? "&amp;"
                                     : *text == '<' ? "&lt;"
                                     : *text == '>' ? "&gt;"
                                                    : NULL;

                if (entity)
                        length += (size_t) (stpcpy(out + length, entity) - (out + length));
                else
                        out[length++] = *text;
        }
        out[length] = '\0';
        return out;
}

static char plain(char c) {
        return c >= ' ' && c <= '~' ? c : '?';
}

char *notice_wrap(const char *text, size_t width) {
        size_t column = 0;
        char *out = malloc(3 * strlen(text) + 3), *p = out;

        if (!out)
                return NULL;
        while (*text) {
                size_t word = strcspn(text, " ");

                if (column > 0 && column + 1 + word > width) {
                        p = stpcpy(p, "\r\n");
                        column = 0;
                } else if (column > 0) {
                        *p++ = ' ';
                        column++;
                }
                for (size_t i = 0; i < word; i++)
                        *p++ = plain(text[i]);
                column += word;
                text += word;
                text += strspn(text, " ");
        }
        (void) stpcpy(p, "\r\n");
        return out;
}
