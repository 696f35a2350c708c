/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/time-util.h"
#include "cgroup/process.h"
#include "model/user.h"

/* Strays: processes that a user runs outside of user-UID.slice, where nothing that is set on the slice holds
 * for them: CGI programs by suexec, jobs of a cron without pam_systemd, `sudo -i` and `su` in somebody
 * else's session. A process is a stray of the user with UID U if all of this is true of it:
 *
 *   1. Its real, effective, saved and file system UID are all U. Who can go back to another identity is a
 *      service that only acts for the user, such as smbd.
 *   2. U may be a person's: it is at least `min_uid`, and not one from 61184 to 65535, which are systemd's
 *      dynamic users, nobody, and "no UID". Whether the user is to be managed the caller knows.
 *   3. It is no kernel thread, and not dead already.
 *   4. It is in our own PID and user namespace: others are containers', and sandboxes. (Kernels before 4.1
 *      do not tell; nothing is a stray there.)
 *   5. Its group is a unit, *.service or *.scope, with nothing but slices above it. What is below a unit was
 *      made by somebody to whom the unit is delegated; what is beside the slices (/docker, /lxc.payload.x)
 *      by somebody who does not ask systemd.
 *   6. The unit is not delegated (user.delegate or trusted.delegate on its directory), is not init.scope,
 *      not user@*.service, and not below machine.slice.
 *   7. The unit is not below the slice of U.
 *   8. Outside of users' slices: the unit's oldest process is not one of U. A service with User=U, or whose
 *      start script went over to U, was set up to run as U on purpose. The oldest is the main process
 *      nearly always; a stray that outlived the unit's main process (KillMode=process) is left alone, and
 *      with it all of U in the unit, until it ends.
 *   9. In all other hierarchies of cgroup v1 its group is the unit's or above it: else a batch system, or
 *      another such service, looks after it.
 *
 * So a process under way from root to the user (login, sshd, su before pam_systemd has moved it) may look
 * like a stray for a moment, and what ends at once is not worth a move: `min_age_usec` leaves these out. */

#define STRAY_DYNAMIC_UID_FIRST 61184U
#define STRAY_DYNAMIC_UID_LAST  65535U

typedef struct Stray {
        Process process;
        char *group; /* as in /proc/PID/cgroup; its last part is the unit's directory. Untrusted, as comm */
} Stray;

typedef struct Strays {
        Stray *item; /* by UID, then by group, then by age */
        size_t count, allocated;
} Strays;

typedef struct StrayQuery {
        int proc_fd; /* of /proc */
        int tree_fd; /* the root of the hierarchy that has all units: unified, or name=systemd */
        uid_t min_uid;
        uid_t only_uid;      /* UID_INVALID: all */
        usec_t min_age_usec; /* in whole seconds; 0: all, and /proc/uptime is not read */
} StrayQuery;

/* Looks through the groups, not through /proc, so that it costs little where users run what they run in
 * their own slices: a read for each unit, a stat for each process of a unit that is not below a user's
 * user@UID.service, and four reads for what may be a stray. Processes and groups that go meanwhile are left
 * out. More than STRAYS_MAX are left for the next time.
 *
 * Returns 0, also if there are none; -EACCES if other users' processes are hidden from us (hidepid=,
 * ProtectProc=), or another negative errno. *ret must be empty, and is on failure. */
int strays_find(const StrayQuery *query, Strays *ret);

#define STRAYS_MAX 4096

void strays_done(Strays *strays);

/* Rule 2. */
bool stray_uid_is_possible(uid_t uid, uid_t min_uid);

/* Whether the process, as process_open() gives it, is in `group` as systemd has put it there: in systemd's
 * own hierarchy (name=systemd, where there is none the unified one) its group is this, and in all others
 * this or one above it. Elsewhere somebody else has put it, and takes care of it (rule 9). Also false if
 * that cannot be read. */
bool stray_is_in(int process_fd, const char *group);

/* The same of the text of /proc/PID/cgroup. */
bool stray_groups_are(const char *text, const char *group);

/* Whether it is still the same process, and where it was. */
bool stray_is_still_there(int proc_fd, const Stray *stray);
