/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/reader.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include "basic/fs.h"
#include "config/line.h"
#include "config/problem.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

typedef struct Reader {
        const char *file;
        unsigned line; /* the one that is being read, from 1 */
        bool in_broken_section;
        LineParser parser;
        Entries *entries;
} Reader;

void entries_done(Entries *entries) {
        for (size_t i = 0; i < entries->count; i++) {
                free(entries->item[i].problem);
                free(entries->item[i].key);
                free(entries->item[i].value);
        }
        free(entries->item);
        *entries = (Entries){};
}

int entries_append(Entries *entries, Entry entry) {
        if (entries->count == entries->allocated) {
                size_t wanted = entries->allocated ? 2 * entries->allocated : 64;
                Entry *item = reallocarray(entries->item, wanted, sizeof *item);

                if (!item) {
                        free(entry.problem);
                        free(entry.key);
                        free(entry.value);
                        return -ENOMEM;
                }
                entries->item = item;
                entries->allocated = wanted;
        }
        entries->item[entries->count++] = entry;
        return 0;
}

int entries_add_problem(Entries *entries, const char *file, unsigned line, const char *format, ...) {
        char *message;
        va_list ap;
        int r;

        if (entries->problems >= PROBLEMS_MAX)
                return 0;
        va_start(ap, format);
        r = vasprintf(&message, format, ap);
        va_end(ap);
        if (r < 0)
                return -ENOMEM;
        entries->problems++;
        return entries_append(entries, (Entry){ .file = file, .line = line, .problem = message });
}

static int read_section(Reader *reader, const char *line) {
        const char *why = NULL;
        QuoteBuffer buffer;
        char *name = NULL;
        int r = line_parse_section(&reader->parser, line, &name, &why);

        if (r < 0)
                return r;
        /* What follows belongs to no section rather than to the one before. */
        reader->in_broken_section = r == 0;
        if (r == 0) {
                r = entries_add_problem(
                        reader->entries, reader->file, reader->line,
                        "%s: not a section header (%s); allowed is [SECTION] and nothing else on "
                        "the line. What follows is left out up to the next section.",
                        quote(buffer, line), why);
                if (r < 0)
                        return r;
        }
        return entries_append(reader->entries,
                              (Entry){ .file = reader->file, .line = reader->line, .value = name });
}

static int not_an_assignment(Reader *reader, const char *line, const char *why) {
        QuoteBuffer buffer;

        return entries_add_problem(reader->entries, reader->file, reader->line,
                                   "%s: not an assignment (%s); allowed is KEY=VALUE.", quote(buffer, line),
                                   why);
}

static int read_assignment(Reader *reader, const char *line) {
        const char *why = NULL;
        char *key = NULL, *value = NULL;
        int r;

        if (reader->in_broken_section)
                return 0;
        if (!strchr(line, '=')) /* for libeconf "Key" and "Key=" are the same */
                return not_an_assignment(reader, line, "Missing delimiter");
        if (line[strlen(line) - 1] == '\\')
                return not_an_assignment(reader, line, "a line cannot be continued on the next");
        r = line_parse_assignment(&reader->parser, line, &key, &value, &why);
        if (r < 0)
                return r;
        if (r == 0)
                return not_an_assignment(reader, line, why);
        return entries_append(
                reader->entries,
                (Entry){ .file = reader->file, .line = reader->line, .key = key, .value = value });
}

/* The line has no newline any more. */
static int read_line(Reader *reader, char *line) {
        size_t length;

        while (isspace((unsigned char) *line))
                line++;
        line[strcspn(line, "#")] = '\0';
        if (*line == '\0' || *line == ';')
                return 0;
        length = strlen(line);
        while (isspace((unsigned char) line[length - 1]))
                line[--length] = '\0';
        if (length > LINE_LENGTH_MAX)
                return entries_add_problem(reader->entries, reader->file, reader->line,
                                           "The line is too long; allowed are %d bytes.", LINE_LENGTH_MAX);
        return *line == '[' ? read_section(reader, line) : read_assignment(reader, line);
}

static int read_lines(Reader *reader, char *text) {
        int r;

        reader->line = 0;
        r = entries_append(reader->entries, (Entry){ .file = reader->file });
        if (strncmp(text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0)
                text += strlen(BYTE_ORDER_MARK);
        for (char *line; r >= 0 && (line = strsep(&text, "\n"));) {
                reader->line++;
                r = read_line(reader, line);
        }
        return r;
}

/* Returns -EBADMSG, or -ENOMEM. */
static int refuse_zero(const char *file, const char *text, const char *zero, Entries *entries) {
        unsigned line = 1;
        int r;

        for (const char *p = text; (p = memchr(p, '\n', (size_t) (zero - p))); p++)
                line++;
        r = entries_add_problem(entries, file, line, "The file has a NUL byte; allowed is text.");
        return r < 0 ? r : -EBADMSG;
}

static void line_parser_closep(LineParser *parser) {
        line_parser_close(parser);
}

int reader_parse(const char *file, char *text, size_t length, Entries *entries) {
        _cleanup_(line_parser_closep) LineParser parser = LINE_PARSER_NULL;
        Reader reader = { .file = file, .entries = entries };
        const char *zero = memchr(text, '\0', length);
        int r;

        if (zero)
                return refuse_zero(file, text, zero, entries);
        r = line_parser_open(&parser);
        reader.parser = parser;
        if (r >= 0)
                r = read_lines(&reader, text);
        if (r < 0 && r != -ENOMEM) {
                int k = entries_add_problem(entries, file, reader.line, "Cannot be parsed: %s.",
                                            strerror(-r));
                return k < 0 ? k : r;
        }
        return r;
}

int reader_read(const char *file, int fd, Entries *entries) {
        _cleanup_free_ char *text = malloc(CONFIG_FILE_MAX + 1);
        ssize_t n;
        int r;

        if (!text)
                return -ENOMEM;
        n = read_fd(fd, text, CONFIG_FILE_MAX + 1);
        if (n >= 0)
                return reader_parse(file, text, (size_t) n, entries);
        if (n == -EFBIG)
                r = entries_add_problem(entries, file, 0, "The file is too large; allowed are %zu bytes.",
                                        CONFIG_FILE_MAX);
        else
                r = entries_add_problem(entries, file, 0, "Cannot be read: %s.", strerror((int) -n));
        return r < 0 ? r : (int) n;
}
