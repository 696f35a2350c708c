/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/user.h"

/* Who the UID is, from the name service: name and groups. A UID without a name is no failure. *ret is
 * overwritten and to be freed by user_done(), also on failure: -ENOMEM, or what the name service says; then
 * *ret has what could be had, at least the UID. */
int identity_lookup(uid_t uid, User *ret);

/* Looks the same UID up once more. Without an answer, and also without a name where there was one (some name
 * services know nobody while they start), what was known stays: a negative errno, -ENOENT for the latter. */
int identity_refresh(User *user);
