/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/limits.h"

/* What puts limits on slices. systemd does it over D-Bus; the raw ones write cgroup files themselves. All of
 * them, and the fake of the tests, pass one contract test (tests/contract). */

typedef struct Backend Backend;

/* How a change ended. `error` is 0, or a negative errno with `message` in words; some of its limits may have
 * been set all the same. The slice may be gone by now, or may never have been there, which is -ENOENT.
 * -ECANCELED: no answer came (the backend went offline, its peer went away or was too slow), so that nobody
 * knows. Not called from within backend_set_limits(). */
typedef void (*BackendDone)(const char *slice, int error, const char *message, void *userdata);

typedef struct BackendHandlers {
        BackendDone done;
        /* Changes can be made from now on (online), or not until further notice. What was set before may
         * have been lost while the backend was offline. */
        void (*online)(bool online, void *userdata);
        /* Whoever owns the limits besides us begins to read its own configuration again (active), or has
         * done so: what the kernel holds may be something else from then on. The beginning may not be told.
         */
        void (*reloading)(bool active, void *userdata);
        void *userdata;
} BackendHandlers;

typedef struct BackendOps {
        const char *name; /* as in Backend= and in the journal: "systemd" */
        /* A change makes sense only while the slice has a group: there is nobody who would keep it for
         * later. */
        bool needs_group;
        /* What was set is lost in a reload (handlers.reloading), so that a difference found during it or
         * soon after it is nobody's doing. */
        bool reset_by_reload;
        int (*set_limits)(Backend *backend, const char *slice, const Limits *limits, LimitMask mask);
        Backend *(*free)(Backend *backend);
} BackendOps;

/* The first member of every backend. */
struct Backend {
        const BackendOps *ops;
        BackendHandlers handlers;
        bool is_online;
        unsigned pending; /* changes under way */
};

/* More changes than this are not given to a backend at once: dbus-daemon allows a connection 128 calls
 * without a reply, and PID 1 has other things to do. */
#define BACKEND_PENDING_MAX 64U

/* Starts one change that carries all limits of the mask; LIMIT_UNSET lifts one. There may be one change
 * under way for a slice. Returns 0 if handlers.done will be called, -ENOTCONN while offline, -EBUSY with
 * BACKEND_PENDING_MAX changes under way, or another negative errno. */
static inline int backend_set_limits(Backend *backend, const char *slice, const Limits *limits,
                                     LimitMask mask) {
        if (!backend->is_online)
                return -ENOTCONN;
        if (backend->pending >= BACKEND_PENDING_MAX)
                return -EBUSY;
        return backend->ops->set_limits(backend, slice, limits, mask);
}

/* Forgets changes under way without calling back. Takes NULL, returns NULL. */
static inline Backend *backend_free(Backend *backend) {
        return backend ? backend->ops->free(backend) : NULL;
}
DEFINE_CLEANUP(Backend *, backend_free)
