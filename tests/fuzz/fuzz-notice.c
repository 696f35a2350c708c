/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is written to a terminal, or shown by a desktop that takes markup, has names in it that users choose.
 */

#include <assert.h>
#include <string.h>

#include "basic/macro.h"
#include "fuzz.h"
#include "notify/notice.h"

static void check_lines(const char *text) {
        _cleanup_free_ char *lines = notice_wrap(text, 40);

        assert(lines && strlen(lines) >= 2 && strcmp(lines + strlen(lines) - 2, "\r\n") == 0);
        for (const char *c = lines; *c; c++)
                if (*c == '\r')
                        assert(*++c == '\n');
                else
                        assert(*c >= ' ' && *c <= '~');
}

static void check_markup(const char *text) {
        _cleanup_free_ char *escaped = notice_escape(text);
        size_t n = 0;

        assert(escaped && !strpbrk(escaped, "<>"));
        for (const char *c = escaped; (c = strchr(c, '&')); c++, n++)
                assert(strncmp(c, "&amp;", 5) == 0 || strncmp(c, "&lt;", 4) == 0 ||
                       strncmp(c, "&gt;", 4) == 0);
        for (const char *c = text; *c; c++)
                n -= strchr("&<>", *c) != NULL;
        assert(n == 0);
}

/* The first bytes are numbers, the rest is a name. */
int fuzz_notice(const uint8_t *data, size_t size) {
        News news = { .newest = 1, .warned = true };
        uint64_t numbers[2];
        char text[512];
        Notice notice;

        if (size < sizeof numbers || size >= sizeof text)
                return 0;
        memcpy(numbers, data, sizeof numbers);
        size -= sizeof numbers;
        memcpy(text, data + sizeof numbers, size);
        text[size] = '\0';
        check_lines(text);
        check_markup(text);
        snprintf(news.victim.name, sizeof news.victim.name, "%.*s", (int) NEWS_NAME_MAX, text);
        news.largest = news.victim;
        news.used = news.oom_max = numbers[0];
        news.warning_max = numbers[1];
        for (news.kills = 0; news.kills < 3; news.kills++) {
                news.cause = (OomCause) ((numbers[1] + news.kills) % _OOM_CAUSE_COUNT);
                notice_write(&news, text, &notice);
                assert(strstr(notice.body, "shows your limits."));
                check_lines(notice.body);
                check_markup(notice.body);
        }
        return 0;
}
