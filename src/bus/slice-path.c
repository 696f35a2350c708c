/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "bus/endpoint-internal.h"

int slice_path_encode(const char *slice, char **ret) {
        return sd_bus_path_encode(SLICE_PATH_PREFIX, slice, ret);
}

/* Encoded again and compared, since sd-bus also decodes what it would never have written: "_2D", "_00". */
int slice_path_decode(const char *path, SliceName ret) {
        _cleanup_free_ char *name = NULL, *again = NULL;
        int r = sd_bus_path_decode(path, SLICE_PATH_PREFIX, &name);

        if (r < 0)
                return r;
        if (r == 0 || !slice_name_is_valid(name))
                return -EINVAL;
        r = slice_path_encode(name, &again);
        if (r < 0)
                return r;
        if (strcmp(again, path) != 0)
                return -EINVAL;
        strcpy(ret, name);
        return 0;
}
