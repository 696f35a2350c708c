/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>

#include "backend/cgroup1-internal.h"
#include "cgroup/v1.h"

/* Version 1 has a limit of memory and one of memory and swap together, of which the first must never be
 * above the second. A limit below what is in use is taken only when the kernel has reclaimed as much, in the
 * writer's time; when nothing more can be reclaimed it is refused with EBUSY and stays what it was
 * (mem_cgroup_resize_max() in mm/memcontrol-v1.c). Nobody is killed for it. */

#define MAX_BIT  ((LimitMask) 1U << LIMIT_MEMORY_MAX)
#define HIGH_BIT ((LimitMask) 1U << LIMIT_MEMORY_HIGH)
#define SWAP_BIT ((LimitMask) 1U << LIMIT_MEMORY_SWAP_MAX)

/* How often a limit is tried above what is in use, each time with more room: use goes on changing. */
#define SETTLE_TRIES 6U
/* Room at the second of these tries; four times as much at each further one. */
#define SETTLE_ROOM_BYTES (UINT64_C(64) << 10)

/* A write is ended by a signal at most so often. */
#define INTERRUPTS_MAX 16U

typedef struct MemoryFile {
        Limit limit; /* the one that fails if it cannot be written */
        const char *name, *usage;
} MemoryFile;

static const MemoryFile limit_file = {
        LIMIT_MEMORY_MAX,
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
};
static const MemoryFile memsw_file = {
        LIMIT_MEMORY_SWAP_MAX,
        "memory.memsw.limit_in_bytes",
        "memory.memsw.usage_in_bytes",
};

/* What the two files hold. */
typedef struct Standing {
        uint64_t limit, memsw; /* LIMIT_UNSET: no limit */
        bool has_memsw;
} Standing;

static uint64_t page_size(void) {
        return (uint64_t) sysconf(_SC_PAGESIZE);
}

static uint64_t whole_pages(uint64_t bytes) {
        return bytes == LIMIT_UNSET ? LIMIT_UNSET : bytes - bytes % page_size();
}

static const char *format_bytes(char *buffer, size_t size, uint64_t bytes) {
        if (bytes == LIMIT_UNSET)
                snprintf(buffer, size, "-1");
        else
                snprintf(buffer, size, "%" PRIu64, bytes);
        return buffer;
}

static int write_bytes(int group_fd, const char *file, uint64_t bytes) {
        char text[24];

        return raw_write(group_fd, file, format_bytes(text, sizeof text, bytes));
}

static void fail_to_write(RawChange *change, const MemoryFile *file, uint64_t bytes, int error) {
        char text[24];

        raw_fail(change, 1U << file->limit, error, "%s: cannot write %s: %m", file->name,
                 format_bytes(text, sizeof text, bytes));
}

static int read_limit(int group_fd, const char *file, uint64_t *ret) {
        uint64_t bytes;
        int r = raw_read(group_fd, file, &bytes);

        if (r >= 0)
                *ret = memory_limit_from_v1(bytes, page_size());
        return r;
}

static int read_standing(int group_fd, Standing *ret) {
        int r = read_limit(group_fd, limit_file.name, &ret->limit);

        if (r < 0)
                return r;
        r = read_limit(group_fd, memsw_file.name, &ret->memsw);
        ret->has_memsw = r != -ENOENT;
        if (!ret->has_memsw)
                ret->memsw = LIMIT_UNSET;
        return r == -ENOENT ? 0 : r;
}

/* MemoryMax and MemorySwapMax, of which the one that is not asked for stays what it is, become what the two
 * files are to hold. */
static void plan(RawChange *change, const Standing *standing) {
        uint64_t *max = &change->limits.value[LIMIT_MEMORY_MAX];
        uint64_t *swap = &change->limits.value[LIMIT_MEMORY_SWAP_MAX];
        bool asked = change->todo & SWAP_BIT;

        change->memory_planned = true;
        if (!(change->todo & MAX_BIT))
                *max = standing->limit;
        if (!asked && standing->memsw != LIMIT_UNSET)
                *swap = standing->memsw - MIN(standing->limit, standing->memsw);
        if (asked && *swap != LIMIT_UNSET && !standing->has_memsw)
                raw_fail(change, SWAP_BIT, -EOPNOTSUPP, "%s: the kernel does not account for swap",
                         memsw_file.name);
        else if (asked && *swap != LIMIT_UNSET && *max == LIMIT_UNSET)
                raw_fail(change, SWAP_BIT, -EOPNOTSUPP,
                         "%s: version 1 limits memory and swap together, so MemorySwapMax= needs MemoryMax=",
                         memsw_file.name);
        if (*max == LIMIT_UNSET)
                *swap = LIMIT_UNSET;
        *max = whole_pages(*max);
        *swap = whole_pages(*swap);
        change->todo = standing->has_memsw ? change->todo | SWAP_BIT : change->todo & ~SWAP_BIT;
}

/* What is to be in memory.memsw.limit_in_bytes. Where the other limit could not be lowered, not less than
 * that. */
