/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "basic/macro.h"
#include "basic/mail-address.h"
#include "basic/time-util.h"
#include "spool/name.h"

/* Mail that waits to be sent: a directory of files, one a message to one recipient.
 *
 *     tmp/NAME.eml        being written
 *     new/NAME.eml        complete: to be sent
 *     sent/NAME.eml       empty: the server has it
 *     failed/NAME.eml     will not be sent, because of what is in
 *     failed/NAME.reason
 *     retry/NAME          how often it was tried, and when it is again
 *     server              the same of the mail server, when nobody gets through to it
 *     lost                how many warnings were dropped
 *     lock-put, lock-send held by who puts and by who sends
 *
 * A file in new/, sent/ and failed/ begins with a line "X-Fairslice-Recipient: ADDRESS", and the message
 * follows as it was put. So the whole is a message too, which any mail program opens.
 *
 * ## Who does what
 *
 * One process puts (fairsliced), one sends (fairslice-mail); the two may be killed at any moment, the host
 * too. Each has a lock for as long as it has the spool open, so there is one of each, and nobody waits for
 * anybody: a sender that hangs does not make the service hang. Only these renames happen:
 *
 *     who puts:   tmp → new      a message is there, whole, or it is not
 *                 failed → new   somebody asks for another try
 *     who sends:  new → sent     the server has said 250
 *                 new → failed   it will never say so
 *
 * and who puts unlinks warnings from new/ when there is no more room. Each rename is one step of the file
 * system; what is in the file was synced before, and the directories are synced after. So at any moment a
 * message is in one place, and whoever comes after a crash goes on from there:
 *
 *  - Killed before tmp → new: nothing was put. The rest in tmp/ is removed by the next who puts.
 *  - Killed after it: the message is there, and putting it again returns 0.
 *  - Sender killed before all of the message is out: it is in new/ and is sent again. What the server has of
 *    it, it throws away (RFC 5321, 4.1.1.4).
 *  - Sender killed between that and new → sent: the server may have the message, and it is sent a second
 * time, with the same Message-ID. No sender of SMTP can close this window, since the server's disk and ours
 * are two places (RFC 5321, 6.1; RFC 1047). It is as long as the server takes to say 250, and then less than
 * a millisecond, as the rename is the first thing that happens after it. The same if the connection breaks
 *    before the 250 is here.
 *  - Sender killed after it: sent.
 *
 * What was sent leaves its name in sent/ for a time, and the sender looks there before it sends anything; so
 * a name is not sent twice even if it is put twice.
 *
 * ## How each kill comes into exactly one mail
 *
 * The spool knows each message by its name: kind, time and id. The service has a ledger of its own, and this
 * order, each step lasting (written, synced, renamed) before the next:
 *
 *  1. A kill is seen: the ledger has it as not told yet.
 *  2. It is time for a mail: the ledger gets the name of the message, and which kills are in it; from now on
 *     they are no longer "not told yet". One step, one rename of the ledger.
 *  3. spool_put() with that name.
 *  4. The ledger forgets the name and its kills.
 *
 * Killed between 1 and 2, the kills are in a later mail. Killed between 2 and 4, the service finds the name
 * in its ledger when it starts and does 3 once more, with the very same name: either nothing was put, then
 * it is now; or it was, then spool_put() returns 0 wherever the message is by now: waiting, sent or failed.
 * In no case is a kill in two messages of different names or in none. -ENOSPC at 3 leaves the ledger as it
 * is: the service tries again later. The name must be the ledger's, not made anew: an id of the boot and a
 * counter will do, with the time of the first kill. Mail to several people about the same kills is several
 * messages, and their ids differ; all their names go into the ledger at 2.
 *
 * sent/ is bounded (SPOOL_SENT_KEEP_USEC, SPOOL_SENT_MAX): a name in the ledger that is older cannot be told
 * from a new one.
 *
 * ## When there is no more room
 *
 * A message that does not fit makes the oldest warnings go, until it does, but not one that is being sent.
 * The loss is counted in `lost` before the file goes: killed in between, one too many is counted, never one
 * too few. If there are only kills, the new one is not taken (-ENOSPC): who puts has it still, and counts it
 * in a later mail. A warning that is not taken is counted as lost.
 *
 * ## What is believed
 *
 * Names that spool_name_format() has not made, files that are no regular ones or too large, and broken
 * content are passed by, put aside or taken for absent; no link is followed, and no fifo waited for. Clocks
 * may be set back: a time in the future counts as now. */
typedef struct Spool Spool;

typedef enum SpoolRole {
        SPOOL_LOOK, /* nothing is written and no lock taken */
        SPOOL_PUT,
        SPOOL_SEND,
} SpoolRole;

/* Where it is on a host: made by tmpfiles.d, for root and the group fairslice, with the group's bit. */
#define SPOOL_PATH "/var/spool/fairslice"

typedef struct SpoolLimits {
        size_t messages; /* in new/ */
        uint64_t bytes;  /* their sizes together */
} SpoolLimits;

/* Not counting the line that is put before it. */
#define SPOOL_MESSAGE_MAX ((size_t) 256 << 10)

#define SPOOL_DAY_USEC       (24 * 3600 * USEC_PER_SEC)
#define SPOOL_SENT_KEEP_USEC (14 * SPOOL_DAY_USEC)
#define SPOOL_SENT_MAX       10000U

/* failed/ keeps so much, the oldest go first. */
#define SPOOL_FAILED_KEEP_USEC (30 * SPOOL_DAY_USEC)
#define SPOOL_FAILED_MAX       1000U

