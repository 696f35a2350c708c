/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/fields.h"

#include <string.h>

#include "basic/parse.h"

char *take_line(char **text) {
        char *line = *text, *newline = strchr(line, '\n');

        if (!newline)
                return NULL;
        *newline = '\0';
        *text = newline + 1;
        return line;
}

bool take_word(char **line, const char **ret) {
        if (!*line)
                return false;
        *ret = strsep(line, " ");
        return true;
}

bool take_number(char **line, uint64_t max, uint64_t *ret) {
        const char *word;
        uint64_t n;

        if (!take_word(line, &word) || parse_digits(word, strlen(word), &n) < 0 || n > max)
                return false;
        *ret = n;
        return true;
}

static bool is_plain(char c) {
        return c > ' ' && c <= '~' && c != '\\';
}

/* One byte as write_name() writes it; moves *text behind it. */
static bool take_byte(const char **text, char *ret) {
        const char *p = *text;
        uint64_t byte;

        if (is_plain(*p)) {
                *ret = *p;
                *text = p + 1;
                return true;
        }
        if (p[0] != '\\' || p[1] != 'x' || !parse_hex(p + 2, 2, &byte) || byte == 0)
                return false;
        *ret = (char) byte;
        *text = p + 4;
        return true;
}

bool take_name(const char *line, char *ret, size_t size) {
        size_t n = 0;

        if (!line)
                return false;
        while (*line && n + 1 < size)
                if (!take_byte(&line, &ret[n++]))
                        return false;
        ret[n] = '\0';
        return !*line;
}

void write_name(FILE *f, const char *name) {
        for (; *name; name++)
                if (is_plain(*name))
                        fputc(*name, f);
                else
                        fprintf(f, "\\x%02x", (unsigned char) *name);
}