static uint64_t memsw_target(const RawChange *change, const Standing *standing) {
        uint64_t max = change->limits.value[LIMIT_MEMORY_MAX];
        uint64_t swap = change->limits.value[LIMIT_MEMORY_SWAP_MAX];

        if (swap == LIMIT_UNSET || max > LIMIT_UNSET - swap)
                return LIMIT_UNSET;
        return change->todo & MAX_BIT ? max + swap : MAX(max + swap, standing->limit);
}

static RawOutcome written(RawChange *change, const MemoryFile *file) {
        change->todo &= ~((LimitMask) 1U << file->limit);
        change->tries = change->interrupts = 0;
        change->lowered = UINT64_MAX;
        return change->todo & LIMIT_MASK_MEMORY ? RAW_AGAIN : RAW_DONE;
}

/* As low as the kernel could be brought to go. */
static RawOutcome give_up(RawChange *change, const MemoryFile *file, uint64_t target, uint64_t reached) {
        char text[24];

        raw_fail(change, 1U << file->limit, -EBUSY, "%s: cannot write %" PRIu64 ": %m, it is at %s",
                 file->name, target, format_bytes(text, sizeof text, reached));
        return written(change, file);
}

/* After the kernel has refused the target it has reclaimed what it could: the limit goes just above what is
 * in use. */
static uint64_t settle(const RawChange *change, uint64_t target, uint64_t in_use) {
        uint64_t room = change->tries > 1 ? SETTLE_ROOM_BYTES << 2 * (change->tries - 2) : 0;

        return MAX(target, whole_pages(in_use + room + page_size() - 1));
}

/* In steps, unless one was taken and use is above it: then the files are not the kernel's, or they lie. */
static uint64_t next_step(const RawChange *change, uint64_t standing, uint64_t target, uint64_t in_use) {
        if (change->tries > 0)
                return settle(change, target, in_use);
        return in_use > change->lowered ? target : raw_next_lower(standing, target, in_use);
}

static RawOutcome lower(RawChange *change, const MemoryFile *file, int group_fd, uint64_t standing,
                        uint64_t target) {
        uint64_t in_use, next;
        int r = raw_read(group_fd, file->usage, &in_use);

        if (r < 0 || in_use > INT64_MAX)
                in_use = 0;
        next = next_step(change, standing, target, in_use);
        if (next >= standing)
                return give_up(change, file, target, standing);
        r = write_bytes(group_fd, file->name, next);
        if (r == -EINTR && change->interrupts++ < INTERRUPTS_MAX)
                return RAW_AGAIN;
        if (r == -EBUSY && change->tries++ < SETTLE_TRIES)
                return RAW_AGAIN;
        if (r == -EBUSY)
                return give_up(change, file, target, standing);
        if (r < 0)
                fail_to_write(change, file, next, r);
        if (r < 0 || next == target)
                return written(change, file);
        if (change->tries > 0)
                return give_up(change, file, target, next);
        change->lowered = next;
        return RAW_AGAIN;
}

static RawOutcome move(RawChange *change, const MemoryFile *file, int group_fd, uint64_t standing,
                       uint64_t target) {
        int r;

        if (target < standing)
                return lower(change, file, group_fd, standing, target);
        r = write_bytes(group_fd, file->name, target);
        if (r < 0)
                fail_to_write(change, file, target, r);
        return written(change, file);
}

static RawOutcome write_both(RawChange *change, int group_fd) {
        uint64_t max, memsw;
        Standing standing;
        int r = read_standing(group_fd, &standing);

        if (r < 0) {
                raw_fail(change, MAX_BIT | SWAP_BIT, r, "%s: cannot be read: %m", limit_file.name);
                return RAW_DONE;
        }
        if (!change->memory_planned)
                plan(change, &standing);
        max = change->limits.value[LIMIT_MEMORY_MAX];
        memsw = memsw_target(change, &standing);
        if (max == standing.limit)
                change->todo &= ~MAX_BIT;
        if (memsw == standing.memsw)
                change->todo &= ~SWAP_BIT;
        if (change->todo & SWAP_BIT && (!(change->todo & MAX_BIT) || max > standing.memsw))
                return move(change, &memsw_file, group_fd, standing.memsw, memsw);
        if (change->todo & MAX_BIT)
                return move(change, &limit_file, group_fd, standing.limit, max);
        return RAW_DONE;
}

/* Makes nobody wait: the kernel goes by it when memory is short. */
static void write_soft_limit(RawChange *change, int group_fd) {
        char text[24];

        raw_write_limit(change, LIMIT_MEMORY_HIGH, group_fd, "memory.soft_limit_in_bytes",
                        format_bytes(text, sizeof text, change->limits.value[LIMIT_MEMORY_HIGH]));
        change->todo &= ~HIGH_BIT;
}

RawOutcome cgroup1_write_memory(RawChange *change, int group_fd) {
        if (change->todo & HIGH_BIT)
                write_soft_limit(change, group_fd);
        return change->todo & LIMIT_MASK_MEMORY ? write_both(change, group_fd) : RAW_DONE;
}
