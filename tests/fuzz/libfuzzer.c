/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* libFuzzer's entry to the target that FUZZ_TARGET names. */

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        return FUZZ_TARGET(data, size);
}
