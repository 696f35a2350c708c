/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/mail-words.h"

#include <string.h>

#include "basic/format.h"

/* The first that is found in the answer counts. */
static const struct {
        const char *words, *meaning;
} meanings[] = {
        /* libcurl's, whichever library it has TLS from. */
        { "ertificate",
          "The server's certificate is not one that is trusted here, or is for another name: see "
          "CAFile= and the name in Server=." },
        { "SSL", "The connection could not be encrypted: see TLS=, and the scheme and port of Server=." },
        { "TLS", "The connection could not be encrypted: see TLS=, and the scheme and port of Server=." },
        { "ogin denied", "The server does not take this login: see User= and the password." },
        { "uthentication", "The server wants another login: see User= and the password." },
        { "Could not resolve", "The name of the server is not known here: see Server=." },
        { "(while connecting)",
          "Nobody takes mail there: see the name and the port in Server=, and whether a "
          "firewall is in between." },
        { "(after EHLO)", "The server does not want to talk to this host." },
        { "(after STARTTLS)",
          "The connection could not be encrypted: see TLS=, and the scheme and port of Server=." },
        { "(after AUTH)", "The server does not take this login: see User= and the password." },
        { "(after MAIL FROM)",
          "The server does not take mail from this sender: see From=, and whether it wants "
          "a login (User=)." },
        { "(after RCPT TO)", "The server does not take mail for this address, or not from this host." },
        {},
};

const char *mail_answer_meaning(const char *answer) {
        for (size_t i = 0; meanings[i].words; i++)
                if (strstr(answer, meanings[i].words))
                        return meanings[i].meaning;
        return NULL;
}

const char *mail_until(char buffer[static 32], usec_t next, usec_t now) {
        FormatBuffer span;

        if (next < now + USEC_PER_SEC)
                return strcpy(buffer, "now");
        next -= now;
        snprintf(buffer, 32, "%s", format_timespan(span, next - next % USEC_PER_SEC));
        return buffer;
}

const char *mail_next(char buffer[static 40], usec_t next, usec_t now) {
        char until[32];

        snprintf(buffer, 40, "%s%s", next < now + USEC_PER_SEC ? "" : "in ", mail_until(until, next, now));
        return buffer;
}

char *mail_test_text(const char *host, const char *server, const char *address) {
        char *text;

        if (asprintf(&text,
                     "Hello,\n"
                     "\n"
                     "this message shows that mail of fairslice on %s arrives. Nothing else has\n"
                     "happened. An administrator has asked for it with\n"
                     "\"fairslicectl mail test %s\".\n"
                     "\n"
                     "  Host:   %s\n"
                     "  Server: %s\n"
                     "\n"
                     "This message was written by fairslice on %s. Nobody reads answers to it.\n",
                     host, address, host, server, host) < 0)
                return NULL;
        return text;
}
