/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "notify/news.h"

/* What a user is told, in words that are not those of administrators. */

typedef struct Notice {
        bool critical;     /* something was ended */
        char summary[128]; /* printable UTF-8, one line, no full stop */
        char body[1024];   /* the same; whole sentences that can do without the summary */
} Notice;

/* All of the news in one notice; there is some. `host` is printable, and short as names of hosts are. */
void notice_write(const News *news, const char *host, Notice *ret);

/* The text with '&', '<' and '>' as org.freedesktop.Notifications wants them in a body. The caller frees it;
 * NULL if there is no memory. */
char *notice_escape(const char *text);

/* The text in lines of at most `width` columns, each ended by "\r\n". What is not ASCII is '?', since nobody
 * knows what the terminal takes it for. The caller frees it; NULL if there is no memory. */
char *notice_wrap(const char *text, size_t width);
