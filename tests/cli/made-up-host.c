/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The host that the golden outputs are of: its clock, its name and its users, instead of those of the host
 * that the tests are run on. Linked into fairslicectl with --wrap. */

#include <pwd.h>
#include <string.h>
#include <sys/utsname.h>

#include "support/fake-operations.h"

usec_t __wrap_now_realtime(void);
int __wrap_uname(struct utsname *name);
struct passwd *__wrap_getpwnam(const char *name);
struct passwd *__wrap_getpwuid(uid_t uid);

static struct passwd users[] = {
        { .pw_name = (char[]){ "root" }, .pw_uid = 0 },
        { .pw_name = (char[]){ "alice" }, .pw_uid = FAKE_ALICE },
        { .pw_name = (char[]){ "bob" }, .pw_uid = FAKE_BOB },
        { .pw_name = (char[]){ "carol" }, .pw_uid = FAKE_CAROL },
        { .pw_name = (char[]){ "dave" }, .pw_uid = FAKE_DAVE },
        { .pw_name = (char[]){ "erin" }, .pw_uid = 1004 }, /* not logged in */
};

usec_t __wrap_now_realtime(void) {
        return FAKE_NOW;
}

int __wrap_uname(struct utsname *name) {
        *name = (struct utsname){ .nodename = "lab" };
        return 0;
}

struct passwd *__wrap_getpwnam(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(users); i++)
                if (strcmp(users[i].pw_name, name) == 0)
                        return &users[i];
        return NULL;
}

struct passwd *__wrap_getpwuid(uid_t uid) {
        for (size_t i = 0; i < ELEMENTSOF(users); i++)
                if (users[i].pw_uid == uid)
                        return &users[i];
        return NULL;
}
