/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* One line of a configuration file, taken apart by libeconf.
 *
 * libeconf could read the whole file, and then loses what matters here. All versions from 0.3 to 0.7 stop at
 * the first line that they cannot read, so the administrator is told of one mistake at a time and the rest
 * of the file is lost. They give the first of several assignments to a key and hide the others, and join
 * sections of the same name. A line without '=' silently becomes a part of the value before. 0.5 cuts lines
 * at 8191 bytes and reads the rest as a line of its own, and econf_getKeys() drops a key if the section
 * before ended with the same one. Looking up a value is linear, so 10,000 sections are quadratic.
 * econf_getExtValue(), which knows line numbers, is not in 0.3, and in 0.5 does not end long values.
 *
 * So each line is given to it on its own, in an anonymous file: libeconf says what is section, key, value
 * and quote; which line it was, and what came before, the caller knows. Comments are the caller's too, since
 * the versions disagree about a line with two '#'. Only calls that are in all versions are used. */
typedef struct LineParser {
        int fd;        /* the anonymous file */
        char path[32]; /* its name, since libeconf takes no descriptor */
} LineParser;

#define LINE_PARSER_NULL ((LineParser){ .fd = -1 })

/* Longer lines are refused before libeconf, which in 0.5 would cut them, sees them. */
#define LINE_LENGTH_MAX 4095

int line_parser_open(LineParser *parser);
void line_parser_close(LineParser *parser);

/* The lines have no comment and no newline.
 *
 * The text between the brackets of "[User alice]", without the blanks around it. Returns 1 and a new string;
 * 0 if the line is no section header, with what is wrong in *ret_why (a constant); or a negative errno. */
int line_parse_section(LineParser *parser, const char *line, char **ret_name, const char **ret_why);

/* The same for "Key=value"; both are new strings. Quotes around the value and a comment behind it are gone.
 */
int line_parse_assignment(LineParser *parser, const char *line, char **ret_key, char **ret_value,
                          const char **ret_why);
