/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/reader.h"

/* Takes apart an INI file as the ConfigParser of Python 2.6 and 2.7 does, by which CGroup_Py reads its own.
 * So the values are those that were in force, and neither line.h nor libeconf can be used for it:
 *
 *  - "key = value" and "key: value" are the same, and so are "Key" and "kEY". Keys stand in the entries as
 * they were written.
 *  - A comment begins with '#' or ';' in the first column, or is a line whose first word is "rem". Behind a
 *    value, ';' with a blank before it begins a comment, and '#' does not.
 *  - A line that begins with a blank continues the value above it, whatever it looks like, a comment too.
 * Empty lines and comments between the two do not part them. The parts are joined by a blank here, by a
 * newline there.
 *  - What is behind the ']' of a section header is left out, and blanks inside of the brackets belong to the
 *    name.
 *  - Quotes belong to the value, but for "" alone, which is an empty one.
 *
 * What differs: Python ends at the first line that it cannot read, and CGroup_Py does not start; here that
 * line is a problem, and what follows it is read. A byte order mark is left out. A line with a NUL byte is a
 * problem. The text may be of any size and content; `file` is what the entries name, and borrowed.
 *
 * Returns 0 or -ENOMEM. */
int import_ini_read(const char *file, const char *text, size_t size, Entries *entries);
