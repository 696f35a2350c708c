/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/line.h"

#include <ctype.h>
#include <libeconf.h>
#include <string.h>
#include <sys/mman.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

/* No line that comes here has one. Two comment characters make 0.7.8 to 0.8.3 dereference NULL. */
#define COMMENT   "#"
#define DELIMITER "="

/* A section without a key does not exist for libeconf, so it gets one. */
#define SOME_KEY "\nkey=value\n"

static void econf_file_freep(econf_file **file) {
        if (*file)
                econf_freeFile(*file);
}

static void econf_array_freep(char ***array) {
        if (*array)
                econf_freeArray(*array);
}

int line_parser_open(LineParser *parser) {
        /* Hosts may insist on the flag (vm.memfd_noexec=2), kernels before 6.3 do not know it. */
        int fd = memfd_create("fairslice-config", MFD_CLOEXEC | MFD_NOEXEC_SEAL);

        if (fd < 0 && errno == EINVAL)
                fd = memfd_create("fairslice-config", MFD_CLOEXEC);
        if (fd < 0)
                return -errno;
        parser->fd = fd;
        snprintf(parser->path, sizeof parser->path, "/proc/self/fd/%d", fd);
        return 0;
}

void line_parser_close(LineParser *parser) {
        parser->fd = safe_close(parser->fd);
}

static int error_of(econf_err e) {
        return e == ECONF_NOMEM ? -ENOMEM : e == ECONF_NOFILE ? -EIO : 0;
}

/* Returns 1, 0 with *ret_why, or a negative errno. */
static int read_text(LineParser *parser, const char *text, econf_file **ret, const char **ret_why) {
        size_t length = strlen(text);
        econf_file *file = NULL;
        ssize_t n = pwrite(parser->fd, text, length, 0);
        econf_err e;

        if (n != (ssize_t) length)
                return n < 0 ? -errno : -EIO;
        if (ftruncate(parser->fd, (off_t) length) < 0)
                return -errno;
        e = econf_readFile(&file, parser->path, DELIMITER, COMMENT);
        if (e != ECONF_SUCCESS) {
                *ret_why = econf_errString(e);
                return error_of(e);
        }
        *ret = file;
        return 1;
}

static char *trimmed_copy(const char *s, size_t length) {
        while (length > 0 && isspace((unsigned char) s[length - 1]))
                length--;
        while (length > 0 && isspace((unsigned char) *s))
                s++, length--;
        return strndup(s, length);
}

int line_parse_section(LineParser *parser, const char *line, char **ret_name, const char **ret_why) {
        char text[LINE_LENGTH_MAX + sizeof SOME_KEY];
        _cleanup_(econf_file_freep) econf_file *file = NULL;
        _cleanup_(econf_array_freep) char **groups = NULL;
        size_t count = 0, length;
        const char *group;
        int r;

        if ((size_t) snprintf(text, sizeof text, "%s%s", line, SOME_KEY) >= sizeof text)
                return -EINVAL;
        r = read_text(parser, text, &file, ret_why);
        if (r <= 0)
                return r;
        if (econf_getGroups(file, &count, &groups) != ECONF_SUCCESS || count != 1) {
                *ret_why = "No section name";
                return 0;
        }
        group = groups[0];
        length = strlen(group);
        if (line[0] == '[' && line[1] != '[' && group[0] == '[') {
                /* libeconf 0.3 keeps the brackets. */
                group++;
                length -= 2;
        }
        *ret_name = trimmed_copy(group, length);
        return *ret_name ? 1 : -ENOMEM;
}

int line_parse_assignment(LineParser *parser, const char *line, char **ret_key, char **ret_value,
                          const char **ret_why) {
        _cleanup_(econf_file_freep) econf_file *file = NULL;
        _cleanup_(econf_array_freep) char **keys = NULL;
        _cleanup_free_ char *key = NULL, *value = NULL;
        size_t count = 0;
        int r;

        if (strlen(line) > LINE_LENGTH_MAX)
                return -EINVAL;
        r = read_text(parser, line, &file, ret_why);
        if (r <= 0)
                return r;
        if (econf_getKeys(file, NULL, &count, &keys) != ECONF_SUCCESS || count != 1) {
                *ret_why = "No key";
                return 0;
        }
        if (econf_getStringValue(file, NULL, keys[0], &value) != ECONF_SUCCESS)
                value = NULL;
        key = strdup(keys[0]);
        if (!value)
                value = strdup(""); /* "Key=" has no value for libeconf */
        if (!key || !value)
                return -ENOMEM;
        *ret_key = TAKE_PTR(key);
        *ret_value = TAKE_PTR(value);
        return 1;
}
