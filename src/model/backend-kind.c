/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/backend-kind.h"

#include <errno.h>
#include <string.h>

static const char *const names[_BACKEND_KIND_COUNT] = {
        [BACKEND_AUTO] = "auto",
        [BACKEND_SYSTEMD] = "systemd",
        [BACKEND_CGROUP1] = "cgroup1",
        [BACKEND_CGROUP2] = "cgroup2",
};

const char *backend_kind_to_string(BackendKind kind) {
        return names[kind];
}

int backend_kind_from_string(const char *s) {
        for (int i = 0; i < _BACKEND_KIND_COUNT; i++)
                if (strcmp(s, names[i]) == 0)
                        return i;
        return -EINVAL;
}
