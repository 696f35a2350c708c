/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "model/limits.h"
#include "model/slice-name.h"

/* A host in a temporary directory: the cgroup tree with its counters, /sys, /proc, /run/fairslice and a root
 * directory for the configuration. It does what PID 1 and the kernel do to the files. */
typedef struct Fixture Fixture;

/* Two CPUs, the unified tree, systemd as PID 1, a user.slice, no users, an empty configuration. */
Fixture *fixture_new(void);
Fixture *fixture_free(Fixture *fixture);

/* Absolute, the fixture's. */
const char *fixture_cgroup_path(const Fixture *fixture);
const char *fixture_sysfs_path(const Fixture *fixture);
const char *fixture_runtime_path(const Fixture *fixture);
const char *fixture_state_path(const Fixture *fixture); /* of a directory that is not there yet */
const char *fixture_spool_path(const Fixture *fixture); /* an empty directory, for mail */
const char *fixture_root_path(const Fixture *fixture);
const char *fixture_proc_path(const Fixture *fixture);

/* A file of the host below the fixture's directory: "proc/self/mountinfo". */
void fixture_put_host(Fixture *fixture, const char *path, const char *text);

/* The whole of fairsliced.conf. */
void fixture_configure(Fixture *fixture, const char *text);

/* A file of control.d, for now or for good; NULL removes it. The directory has to be there. */
void fixture_control(Fixture *fixture, bool runtime, const char *name, const char *text);

/* The ledger's file; "" if there is none. The caller frees it. */
char *fixture_ledger(const Fixture *fixture);
void fixture_write_ledger(Fixture *fixture, const char *text);

/* A user's slice with all controllers; the values that PID 1 has in its drop-ins stand in it. */
void fixture_add_user(Fixture *fixture, uid_t uid);
/* The same before any controller is on: cpu.stat only. */
void fixture_add_bare_user(Fixture *fixture, uid_t uid);
void fixture_remove_user(Fixture *fixture, uid_t uid);
void fixture_remove_user_slice(Fixture *fixture); /* with all that is in it */
void fixture_add_user_slice(Fixture *fixture);

/* A file of a user's slice. */
void fixture_put(Fixture *fixture, uid_t uid, const char *file, const char *text);
/* A number in it, or the first one; UINT64_MAX: "max"; 0 if there is no such file. */
uint64_t fixture_get(const Fixture *fixture, uid_t uid, const char *file);

/* What the kernel holds, in the units of the model: LIMIT_UNSET if there is no such file. */
uint64_t fixture_limit(const Fixture *fixture, uid_t uid, Limit limit);
void fixture_set_limit(Fixture *fixture, uid_t uid, Limit limit, uint64_t value);

/* What PID 1 does with SetUnitProperties: kept for ever, and in the files of the slice if there is one. */
void fixture_apply(Fixture *fixture, const char *slice, const Limits *limits, LimitMask mask);
/* PID 1 has lost its drop-ins and has set everything to what it is without them. */
void fixture_lose_all(Fixture *fixture);

/* Lets the user's processes run for so long: they use what they want of the CPU and what the quota in
 * cpu.max allows. */
void fixture_run(Fixture *fixture, uid_t uid, uint64_t usec, uint64_t wanted_per_sec);
/* From now on user.slice counts what they have all used; it has no cpu.stat until then. */
void fixture_count_all_users(Fixture *fixture);
/* CPU time that is used outside of the users' slices. */
void fixture_run_outside(Fixture *fixture, uint64_t usec);
