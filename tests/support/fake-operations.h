/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bus/operations.h"

/* A service that is made up, for what is above it: some users whose figures never change, and a record of
 * what it was told to do. */

/* The moment that the figures are of: 2026-01-01 12:00:00 UTC. */
#define FAKE_NOW      (UINT64_C(1767268800) * USEC_PER_SEC)
#define FAKE_INTERVAL (10 * USEC_PER_SEC)
#define FAKE_LOOKS    12U

/* The users, if no others are asked for. */
#define FAKE_ALICE    1000  /* held by her fair share since FAKE_NOW - 90 s */
#define FAKE_BOB      1001  /* below his share */
#define FAKE_CAROL    1002  /* held by CPUQuota=, near MemoryMax=; ran out of memory */
#define FAKE_DAVE     1003  /* exempt */
#define FAKE_NAMELESS 61184 /* the UID has no name; idle */
#define FAKE_USERS    5U

/* Others, "u0", "u1" …, if `many` is set; they are like alice. */
#define FAKE_MANY_FIRST 20000U

#define FAKE_SETTINGS_MAX 8U

typedef struct FakeOperations {
        BusOperations operations; /* the table; its userdata is this */
        HostFigures host;
        uid_t nameless; /* FAKE_NAMELESS; a bus lets in only whom the host knows, and a test may be one */
        size_t many;    /* so many users instead of the five */
        size_t looks;   /* that are kept */
        bool no_events; /* nothing has happened */
        unsigned more_events;    /* carol ran out of memory so often since */
        bool everybody_is_alice; /* all processes are in her slice */
        bool no_problems;

        /* What the operations return. */
        int set_result, reset_result, settings_result, reload_result, check_result, release_result,
                history_result;

        /* What was asked for. */
        unsigned rounds; /* over all slices */
        unsigned sets, resets, reloads, checks, releases;
        SliceName name; /* of the last set or reset */
        LimitSetting settings[FAKE_SETTINGS_MAX];
        size_t n_settings;
        bool runtime;
        uid_t by;
} FakeOperations;

/* All figures as above, all results 0 (1 of a reset). What is filled in must stay where it is. */
void fake_operations_init(FakeOperations *fake);
