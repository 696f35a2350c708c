/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/mail-address.h"

#include <stdio.h>
#include <string.h>

#define LABEL_MAX 63
#define USER      "@USER@"

/* Not isalnum(), which asks the locale. */
#define LETTERS_AND_DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define ATEXT              LETTERS_AND_DIGITS "!#$%&'*+-/=?^_`{|}~" /* RFC 5322, 3.2.3 */

/* Atoms with one dot between them. */
static bool is_local_part(const char *s, size_t length) {
        const char *end = s + length;

        if (length > MAIL_LOCAL_MAX || *s == '-')
                return false;
        for (;; s++) {
                size_t atom = strspn(s, ATEXT);

                s += atom;
                if (atom == 0 || s >= end)
                        return atom > 0;
                if (*s != '.')
                        return false;
        }
}

static bool is_label(const char *s, size_t length) {
        return length > 0 && length <= LABEL_MAX && s[0] != '-' && s[length - 1] != '-';
}

static bool is_domain(const char *s) {
        if (strlen(s) > MAIL_DOMAIN_MAX)
                return false;
        for (;; s++) {
                size_t length = strspn(s, LETTERS_AND_DIGITS "-");

                if (!is_label(s, length))
                        return false;
                s += length;
                if (*s == '\0')
                        return true;
                if (*s != '.')
                        return false;
        }
}

bool mail_address_is_valid(const char *s) {
        const char *at = strchr(s, '@');

        return at && strnlen(s, MAIL_ADDRESS_MAX + 1) <= MAIL_ADDRESS_MAX &&
               is_local_part(s, (size_t) (at - s)) && is_domain(at + 1);
}

int mail_address_from_pattern(const char *pattern, const char *name, char ret[MAIL_ADDRESS_MAX + 1]) {
        const char *place = strstr(pattern, USER);
        char address[MAIL_ADDRESS_MAX + 2];

        if (!place || strstr(place + strlen(USER), USER))
                return -EINVAL;
        (void) snprintf(address, sizeof address, "%.*s%s%s",
                        (int) MIN(place - pattern, MAIL_ADDRESS_MAX + 1), pattern, name,
                        place + strlen(USER));
        if (!mail_address_is_valid(address)) /* nor is what was cut: it is too long by one */
                return -EINVAL;
        memcpy(ret, address, strlen(address) + 1);
        return 0;
}

bool mail_pattern_is_valid(const char *pattern) {
        char address[MAIL_ADDRESS_MAX + 1];

        return mail_address_from_pattern(pattern, "x", address) >= 0;
}
