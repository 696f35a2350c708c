/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/control-edit.h"

#include <string.h>

#include "basic/text.h"
#include "config/keys.h"
#include "config/reader.h"
#include "config/selector.h"

#define HEADER_COMMENT                                             \
        "# Limits of the user with UID %u that were set with "     \
        "fairslicectl. To undo them:\n# \"fairslicectl reset %u\"" \
        ", or remove this file.\n"
#define HEADER_SECTION "[User %u]\n"

/* What a line is for us, if it is not one of the limits. */
enum {
        LINE_OTHER = -1,
        LINE_OWN_SECTION = -2, /* "[User UID]" */
};

typedef struct Edit {
        uid_t uid;
        const LimitSetting *set[_LIMIT_COUNT]; /* NULL: not one of those that are set or removed */
        bool remove;

        int *line; /* the limit that it sets in a [User UID] section, or LINE_…; from 1 */
        size_t lines;
        size_t last_section; /* the line of the last section's header, 0 if there is none */
        bool last_is_own;
        size_t keep[_LIMIT_COUNT]; /* the line that gets the new value, 0 if it goes to the end */

        char comment[256];
        bool something_found, something_left;
        FILE *out;
} Edit;

/* ---- what the lines are ---- */

static size_t count_lines(const char *text) {
        size_t n = 0;

        for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n')
                n++;
        return n;
}

/* Returns 1, 0, or -ENOMEM. */
static int is_own_header(const Edit *edit, const char *header) {
        size_t length = header ? strcspn(header, " \t") : 0;
        Selector selector;
        const char *why;
        bool own;
        int r;

        if (!header || section_from_string(header, length) != SECTION_USER)
                return 0;
        r = selector_parse_user(header + length + strspn(header + length, " \t"), &selector, &why);
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        own = !selector.name && selector.first == edit->uid && selector.last == edit->uid;
        selector_done(&selector);
        return own;
}

static int classify_section(Edit *edit, const Entry *entry) {
        int r = is_own_header(edit, entry->value);

        if (r < 0)
                return r;
        edit->last_section = entry->line;
        edit->last_is_own = r;
        if (r > 0)
                edit->line[entry->line] = LINE_OWN_SECTION;
        memset(edit->keep, 0, sizeof edit->keep);
        return 0;
}

static void classify_assignment(Edit *edit, const Entry *entry) {
        int key = key_from_string(entry->key);

        if (!edit->last_is_own || key < 0 || key >= (int) _LIMIT_COUNT || !edit->set[key])
                return;
        edit->something_found = true;
        edit->line[entry->line] = key;
        edit->keep[key] = entry->line;
}

static int classify(Edit *edit, const Entries *entries) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < entries->count; i++) {
                const Entry *entry = &entries->item[i];

                if (entry->problem || entry->line == 0)
                        continue;
                if (entry->key)
                        classify_assignment(edit, entry);
                else
                        r = classify_section(edit, entry);
        }
        return r;
}

static void entries_donep(Entries *entries) {
        entries_done(entries);
}

/* The reader that will read the file says what its lines are. */
static int understand(Edit *edit, const char *text) {
        _cleanup_(entries_donep) Entries entries = {};
        _cleanup_free_ char *copy = strdup(text);
        int r;

        edit->lines = count_lines(text);
        edit->line = calloc(edit->lines + 1, sizeof *edit->line);
        if (!copy || !edit->line)
                return -ENOMEM;
        for (size_t i = 0; i <= edit->lines; i++)
                edit->line[i] = LINE_OTHER;
        r = reader_parse("", copy, strlen(copy), &entries);
        return r < 0 ? r : classify(edit, &entries);
}

/* ---- the new text ---- */

static void write_setting(const Edit *edit, unsigned limit, const char *behind, size_t length) {
        FormatBuffer buffer;

        fprintf(edit->out, "%s=%s%s%.*s\n", keys[limit].name, limit_setting_format(buffer, edit->set[limit]),
                length > 0 ? " " : "", (int) length, behind);
}

static bool is_blank(const char *line, size_t length) {
        return strspn(line, " \t\r") >= length;
}

static bool is_own_comment(const Edit *edit, const char *line, size_t length) {
        const char *second = strchr(edit->comment, '\n') + 1;

        return strncmp(line, edit->comment, length + 1) == 0 ||
               (strlen(second) == length + 1 && strncmp(line, second, length + 1) == 0);
}

static void write_line(Edit *edit, size_t number, const char *line, size_t length) {
        int what = edit->line[number];
        size_t value = strcspn(line, "#\n");

        if (what < 0) {
                fprintf(edit->out, "%.*s\n", (int) length, line);
                if (what == LINE_OTHER && !is_blank(line, length) && !is_own_comment(edit, line, length))
                        edit->something_left = true;
        } else if (!edit->remove && edit->keep[what] == number) {
                write_setting(edit, (unsigned) what, line + value, length - value);
        }
}

static void write_lines(Edit *edit, const char *text) {
        const char *line = text;

        for (size_t i = 1; i <= edit->lines; i++) {
                size_t length = strcspn(line, "\n");

                write_line(edit, i, line, length);
                line += length;
                line += *line == '\n';
        }
}

static void append_rest(const Edit *edit) {
        bool in_section = edit->last_is_own;

        for (unsigned i = 0; i < _LIMIT_COUNT; i++) {
                if (!edit->set[i] || edit->keep[i] > 0)
                        continue;
                if (!in_section)
                        fprintf(edit->out, "%s" HEADER_SECTION, edit->lines > 0 ? "\n" : "",
                                (unsigned) edit->uid);
                in_section = true;
                write_setting(edit, i, "", 0);
        }
}

static int write_text(Edit *edit, const char *text, char **ret) {
        _cleanup_free_ char *new = NULL;
        size_t size = 0;

        edit->out = open_memstream(&new, &size);
        if (!edit->out)
                return -ENOMEM;
        if (edit->lines == 0)
                fputs(edit->comment, edit->out);
        write_lines(edit, text);
        if (!edit->remove)
                append_rest(edit);
        if (memstream_close(edit->out) < 0)
                return -ENOMEM;
        if (size > CONFIG_FILE_MAX)
                return -EFBIG;
        *ret = edit->remove && !edit->something_left ? NULL : TAKE_PTR(new);
        return 0;
}

static int edit_text(Edit *edit, const char *old, const LimitSetting *settings, size_t n, char **ret) {
        int r;

        snprintf(edit->comment, sizeof edit->comment, HEADER_COMMENT, (unsigned) edit->uid,
                 (unsigned) edit->uid);
        for (size_t i = 0; i < n; i++)
                edit->set[settings[i].limit] = &settings[i];
        r = understand(edit, old ?: "");
        if (r >= 0 && (!edit->remove || edit->something_found))
                r = write_text(edit, old ?: "", ret);
        free(edit->line);
        return r < 0 ? r : edit->remove && edit->something_found;
}

int control_edit_set(const char *old, uid_t uid, const LimitSetting *settings, size_t n, char **ret) {
        Edit edit = { .uid = uid };

        return edit_text(&edit, old, settings, n, ret);
}

int control_edit_remove(const char *old, uid_t uid, const LimitSetting *settings, size_t n, char **ret) {
        Edit edit = { .uid = uid, .remove = true };

        return edit_text(&edit, old, settings, n, ret);
}
