/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/text-values.h"

#include <limits.h>
#include <string.h>

#include "basic/mail-address.h"
#include "basic/parse.h"
#include "basic/text.h"
#include "basic/utf8.h"

#define HOST_LENGTH_MAX 253
#define USER_LENGTH_MAX 255

#define WHITESPACE " \t"

#define DIGITS             "0123456789"
#define LETTERS_AND_DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS

static int wrong(const char *why, const char **ret_why) {
        *ret_why = why;
        return -EINVAL;
}

/* How long the host's name is, or the address in brackets; 0: there is none. */
static size_t host_length(const char *s) {
        size_t length;

        if (*s == '[') {
                length = strspn(s + 1, "0123456789abcdefABCDEF:.");
                return length > 1 && s[length + 1] == ']' ? length + 2 : 0;
        }
        if (*s == '-' || *s == '.')
                return 0;
        length = strspn(s, LETTERS_AND_DIGITS "-.");
        return length <= HOST_LENGTH_MAX ? length : 0;
}

int check_server(const char *text, const char **ret_why) {
        const char *rest = text;
        uint64_t port = 0;
        size_t length;

        if (strncmp(text, "smtp://", 7) == 0)
                rest += 7;
        else if (strncmp(text, "smtps://", 8) == 0)
                rest += 8;
        else
                return wrong("neither smtp:// nor smtps://", ret_why);
        length = host_length(rest);
        if (length == 0)
                return wrong("not a host's name or address", ret_why);
        rest += length;
        if (*rest == '\0')
                return 0;
        if (*rest != ':')
                return wrong("nothing but a port can follow the host", ret_why);
        rest++;
        if (*rest == '\0' || rest[strspn(rest, DIGITS)] != '\0' || parse_u64(rest, &port) < 0 || port < 1 ||
            port > 65535)
                return wrong("not a port", ret_why);
        return 0;
}

int check_user(const char *text, const char **ret_why) {
        if (strlen(text) > USER_LENGTH_MAX)
                return wrong("too long", ret_why);
        for (size_t n; *text != '\0'; text += n) {
                n = utf8_printable(text);
                if (n == 0)
                        return wrong("not printable", ret_why);
        }
        return 0;
}

/* The service opens it as it is, perhaps as root. */
static int check_plain_path(const char *text, size_t length, const char **ret_why) {
        if (text[0] != '/')
                return wrong("not an absolute path", ret_why);
        if (length >= PATH_MAX)
                return wrong("too long", ret_why);
        for (size_t i = 0; i < length; i++) {
                const char *part = text + i + 1;
                size_t rest = length - i - 1, part_length = strcspn(part, "/");

                if (text[i] != '/')
                        continue;
                part_length = MIN(part_length, rest);
                if (part_length == 0 || (part_length <= 2 && strncmp(part, "..", part_length) == 0))
                        return wrong("not a path in its shortest form", ret_why);
        }
        return 0;
}

int check_path(const char *text, const char **ret_why) {
        return check_plain_path(text, strlen(text), ret_why);
}

int check_command(const char *text, const char **ret_why) {
        for (const char *s = text; *s != '\0';) {
                size_t n = utf8_printable(s);

                if (n == 0 && *s != '\t')
                        return wrong("not printable", ret_why);
                s += MAX(n, (size_t) 1);
        }
        if (strlen(text) >= PATH_MAX)
                return wrong("too long", ret_why);
        return check_plain_path(text, strcspn(text, WHITESPACE), ret_why);
}

int check_address(const char *text, const char **ret_why) {
        return mail_address_is_valid(text) ? 0 : wrong("not an address of mail", ret_why);
}

int check_address_pattern(const char *text, const char **ret_why) {
        return mail_pattern_is_valid(text) ? 0 : wrong("no address with @USER@ in it once", ret_why);
}

int check_language(const char *text, const char **ret_why) {
        return language_is_valid(text) ? 0 : wrong("not a language", ret_why);
}
