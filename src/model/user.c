/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/user.h"

#include <string.h>

void user_done(User *user) {
        free(user->name);
        for (char **g = user->groups; g && *g; g++)
                free(*g);
        free(user->groups);
        free(user->gids);
        *user = (User){ .uid = user->uid };
}

bool user_in_group(const User *user, const char *group) {
        for (char **g = user->groups; g && *g; g++)
                if (strcmp(*g, group) == 0)
                        return true;
        return false;
}

const char *user_display(const User *user, char *buffer, size_t size) {
        if (user->name)
                snprintf(buffer, size, "%s", user->name);
        else
                snprintf(buffer, size, "%u", (unsigned) user->uid);
        return buffer;
}
