/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "basic/macro.h"

/* Keeps an eye on the messages that a peer sends, before sd-bus sees them: sd-bus makes room for what a
 * header announces, which may be 128 MiB, and lets nobody say that less is enough.
 *
 * The frame of a message is its first 16 bytes: byte order, type, flags, version, length of the body,
 * serial, length of the fields. The fields begin after that and are padded to 8 bytes, then comes the body.
 */

/* Of a whole message. The largest call there is takes a fraction of it. */
#define GATE_MESSAGE_MAX (64U * 1024U)

typedef struct Gate {
        uint8_t header[16];
        size_t have;   /* bytes of it */
        uint64_t left; /* bytes of the message that are still to come after the header */
} Gate;

/* Looks at the next bytes of the stream, which may begin and end anywhere; at least one. Returns how many of
 * them may pass: up to the end of the message that they begin or go on with. -EBADMSG if no message begins
 * like this, -EMSGSIZE if one is larger than GATE_MESSAGE_MAX. After a failure nothing of the stream may
 * pass any more. */
ssize_t gate_check(Gate *gate, const uint8_t *data, size_t size);
