/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "spool/message.h"

#include <string.h>
#include <time.h>

#include "basic/text.h"
#include "basic/utf8.h"

#define LETTERS_AND_DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

#define LINE_MAX_LENGTH 76U /* RFC 2045, 6.7 and RFC 2047, 2 */
#define ID_MAX          128U
#define LANGUAGE_MAX    16U
/* Three bytes become four: 52 with "=?utf-8?B?" and "?=" around them, behind "Subject: ". */
#define WORD_BYTES_MAX 39U
/* What fits on one line, header name and all, and needs no encoding. */
#define PLAIN_SUBJECT_MAX 60U

/* ---- what stands in a header as it is ---- */

static bool is_id(const char *s) {
        size_t length = strlen(s);

        return length > 0 && length <= ID_MAX && strspn(s, LETTERS_AND_DIGITS "-_.") == length &&
               s[0] != '.' && s[length - 1] != '.' && !strstr(s, "..");
}

/* What can be the domain of an address. */
static bool is_domain(const char *s) {
        char address[2 + MAIL_DOMAIN_MAX + 1] = "x@";

        if (strlen(s) > MAIL_DOMAIN_MAX)
                return false;
        strcat(address, s);
        return mail_address_is_valid(address);
}

static bool is_language(const char *s) {
        size_t length = strlen(s);

        return length >= 2 && length <= LANGUAGE_MAX && strspn(s, LETTERS_AND_DIGITS "_-") == length;
}

static bool is_valid(const Message *message) {
        return mail_address_is_valid(message->from) && mail_address_is_valid(message->to) &&
               is_id(message->id) && is_domain(message->host) &&
               (!message->language || is_language(message->language));
}

