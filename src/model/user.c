/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/user.h"

void user_done(User *user) {
        free(user->name);
        for (char **g = user->groups; g && *g; g++)
                free(*g);
        free(user->groups);
        free(user->gids);
        *user = (User){ .uid = user->uid };
}

const char *user_display(const User *user, char *buffer, size_t size) {
        if (user->name)
                snprintf(buffer, size, "%s", user->name);
        else
                snprintf(buffer, size, "%u", (unsigned) user->uid);
        return buffer;
}
