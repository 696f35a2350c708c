/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "mail/outcome.h"

#include "spool/line.h"

/* Log in first, choose another mechanism, wrong credentials, encrypt first. */
static bool is_about_login(unsigned code) {
        return code == 530 || code == 534 || code == 535 || code == 538;
}

Outcome outcome_of(const Conversation *c, bool done, bool stopped) {
        if (done || (c->phase == PHASE_MESSAGE && c->code == 250))
                return OUTCOME_SENT;
        if (stopped)
                return OUTCOME_STOPPED;
        if (c->phase < PHASE_SENDER || is_about_login(c->code))
                return OUTCOME_SERVER;
        if (c->code == 421) /* whatever it is said to: the server closes */
                return OUTCOME_BROKEN;
        switch (c->code / 100) {
        case 5:
                return OUTCOME_REFUSED;
        case 4:
                return OUTCOME_LATER;
        default:
                return OUTCOME_BROKEN;
        }
}

const char *outcome_reason(const Conversation *c, const char *error,
                           char buffer[static SPOOL_ANSWER_MAX + 1]) {
        const char *phase = phase_in_words(c->phase);
        /* A 250 or 334 before something broke is not what was wrong. */
        bool said = c->answer[0] != '\0' && !c->incomplete && (c->code == 0 || c->code >= 400);
        char text[SPOOL_ANSWER_MAX + 1];

        if (said)
                snprintf(text, sizeof text, "%.*s (%s)", (int) (sizeof text - 32), c->answer, phase);
        else
                snprintf(text, sizeof text, "%.*s (%s)", (int) (sizeof text - 32), error, phase);
        spool_clean_line(buffer, text);
        return buffer;
}
