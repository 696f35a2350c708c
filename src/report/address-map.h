/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/mail-address.h"

/* Where mail to a user goes: UserAddressMap=, a file of lines
 *
 *     # the students' own addresses
 *     alice: alice.smith@example.org
 *     bob:
 *
 * and where that does not have the user, UserAddress=, such as "@USER@@example.org". A user with nothing
 * behind the colon gets no mail. */

#define ADDRESS_MAP_SIZE_MAX (UINT32_C(4) << 20)

typedef struct AddressMap AddressMap;

/* A line that is not taken; `why` is a sentence that holds nothing of the line, and stays. */
typedef void (*AddressMapVisitor)(unsigned line, const char *why, void *userdata);

/* Understands the text of the file. Lines that are wrong are told and left out; of two for one user the
 * second is wrong. 0; -EFBIG; -EINVAL if a NUL is in it; -ENOMEM. */
int address_map_parse(const char *text, size_t length, AddressMapVisitor visitor, void *userdata,
                      AddressMap **ret);
AddressMap *address_map_free(AddressMap *map);
DEFINE_CLEANUP(AddressMap *, address_map_free)

/* Writes the address of a user. `map` and `pattern` may be NULL. 0; -ENOENT if the map says that the user
 * gets no mail; -ENOKEY if the user is not in the map, and there is no pattern; -EINVAL if the name makes
 * none with the pattern, as "EXAMPLE\alice" does: nothing is left out of a name, or it would be somebody
 * else's address. */
int address_of_user(const AddressMap *map, const char *pattern, const char *user_name,
                    char ret[MAIL_ADDRESS_MAX + 1]);
