/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* A group's memory.events or memory.events.local: how often something happened since the group was made. In
 * memory.events the whole subtree counts, in memory.events.local the group alone. */
typedef struct MemoryEvents {
        uint64_t high;           /* memory.high was exceeded */
        uint64_t max;            /* memory.max was about to be exceeded */
        uint64_t oom;            /* nothing could be reclaimed below the limit; counted where the limit is */
        uint64_t oom_kill;       /* processes killed; counted where the victim was */
        uint64_t oom_group_kill; /* times that a whole group was killed at once (memory.oom.group) */
} MemoryEvents;

/* 0, or -EBADMSG: oom or oom_kill is not there, or something that is is no number. The others are 0 where
 * the kernel does not have them. */
int memory_events_parse(const char *text, size_t length, MemoryEvents *ret);
