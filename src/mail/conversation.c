/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "mail/conversation.h"

#include <string.h>

#include "spool/line.h"

static const struct {
        const char *command;
        Phase phase;
} commands[] = {
        { "EHLO", PHASE_HELLO }, { "HELO", PHASE_HELLO },       { "STARTTLS", PHASE_TLS },
        { "AUTH", PHASE_LOGIN }, { "MAIL FROM", PHASE_SENDER }, { "RCPT TO", PHASE_RECIPIENT },
        { "DATA", PHASE_DATA },
};

static const char *const words[] = {
        [PHASE_CONNECT] = "while connecting", [PHASE_HELLO] = "after EHLO",
        [PHASE_TLS] = "after STARTTLS",       [PHASE_LOGIN] = "after AUTH",
        [PHASE_SENDER] = "after MAIL FROM",   [PHASE_RECIPIENT] = "after RCPT TO",
        [PHASE_DATA] = "after DATA",          [PHASE_MESSAGE] = "after the message",
};

const char *phase_in_words(Phase phase) {
        return words[phase];
}

static void enter(Conversation *c, Phase phase) {
        c->phase = phase;
        c->code = 0;
        c->incomplete = false;
        c->answer[0] = '\0';
}

static bool begins_with(const char *text, size_t length, const char *word) {
        return length >= strlen(word) && memcmp(text, word, strlen(word)) == 0;
}

void conversation_command(Conversation *c, const char *text, size_t length) {
        /* The rest of a dialogue of AUTH is base64, which may begin with any word. The next command has a
         * blank. */
        if (c->phase == PHASE_LOGIN && c->code == 334 && !memchr(text, ' ', length))
                return;
        if (begins_with(text, length, "QUIT"))
                c->over = true;
        for (size_t i = 0; i < ELEMENTSOF(commands); i++)
                if (begins_with(text, length, commands[i].command))
                        enter(c, commands[i].phase);
}

void conversation_message(Conversation *c) {
        if (c->phase != PHASE_MESSAGE)
                enter(c, PHASE_MESSAGE);
}

static unsigned code_of(const char *text, size_t length) {
        unsigned code = 0;

        if (length < 3 || (length > 3 && text[3] != ' ' && text[3] != '-'))
                return 0;
        for (unsigned i = 0; i < 3; i++) {
                if (text[i] < '0' || text[i] > '9')
                        return 0;
                code = code * 10 + (unsigned) (text[i] - '0');
        }
        return code >= 100 ? code : 0;
}

/* The lines of an answer as one, with the code once. */
static void append(Conversation *c, const char *text, size_t length) {
        char line[SPOOL_ANSWER_MAX + 1], clean[SPOOL_ANSWER_MAX + 1];
        size_t used = strlen(c->answer), n = MIN(length, (size_t) SPOOL_ANSWER_MAX);

        memcpy(line, text, n);
        line[n] = '\0';
        spool_clean_line(clean, line);
        if (used > 0 && used < SPOOL_ANSWER_MAX)
                c->answer[used++] = ' ';
        n = strlen(clean);
        if (n > SPOOL_ANSWER_MAX - used) {
                /* Not in the middle of a character. */
                for (n = SPOOL_ANSWER_MAX - used; n > 0 && ((unsigned char) clean[n] & 0xc0) == 0x80;)
                        n--;
        }
        memcpy(c->answer + used, clean, n);
        c->answer[used + n] = '\0';
}

void conversation_line(Conversation *c, const char *text, size_t length) {
        unsigned code;

        if (c->over)
                return;
        while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r'))
                length--;
        code = code_of(text, length);
        if (!c->incomplete)
                c->answer[0] = '\0';
        if (c->incomplete && code > 0 && length > 4)
                append(c, text + 4, length - 4);
        else if (!c->incomplete || code == 0)
                append(c, text, length);
        c->incomplete = code > 0 ? length > 3 && text[3] == '-' : c->incomplete;
        c->code = c->incomplete ? 0 : code;
}
