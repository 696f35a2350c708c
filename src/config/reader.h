/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/config.h"

/* Larger files are refused. 10,000 users with three keys each are half of it. */
#define CONFIG_FILE_MAX ((size_t) 1 << 20)

/* A section header, an assignment, or something that is neither, in the order in which they stand in the
 * files. */
typedef struct Entry {
        const char *file; /* borrowed from the caller of reader_read() */
        unsigned line;    /* 0: the whole file */
        char *problem;    /* what is wrong there, a message; then there is no key and no value */
        char *key;        /* NULL: a section begins here */
        char *value; /* of the key, "" if it is empty; or the text between the brackets. NULL: no section, at
                      * the beginning of a file, or one whose header cannot be read */
} Entry;

typedef struct Entries {
        Entry *item;
        size_t count, allocated;
        size_t problems; /* how many of them are problems; no more than PROBLEMS_MAX are kept */
} Entries;

void entries_done(Entries *entries);

/* Takes the strings, also on failure. Returns 0 or -ENOMEM. */
int entries_append(Entries *entries, Entry entry);

/* Appends what is in the file; it begins with an entry of neither key, value nor problem. Returns 0;
 * -ENOMEM; or another negative errno if nothing of the file can be used, which also is in the last entry. */
int reader_read(const char *file, int fd, Entries *entries);

/* The same for what was read already. The text is ended by NUL, and taken apart. */
int reader_parse(const char *file, char *text, size_t length, Entries *entries);

/* Appends a problem with a whole file. Returns 0 or -ENOMEM. */
int entries_add_problem(Entries *entries, const char *file, unsigned line, const char *format, ...)
        _printf_(4, 5);