/* The names are the standard's, whatever the locale says. */
static void write_date(FILE *f, usec_t date) {
        static const char days[] = "SunMonTueWedThuFriSat",
                          months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
        time_t seconds = (time_t) (date / USEC_PER_SEC);
        struct tm tm = {};

        (void) gmtime_r(&seconds, &tm);
        fprintf(f, "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d +0000\r\n", &days[3 * tm.tm_wday], tm.tm_mday,
                &months[3 * tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* RFC 5646 has a hyphen where locales have an underscore. */
static void write_language(FILE *f, const char *language) {
        fputs("Content-Language: ", f);
        for (; *language; language++)
                fputc(*language == '_' ? '-' : *language, f);
        fputs("\r\n", f);
}

/* ---- the subject ---- */

static void write_base64(FILE *f, const char *s, size_t length) {
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

        for (size_t i = 0; i < length; i += 3) {
                uint32_t bits = (uint32_t) (unsigned char) s[i] << 16;

                if (i + 1 < length)
                        bits |= (uint32_t) (unsigned char) s[i + 1] << 8;
                if (i + 2 < length)
                        bits |= (unsigned char) s[i + 2];
                fputc(digits[bits >> 18], f);
                fputc(digits[bits >> 12 & 63], f);
                fputc(i + 1 < length ? digits[bits >> 6 & 63] : '=', f);
                fputc(i + 2 < length ? digits[bits & 63] : '=', f);
        }
}

/* As many whole characters as fit into so many bytes. */
static size_t whole_characters(const char *s, size_t most) {
        size_t length = 0;

        for (size_t n; (n = utf8_printable(s + length)) > 0 && length + n <= most;)
                length += n;
        return length;
}

/* What reads as an encoded word is encoded too, or it would be decoded. */
static bool is_plain(const char *subject) {
        if (strlen(subject) > PLAIN_SUBJECT_MAX || strstr(subject, "=?") || *subject == ' ' ||
            *subject == '\0')
                return false;
        for (const char *s = subject; *s; s++)
                if ((unsigned char) *s >= 0x80)
                        return false;
        return subject[strlen(subject) - 1] != ' ';
}

static void write_subject(FILE *f, char *subject) {
        const char *separator = "";

        subject[whole_characters(subject, MESSAGE_SUBJECT_MAX)] = '\0';
        fputs("Subject: ", f);
        if (is_plain(subject))
                fputs(subject, f);
        else
                for (const char *s = subject; *s;) {
                        size_t length = whole_characters(s, WORD_BYTES_MAX);

                        fprintf(f, "%s=?utf-8?B?", separator);
                        write_base64(f, s, length);
                        fputs("?=", f);
                        separator = "\r\n ";
                        s += length;
                }
        fputs("\r\n", f);
}

/* ---- the text ---- */

/* One byte of quoted-printable: RFC 2045, 6.7. A blank at the end of a line would not arrive. "." and "From
 * " at the beginning of one are left to nobody on the way to change. */
static const char *encode(char buffer[4], const char *at, bool first, bool last) {
        unsigned char c = (unsigned char) *at;

        if ((c > ' ' && c < 0x7f && c != '=' && !(first && (c == '.' || c == 'F'))) ||
            ((c == ' ' || c == '\t') && !last))
                snprintf(buffer, 4, "%c", c);
        else
                snprintf(buffer, 4, "=%02X", c);
        return buffer;
}

static void write_line(FILE *f, const char *line, size_t length) {
        size_t column = 0;
        char buffer[4];

        for (size_t i = 0; i < length; i++) {
                const char *code = encode(buffer, &line[i], column == 0, i + 1 == length);

                /* The last place is for the '=' that says that the line goes on. */
                if (column + strlen(code) >= LINE_MAX_LENGTH) {
                        fputs("=\r\n", f);
                        code = encode(buffer, &line[i], true, i + 1 == length);
                        column = 0;
                }
                fputs(code, f);
                column += strlen(code);
        }
        fputs("\r\n", f);
}

/* Line by line, so that what is replaced there does not include the newlines. */
static int write_text(FILE *f, const char *text) {
        while (*text) {
                size_t length = strcspn(text, "\n");
                _cleanup_free_ char *line = strndup(text, length), *clean = NULL;

                clean = line ? text_clean(line) : NULL;
                if (!clean)
                        return -ENOMEM;
                for (size_t i = 0; i < length; i++)
                        if (line[i] == '\t')
                                clean[i] = '\t';
                write_line(f, clean, strlen(clean));
                text += length + (text[length] == '\n');
        }
        return 0;
}

/* ---- all of it ---- */

static int write_message(FILE *f, const Message *message) {
        _cleanup_free_ char *subject = text_clean(message->subject);

        if (!subject)
                return -ENOMEM;
        fprintf(f, "From: %s\r\nTo: %s\r\n", message->from, message->to);
        write_subject(f, subject);
        write_date(f, message->date);
        fprintf(f,
                "Message-ID: <%s@%s>\r\n"
                "Auto-Submitted: auto-generated\r\n"
                "MIME-Version: 1.0\r\n"
                "Content-Type: text/plain; charset=utf-8\r\n"
                "Content-Transfer-Encoding: quoted-printable\r\n",
                message->id, message->host);
        if (message->language)
                write_language(f, message->language);
        fputs("\r\n", f);
        return write_text(f, message->text);
}

int message_compose(const Message *message, char **ret) {
        _cleanup_free_ char *text = NULL;
        size_t length = 0;
        FILE *f;
        int r;

        if (!is_valid(message))
                return -EINVAL;
        f = open_memstream(&text, &length);
        if (!f)
                return -ENOMEM;
        r = write_message(f, message);
        if (memstream_close(f) < 0)
                return -ENOMEM;
        if (r >= 0)
                *ret = TAKE_PTR(text);
        return r;
}

int message_sender(const char *from, const char *host, char ret[static MAIL_ADDRESS_MAX + 1]) {
        char address[MAIL_ADDRESS_MAX + 1];
        int length = snprintf(address, sizeof address, "%s%s", from ? "" : "fairslice@", from ?: host);

        if (length < 0 || (size_t) length >= sizeof address || !mail_address_is_valid(address))
                return -EINVAL;
        strcpy(ret, address);
        return 0;
}
