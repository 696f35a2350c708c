/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/import-ini.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "config/problem.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/* A value of this size is not made longer: no number has as many digits, and a file of short lines would
 * take time by their square. */
#define CONTINUED_MAX 4096

typedef struct IniReader {
        const char *file;
        unsigned line; /* the one that is being read, from 1 */
        Entries *entries;
        size_t open; /* the assignment that can be continued, from 1; 0: none */
} IniReader;

static bool is_blank(const char *line) {
        while (isspace((unsigned char) *line))
                line++;
        return *line == '\0';
}

static bool is_comment(const char *line) {
        if (*line == '#' || *line == ';')
                return true;
        return strncasecmp(line, "rem", 3) == 0 && (line[3] == '\0' || isspace((unsigned char) line[3]));
}

static char *strip(char *s) {
        size_t length;

        while (isspace((unsigned char) *s))
                s++;
        for (length = strlen(s); length > 0 && isspace((unsigned char) s[length - 1]);)
                length--;
        s[length] = '\0';
        return s;
}

static int not_read(IniReader *reader, const char *line, const char *why) {
        QuoteBuffer buffer;

        reader->open = 0;
        return entries_add_problem(reader->entries, reader->file, reader->line,
                                   "%s: %s, and CGroup_Py would not start with it; the line is left out.",
                                   quote(buffer, line), why);
}

static int continue_value(IniReader *reader, char *line) {
        Entry *entry;
        char *longer;

        if (reader->open == 0)
                return not_read(reader, strip(line), "begins with a blank and continues nothing");
        entry = &reader->entries->item[reader->open - 1];
        if (strnlen(entry->value, CONTINUED_MAX) == CONTINUED_MAX)
                return 0;
        if (asprintf(&longer, "%s %s", entry->value, strip(line)) < 0)
                return -ENOMEM;
        free(entry->value);
        entry->value = longer;
        return 0;
}

/* `end` is the bracket behind the name. */
static int read_section(IniReader *reader, const char *line, const char *end) {
        char *name = strndup(line + 1, (size_t) (end - line - 1));

        if (!name)
                return -ENOMEM;
        reader->open = 0;
        return entries_append(reader->entries,
                              (Entry){ .file = reader->file, .line = reader->line, .value = name });
}

/* Only the first ';' counts. */
static void cut_comment(char *value) {
        char *semicolon = strchr(value, ';');

        if (semicolon && semicolon > value && isspace((unsigned char) semicolon[-1]))
                *semicolon = '\0';
}

static int read_assignment(IniReader *reader, char *line) {
        char *delimiter = line + strcspn(line, ":="), *key, *value;
        int r;

        if (*delimiter == '\0' || delimiter == line)
                return not_read(reader, strip(line), "is neither [SECTION] nor KEY=VALUE");
        *delimiter = '\0';
        value = delimiter + 1;
        while (isspace((unsigned char) *value))
                value++;
        cut_comment(value);
        value = strip(value);
        key = strdup(strip(line));
        value = strdup(strcmp(value, "\"\"") == 0 ? "" : value);
        if (!key || !value) {
                free(key);
                free(value);
                return -ENOMEM;
        }
        r = entries_append(
                reader->entries,
                (Entry){ .file = reader->file, .line = reader->line, .key = key, .value = value });
        reader->open = reader->entries->count;
        return r;
}

/* The line has no newline any more. */
static int read_line(IniReader *reader, char *line) {
        const char *end;

        if (is_blank(line) || is_comment(line))
                return 0;
        if (isspace((unsigned char) *line))
                return continue_value(reader, line);
        end = *line == '[' ? strchr(line, ']') : NULL;
        return end && end > line + 1 ? read_section(reader, line, end) : read_assignment(reader, line);
}

int import_ini_read(const char *file, const char *text, size_t size, Entries *entries) {
        IniReader reader = { .file = file, .entries = entries };
        _cleanup_free_ char *copy = malloc(size + 1);
        char *line = copy, *end;
        int r;

        if (!copy)
                return -ENOMEM;
        memcpy(copy, text, size);
        copy[size] = '\n';
        if (size >= strlen(BYTE_ORDER_MARK) && memcmp(copy, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0)
                line += strlen(BYTE_ORDER_MARK);
        r = entries_append(entries, (Entry){ .file = file });
        for (; r >= 0 && line <= copy + size; line = end + 1) {
                reader.line++;
                end = memchr(line, '\n', (size_t) (copy + size - line) + 1);
                *end = '\0';
                r = strlen(line) < (size_t) (end - line) ? not_read(&reader, line, "has a NUL byte")
                                                         : read_line(&reader, line);
        }
        return r;
}
