/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>
#include <systemd/sd-bus.h>

#include "support/test.h"

/* Clients of the private socket, in processes of their own: they may block, and be somebody else. */

/* Runs the client in a process with this UID, and all loops meanwhile. It returns 0 if all was well, which
 * is asserted. */
void as_user(uid_t uid, int (*client)(void));

/* In the client: connects, or ends the process. */
sd_bus *private_client_connect(const char *path);

/* Where it calls. */
#define MANAGER "org.fairslice1", "/org/fairslice1", "org.fairslice1.Manager"

/* cmocka's assertions are for the test's own process; a client says what is wrong and returns 1. */
#define CHECK(condition)                                                                \
        do {                                                                            \
                if (!(condition)) {                                                     \
                        fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
                        return 1;                                                       \
                }                                                                       \
        } while (0)

/* Whether the property of the manager has this value; `type` is 'b', 'u' or 't'. */
bool private_client_number_is(sd_bus *bus, const char *property, char type, uint64_t expected);
bool private_client_text_is(sd_bus *bus, const char *property, const char *expected);

/* Skips the test, and says so, for who is not root and cannot be anybody else. */
void need_root_to_be_others(void);
