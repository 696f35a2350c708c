/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How limits get onto slices. */
typedef enum BackendKind {
        BACKEND_AUTO,    /* whatever suits the host */
        BACKEND_SYSTEMD, /* over D-Bus, by systemd */
        BACKEND_CGROUP1, /* through the files of version 1's hierarchies */
        BACKEND_CGROUP2, /* through the files of the unified tree */
        _BACKEND_KIND_COUNT,
} BackendKind;

/* "auto", "systemd", "cgroup1", "cgroup2": the words of Backend=. */
const char *backend_kind_to_string(BackendKind kind);

/* Returns a BackendKind, or -EINVAL. */
int backend_kind_from_string(const char *s);
