/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/slice-name.h"

#include <string.h>

#include "basic/parse.h"

const char *slice_name_for_uid(SliceName name, uid_t uid) {
        snprintf(name, SLICE_NAME_MAX + 1, "user-%u.slice", (unsigned) uid);
        return name;
}

int slice_name_to_uid(const char *name, uid_t *ret) {
        char digits[16];
        SliceName again;
        size_t length = strlen(name);
        uid_t uid;

        if (length < sizeof "user-.slice" || length >= sizeof digits + sizeof "user-.slice" - 1 ||
            strncmp(name, "user-", 5) != 0)
                return -EINVAL;
        length -= sizeof "user-.slice" - 1;
        memcpy(digits, name + 5, length);
        digits[length] = '\0';
        /* Written again and compared, so that "user-0001000.slice" and "user- 1000.slice" are not users. */
        if (parse_uid(digits, &uid) < 0 || strcmp(slice_name_for_uid(again, uid), name) != 0)
                return -EINVAL;
        *ret = uid;
        return 0;
}

bool slice_name_is_valid(const char *name) {
        static const char allowed[] =
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@";
        size_t length = strlen(name);

        return length > sizeof ".slice" - 1 && length <= SLICE_NAME_MAX && strspn(name, allowed) == length &&
               strcmp(name + length - (sizeof ".slice" - 1), ".slice") == 0;
}
