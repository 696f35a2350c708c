/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "spool/spool.h"

/* What was said between us and the server, as far as it decides what becomes of a message: libcurl tells
 * only that something went wrong. */

/* The last thing that we have done. What came before PHASE_SENDER is not about any message. */
typedef enum Phase {
        PHASE_CONNECT,
        PHASE_HELLO,
        PHASE_TLS,
        PHASE_LOGIN,
        PHASE_SENDER,    /* MAIL FROM */
        PHASE_RECIPIENT, /* RCPT TO */
        PHASE_DATA,      /* DATA */
        PHASE_MESSAGE,   /* the message itself */
} Phase;

typedef struct Conversation {
        Phase phase;
        unsigned code;                     /* of the answer to that; 0: none yet, or none that is whole */
        bool incomplete;                   /* more lines of the answer follow */
        bool over;                         /* QUIT was said: nothing counts that comes after it */
        char answer[SPOOL_ANSWER_MAX + 1]; /* the last one, all its lines as one; it can be shown */
} Conversation;

/* Something that we have said, one line or several: commands only, never the message. */
void conversation_command(Conversation *conversation, const char *text, size_t length);

/* A part of the message has gone out. */
void conversation_message(Conversation *conversation);

/* One line from the server, with its line end or without. */
void conversation_line(Conversation *conversation, const char *text, size_t length);

/* "after RCPT TO", for people. */
const char *phase_in_words(Phase phase);
