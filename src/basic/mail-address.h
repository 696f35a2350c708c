/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* Addresses of mail as SMTP takes them without an extension: RFC 5321, section 4.1.2. */

#define MAIL_ADDRESS_MAX 254 /* RFC 5321, 4.5.3.1.3: a path of 256 with its angle brackets */
#define MAIL_LOCAL_MAX   64  /* 4.5.3.1.1 */
#define MAIL_DOMAIN_MAX  253 /* RFC 1035, 2.3.4: 255 on the wire */

/* What mail_address_is_valid() takes, for messages. */
#define MAIL_ADDRESS_ALLOWED "an address such as alice@example.org"

/* A Dot-string, '@' and a domain name in ASCII, of labels of letters, digits and inner hyphens; one label,
 * such as localhost, is enough. So it can stand in a header and in an SMTP command as it is. Not taken,
 * though RFC 5321 has them: quoted local parts and address literals. Nor is what begins with '-', which a
 * program that is given it takes for an option. */
bool mail_address_is_valid(const char *s);

/* Whether it has "@USER@" in it once, and is an address with "x" in that place. */
bool mail_pattern_is_valid(const char *pattern);

/* The address with the name in the place of "@USER@". 0, or -EINVAL if the pattern is not valid, or the name
 * makes no address with it: nothing is left out of a name, or it would be somebody else's address. */
int mail_address_from_pattern(const char *pattern, const char *name, char ret[MAIL_ADDRESS_MAX + 1]);