/* What a server said, or what went wrong: at most so many bytes of one line. */
#define SPOOL_ANSWER_MAX 512U

/* `dirfd` is the spool's directory; a copy is kept. With SPOOL_PUT and SPOOL_SEND what is missing in it is
 * made, with the directory's own mode. `limits` counts for SPOOL_PUT alone, may be NULL otherwise, and is
 * copied. -EBUSY: another process has this role. */
int spool_open(int dirfd, SpoolRole role, const SpoolLimits *limits, Spool **ret);
Spool *spool_free(Spool *spool);
DEFINE_CLEANUP(Spool *, spool_free)

/* ---- who puts ---- */

/* Puts a message. 1: it is in the spool, and stays there over any crash. 0: a message of this name was there
 * before, wherever it is now. -ENOSPC: no room, see above; -EMSGSIZE; -EINVAL: the name or the address is
 * not valid, or there is a NUL in it, or nothing. Any other error: it may be there or not, put it again. */
int spool_put(Spool *spool, const SpoolName *name, const char *recipient, const char *message, size_t size);

/* New limits, from the next put on. */
void spool_set_limits(Spool *spool, const SpoolLimits *limits);

/* Has it tried at once: from failed/ back into new/, without what is known of earlier tries. -ENOENT if it
 * neither waits nor has failed. NULL: the server, which is tried at once then. */
int spool_retry(Spool *spool, const SpoolName *name);

/* How many warnings were lost and not told yet. */
int spool_lost(Spool *spool, uint64_t *ret);

/* So many of them are told now: say so after the message that tells it was put. */
int spool_lost_told(Spool *spool, uint64_t count);

/* ---- everybody ---- */

typedef enum SpoolPlace {
        SPOOL_QUEUED, /* in new/ */
        SPOOL_FAILED,
        SPOOL_SENT,
        _SPOOL_PLACE_COUNT,
} SpoolPlace;

/* A SpoolPlace, or -ENOENT: never put, or too long ago. */
int spool_find(Spool *spool, const SpoolName *name);

typedef struct SpoolEntry {
        SpoolName name;
        usec_t since;  /* CLOCK_REALTIME: when it was put, has failed last or was sent */
        uint64_t size; /* bytes */
} SpoolEntry;

/* No more than these are ever listed. */
#define SPOOL_ENTRIES_MAX 65536U

/* In the order of their times. *ret is the caller's, to be freed with free(3). */
int spool_list(Spool *spool, SpoolPlace place, SpoolEntry **ret, size_t *ret_count);

/* How a message, or the server, was tried. */
typedef struct SpoolTries {
        unsigned count;
        usec_t since; /* CLOCK_REALTIME: when the first of these was over */
        usec_t next;  /* CLOCK_REALTIME */
        char answer[SPOOL_ANSWER_MAX + 1];
} SpoolTries;

/* Of a message in new/; NULL: of the server. All is zero if it was not tried yet, or what is there cannot be
 * read. */
void spool_tries(Spool *spool, const SpoolName *name, SpoolTries *ret);

/* Why it is in failed/: one line that can be shown, in the caller's buffer; "" if it is not known. */
const char *spool_reason(Spool *spool, const SpoolName *name, char buffer[static SPOOL_ANSWER_MAX + 1]);

/* Whom it is for, in the caller's buffer; "" if that is not known: of what was sent only the name is left.
 */
const char *spool_recipient(Spool *spool, SpoolPlace place, const SpoolName *name,
                            char buffer[static MAIL_ADDRESS_MAX + 1]);

/* Whether somebody sends just now: 1 or 0, or a negative errno. It takes their lock for a moment to find
 * out, if it is free. */
int spool_is_sending(Spool *spool);

/* ---- who sends ---- */

/* A message that is being sent. While it is held, it is not dropped. */
typedef struct SpoolMessage {
        char *recipient; /* a valid address, within `buffer` */
        const char *data;
        size_t size;
        char *buffer; /* owned */
        int fd;       /* owned, locked */
} SpoolMessage;

#define SPOOL_MESSAGE_NULL ((SpoolMessage){ .fd = -1 })
void spool_message_done(SpoolMessage *message);

/* Takes a message out of new/ to send it. 1; 0: it is gone by now, or was sent before, or is just being
 * dropped: nothing is to be done. -EBADMSG: what is there is no message, and should be failed. */
int spool_take(Spool *spool, const SpoolName *name, SpoolMessage *ret);

/* The server has said 250. Call it before anything else. A negative errno if that could not be written down:
 * 1 if the name is gone from new/ all the same. */
int spool_sent(Spool *spool, const SpoolName *name);

/* It will not be sent. The reason is one line, or what is cut of it. */
int spool_fail(Spool *spool, const SpoolName *name, const char *reason);

/* It did not work this time. NULL: the server. */
int spool_set_tries(Spool *spool, const SpoolName *name, const SpoolTries *tries);

/* The server takes mail again. */
int spool_clear_tries(Spool *spool);

/* Removes what is too old or too much in sent/ and failed/, and what belongs to no message; what in new/ is
 * no message of ours goes to failed/. Returns how many failed messages were removed before their time, or a
 * negative errno. */
int spool_tidy(Spool *spool, usec_t now);

/* Whether nothing at all is in new/. */
bool spool_is_empty(Spool *spool);

/* A descriptor of inotify that becomes readable when a message was put, or is to be tried at once; the
 * caller's. What the sender does itself may make it readable too. */
int spool_watch(const Spool *spool);
