/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"
#include "basic/time-util.h"

/* What mail is about, in words. */

/* What an answer that fairslice-mail has written down means, and what to do: a sentence; NULL if it stands
 * for itself. It ends with where it came: "(while connecting)", "(after EHLO)", "(after AUTH)" … */
const char *mail_answer_meaning(const char *answer);

/* Until the next try: "4min 30s", or "now". Returns the buffer. */
const char *mail_until(char buffer[static 32], usec_t next, usec_t now);

/* The same in a sentence: "in 4min 30s", or "now". */
const char *mail_next(char buffer[static 40], usec_t next, usec_t now);

/* The text of a message that only shows that mail arrives. NULL: out of memory. */
char *mail_test_text(const char *host, const char *server, const char *address);
