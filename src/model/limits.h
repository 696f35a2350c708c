/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/format.h"

/* The limits of a slice that fairslice sets, by systemd's names and in systemd's units, so that a value can
 * go from the configuration to the bus and be compared with the kernel's without being translated. */
typedef enum Limit {
        LIMIT_CPU_QUOTA,       /* CPUQuotaPerSecUSec: µs of CPU a second, > 0 */
        LIMIT_CPU_WEIGHT,      /* CPUWeight: 1 - 10000 */
        LIMIT_MEMORY_MAX,      /* MemoryMax: bytes, >= 1 */
        LIMIT_MEMORY_HIGH,     /* MemoryHigh: bytes, >= 1 */
        LIMIT_MEMORY_SWAP_MAX, /* MemorySwapMax: bytes, >= 0 */
        _LIMIT_COUNT,
} Limit;

#define LIMIT_UNSET        UINT64_MAX
#define CPU_WEIGHT_DEFAULT UINT64_C(100)
#define CPU_WEIGHT_MIN     UINT64_C(1)
#define CPU_WEIGHT_MAX     UINT64_C(10000)

/* A set of limits as bits, 1 << LIMIT_… */
typedef uint8_t LimitMask;
#define LIMIT_MASK_ALL    ((LimitMask) ((1U << _LIMIT_COUNT) - 1))
#define LIMIT_MASK_CPU    ((LimitMask) (1U << LIMIT_CPU_QUOTA | 1U << LIMIT_CPU_WEIGHT))
#define LIMIT_MASK_MEMORY ((LimitMask) (LIMIT_MASK_ALL & ~LIMIT_MASK_CPU))

typedef struct Limits {
        uint64_t value[_LIMIT_COUNT]; /* LIMIT_UNSET: no limit */
} Limits;

#define LIMITS_UNSET \
        ((Limits){ .value = { LIMIT_UNSET, LIMIT_UNSET, LIMIT_UNSET, LIMIT_UNSET, LIMIT_UNSET } })

/* The property of org.freedesktop.systemd1.Slice. */
const char *limit_to_string(Limit limit);

/* The value as it is written in a unit file: "84%", "512M", "100", "infinity". Returns the buffer. */
const char *limit_format(FormatBuffer buffer, Limit limit, uint64_t value);

/* Returns a Limit, or -EINVAL. */
int limit_from_string(const char *s);

/* Copies the limits of the mask and leaves the others. */
void limits_copy(Limits *to, const Limits *from, LimitMask mask);

/* Which limits of the mask have different values in the two. */
LimitMask limits_differ(const Limits *a, const Limits *b, LimitMask mask);

/* One limit as somebody sets it. */
typedef struct LimitSetting {
        Limit limit;
        uint64_t value; /* as in Limits; with of_ram 1/10000 of the host's memory */
        bool of_ram;
} LimitSetting;

/* As it stands in a file of the configuration, to the last byte: "150%", "8G", "1234567", "12.5%",
 * "infinity". Returns the buffer. */
const char *limit_setting_format(FormatBuffer buffer, const LimitSetting *setting);
