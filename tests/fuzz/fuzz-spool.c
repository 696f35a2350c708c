/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is read back from the spool, and what a mail server says: nothing of it can be shown that is not
 * printable, no address comes out that is not valid, and a name is what it would be written as. */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "basic/mail-address.h"
#include "basic/utf8.h"
#include "fuzz.h"
#include "mail/conversation.h"
#include "spool/internal.h"

static void check_line(const char *text) {
        assert(strlen(text) <= SPOOL_ANSWER_MAX);
        for (size_t n; *text; text += n) {
                n = utf8_printable(text);
                assert(n > 0);
        }
}

static void check_name(const char *text) {
        SpoolNameBuffer again;
        SpoolName name;

        if (spool_name_parse(text, &name) < 0)
                return;
        assert(spool_name_is_valid(&name));
        assert(strcmp(spool_name_format(again, &name), text) == 0);
        assert(!strchr(text, '/') && text[0] != '.');
}

static void check_message(char *text, size_t size) {
        SpoolMessage message = SPOOL_MESSAGE_NULL;

        if (spool_message_parse(text, size, &message) < 0)
                return;
        assert(mail_address_is_valid(message.recipient));
        assert(message.size > 0 && message.data + message.size == text + size);
}

/* Each line is ours or the server's, by its first byte. */
static void check_conversation(const char *text) {
        Conversation c = {};

        while (*text) {
                size_t length = strcspn(text, "\n");

                if (*text == '>')
                        conversation_command(&c, text + 1, length - 1);
                else if (*text == '=')
                        conversation_message(&c);
                else
                        conversation_line(&c, text, length);
                assert(c.code == 0 || (c.code >= 100 && c.code <= 999));
                assert(!c.incomplete || c.code == 0);
                check_line(c.answer);
                text += length + (text[length] != '\0');
        }
}

int fuzz_spool(const uint8_t *data, size_t size) {
        char *text = malloc(size + 1);
        SpoolTries tries = {};

        assert(text);
        memcpy(text, data, size);
        text[size] = '\0';
        if (spool_tries_parse(text, size, &tries) >= 0)
                assert(tries.count > 0);
        check_line(tries.answer);
        check_name(text);
        check_conversation(text);
        check_message(text, size); /* changes the text */
        free(text);
        return 0;
}
