/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/identity.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

/* Entries of a directory can be long: groups with thousands of members. */
#define ENTRY_SIZE_MAX (4U << 20)
#define GROUPS_MAX     65536

/* getpwnam(3): some name services say in one of these ways that there is no such entry. */
static bool not_found(int error) {
        return error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM;
}

static int lookup_passwd(uid_t uid, struct passwd *ret, char **ret_buffer) {
        for (size_t size = 1024; size <= ENTRY_SIZE_MAX; size *= 4) {
                _cleanup_free_ char *buffer = malloc(size);
                struct passwd *found;
                int r;

                if (!buffer)
                        return -ENOMEM;
                r = getpwuid_r(uid, ret, buffer, size, &found);
                if (r == ERANGE)
                        continue;
                if (r != 0 || !found)
                        return not_found(r) ? -ENOENT : -r;
                *ret_buffer = TAKE_PTR(buffer);
                return 0;
        }
        return -ERANGE;
}

static int group_name(gid_t gid, char **ret) {
        for (size_t size = 1024; size <= ENTRY_SIZE_MAX; size *= 4) {
                _cleanup_free_ char *buffer = malloc(size);
                struct group group, *found;
                int r;

                if (!buffer)
                        return -ENOMEM;
                r = getgrgid_r(gid, &group, buffer, size, &found);
                if (r == ERANGE)
                        continue;
                if (r != 0 || !found)
                        return not_found(r) ? -ENOENT : -r;
                *ret = strdup(group.gr_name);
                return *ret ? 0 : -ENOMEM;
        }
        return -ERANGE;
}

static int group_ids(const char *user, gid_t primary, gid_t **ret, int *ret_count) {
        _cleanup_free_ gid_t *gids = NULL;
        gid_t *fitting;
        int count = 64;

        for (;;) {
                int allocated = count;
                gid_t *more = reallocarray(gids, (size_t) allocated, sizeof *more);

                if (!more)
                        return -ENOMEM;
                gids = more;
                if (getgrouplist(user, primary, gids, &count) >= 0)
                        break;
                count = MAX(count, allocated * 2);
                if (count > GROUPS_MAX)
                        return -E2BIG;
        }
        /* There may be very many users, whose groups are kept. */
        fitting = reallocarray(gids, (size_t) MAX(count, 1), sizeof *fitting);
        if (fitting)
                gids = fitting;
        *ret = TAKE_PTR(gids);
        *ret_count = count;
        return 0;
}

/* A group without a name is one by its number still. */
static int lookup_groups(const char *user, gid_t primary, User *ret) {
        int count, n = 0, r;

        r = group_ids(user, primary, &ret->gids, &count);
        if (r < 0)
                return r;
        ret->gid_count = (unsigned) count;
        ret->groups = calloc((size_t) count + 1, sizeof *ret->groups);
        if (!ret->groups)
                return -ENOMEM;
        for (int i = 0; i < count; i++)
                if (group_name(ret->gids[i], &ret->groups[n]) >= 0)
                        n++;
        return 0;
}

int identity_lookup(uid_t uid, User *ret) {
        _cleanup_free_ char *buffer = NULL;
        struct passwd passwd;
        int r;

        *ret = (User){ .uid = uid };
        r = lookup_passwd(uid, &passwd, &buffer);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        ret->name = strdup(passwd.pw_name);
        if (!ret->name)
                return -ENOMEM;
        return lookup_groups(passwd.pw_name, passwd.pw_gid, ret);
}

int identity_refresh(User *user) {
        User fresh;
        int r = identity_lookup(user->uid, &fresh);

        if (r >= 0 && !fresh.name && user->name)
                r = -ENOENT;
        if (r < 0 && user->name) {
                user_done(&fresh);
                return r;
        }
        user_done(user);
        *user = fresh;
        return r;
}
