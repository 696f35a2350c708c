/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mail/outcome.h"
#include "mail/settings.h"

/* A connection to the mail server, for one message after the other. All in here waits. */
typedef struct Transfer Transfer;

/* Whether to give up what is under way. Asked about each second, and more often while something happens.
 * `in_doubt`: the whole message is out, and whoever gives up now does not know whether the server has it. */
typedef bool (*TransferStop)(bool in_doubt, void *userdata);

/* The settings must outlive it. Nothing is connected yet. Returns 0, -ENOMEM, or -EIO: libcurl cannot do
 * what is needed, which must not be worked around. */
int transfer_new(const Settings *settings, TransferStop stop, void *userdata, Transfer **ret);

/* Says good-bye without waiting for an answer. */
Transfer *transfer_free(Transfer *transfer);
DEFINE_CLEANUP(Transfer *, transfer_free)

/* Sends one message, whose lines may end as they like. The reason is filled in whatever the outcome: then
 * the server's words. After anything but OUTCOME_SENT the connection must not be used again. */
Outcome transfer_send(Transfer *transfer, const char *recipient, const char *data, size_t size,
                      char reason[static SPOOL_ANSWER_MAX + 1]);

/* The message as it goes over the wire: each line ends with CR LF, also the last. A CR alone becomes one
 * too, as what servers make of it differs. NULL: out of memory. */
char *transfer_lines(const char *data, size_t size, size_t *ret_size);
