/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* Files that the kernel calls flat keyed: a line for each "KEY VALUE" (cpu.stat, memory.events,
 * memory.stat). Kernels add keys and reorder them, so a value is found by its key and nothing else. */
typedef struct FlatKey {
        const char *key;
        uint64_t *value; /* where it goes; left alone if the file does not have the key */
} FlatKey;

/* Finds the values of `keys` in the text, which need not end with NUL. Returns a mask of the keys that were
 * there, bit i for keys[i]; at most 31 keys. Lines with other keys are skipped, whatever they hold.
 * -EBADMSG if a wanted value is not a decimal number of 64 bits, a wanted key is there twice, or the text
 * does not end with a newline (it was cut, and so may be the number before). Values that were found before
 * the failure have been written: give it a struct of your own and copy it when all went well. */
int flat_keyed_parse(const char *text, size_t length, const FlatKey *keys, size_t n_keys);

/* Decimal digits with one newline at the end, or the word "max", which is UINT64_MAX: memory.max,
 * cpu.weight. 0, or -EBADMSG. */
int parse_single_value(const char *text, size_t length, uint64_t *ret);
