/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"
#include "basic/mail-address.h"
#include "basic/time-util.h"

/* A mail as RFC 5322 wants it, made of values that anybody may have written. */

#define MESSAGE_SUBJECT_MAX 200 /* bytes; what is longer is cut */

typedef struct Message {
        const char *from, *to; /* addresses that mail_address_is_valid() takes */
        const char *id;        /* the same for each try to send it: letters, digits, '.', '-' and '_' */
        const char *host;      /* the domain of Message-ID: */
        const char *language;  /* "en", "de_AT"; NULL: not known */
        usec_t date;           /* CLOCK_REALTIME */
        const char *subject;   /* any text */
        const char *text;      /* any text, with '\n' between the lines */
} Message;

/* The whole message, with CRLF at the end of each line, in ASCII, lines of at most 78 characters: From, To,
 * Subject (RFC 2047), Date, Message-ID, Auto-Submitted (RFC 3834) and the text in UTF-8 as quoted-printable.
 * In subject and text '?' stands for what is no UTF-8 and for control characters; a tab in the text stays.
 * So no value can begin a header, or a line of one. Returns 0, -ENOMEM, or -EINVAL if an address, the id,
 * the host or the language is none; the caller frees *ret, which is ended by NUL. */
int message_compose(const Message *message, char **ret);

/* Whom mail is from: From= of the configuration, else "fairslice@HOST". `from` is valid, or NULL. 0, or
 * -EINVAL if there is no From= and the host's name makes no address. */
int message_sender(const char *from, const char *host, char ret[static MAIL_ADDRESS_MAX + 1]);
