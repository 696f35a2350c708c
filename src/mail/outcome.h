/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mail/conversation.h"

/* What becomes of a message. */
typedef enum Outcome {
        OUTCOME_SENT,    /* the server has said 250 after the message: it is responsible now */
        OUTCOME_REFUSED, /* 5xx to this message: it will not be taken later either */
        OUTCOME_LATER,   /* 4xx to this message: others may be taken */
        OUTCOME_SERVER,  /* nothing was said about the message: the server is not there, or not for us */
        OUTCOME_BROKEN,  /* the connection ended in the middle of the message: may be both */
        OUTCOME_STOPPED, /* we were told to end */
} Outcome;

/* `done`: libcurl says that all went well. 5xx is about the message only from MAIL FROM on, and not if it
 * asks for a login or for TLS (RFC 4954, RFC 3207): a wrong password is a mistake of the configuration, and
 * no reason to throw all mail away. A 250 after the message counts even if something went wrong after it. */
Outcome outcome_of(const Conversation *conversation, bool done, bool stopped);

/* Why, in one line: the server's words if it has said any, else `error`. Returns the buffer. */
const char *outcome_reason(const Conversation *conversation, const char *error,
                           char buffer[static SPOOL_ANSWER_MAX + 1]);
