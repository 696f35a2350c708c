/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus/endpoint-internal.h"

int endpoint_denied(const Endpoint *endpoint, sd_bus_error *error, const char *action, const char *what) {
        if (!endpoint->is_peer)
                return access_denied(error, action, what);
        return sd_bus_error_setf(error, SD_BUS_ERROR_ACCESS_DENIED, "Only root may %s; call this as root.",
                                 what);
}

int endpoint_slice_error(sd_bus_error *error, int r, const char *slice) {
        switch (r) {
        case -ENOENT:
                return sd_bus_error_setf(error, ERROR_NO_SUCH_SLICE,
                                         "There is no slice %s; ListSlices() has those that are there.",
                                         slice);
        case -EHOSTUNREACH:
                return sd_bus_error_setf(error, ERROR_NO_SUCH_USER, "There is no user with the UID of %s.",
                                         slice);
        case -EPERM:
                return sd_bus_error_setf(error, ERROR_EXEMPT,
                                         "%s is left alone: its user is exempt (MinUID=, ExemptUsers= and "
                                         "ExemptGroups= say who is).",
                                         slice);
        case -EROFS:
                return sd_bus_error_set_errnof(error, EROFS,
                                               "Limits of %s cannot be kept, as the service may not write "
                                               "to its directory control.d; see its log.",
                                               slice);
        case -ESHUTDOWN:
                return sd_bus_error_set(error, ERROR_SHUTTING_DOWN,
                                        "The service is about to end; ask the next one.");
        default:
                return r;
        }
}

int endpoint_check_name(const char *slice, sd_bus_error *error) {
        return slice_name_is_valid(slice) ? 0
                                          : sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
                                                             "That is not the name of a slice; one is "
                                                             "\"user-1000.slice\".");
}

static int read_owner(const SliceFigures *slice, void *userdata) {
        *(uid_t *) userdata = slice->uid;
        return 0;
}

int endpoint_slice_uid(const Endpoint *endpoint, const char *slice, uid_t *ret) {
        return endpoint->operations->slice(slice, read_owner, ret, endpoint->operations->userdata);
}

int endpoint_slice_owner(const Endpoint *endpoint, const char *slice, uid_t *ret) {
        int r = endpoint_slice_uid(endpoint, slice, ret);

        if (r != -ENOENT)
                return r;
        if (slice_name_to_uid(slice, ret) < 0)
                *ret = UID_INVALID;
        return 0;
}

int endpoint_slices_of(const Endpoint *endpoint, uid_t caller, bool all, SliceVisitor visitor,
                       void *userdata) {
        const BusOperations *operations = endpoint->operations;
        SliceName name;
        int r;

        if (all)
                return operations->slices(visitor, userdata, operations->userdata);
        r = operations->slice(slice_name_for_uid(name, caller), visitor, userdata, operations->userdata);
        return r == -ENOENT ? 0 : r;
}

static int attach(Endpoint *endpoint) {
        int r = manager_object_attach(endpoint);

        if (r >= 0)
                r = slice_object_attach(endpoint);
        if (r >= 0)
                r = sd_bus_add_filter(endpoint->bus, &endpoint->filter, properties_filter, endpoint);
        return r;
}

static int new_endpoint(sd_bus *bus, const BusOperations *operations, Endpoint **ret) {
        Endpoint *endpoint = calloc(1, sizeof *endpoint);

        if (!endpoint)
                return -ENOMEM;
        endpoint->bus = sd_bus_ref(bus);
        endpoint->operations = operations;
        *ret = endpoint;
        return 0;
}

int endpoint_new(sd_bus *bus, const BusOperations *operations, Endpoint **ret) {
        _cleanup_(endpoint_freep) Endpoint *endpoint = NULL;
        int r = new_endpoint(bus, operations, &endpoint);

        if (r >= 0)
                r = access_new(bus, &endpoint->access);
        if (r >= 0)
                r = caller_pids_new(bus, &endpoint->pids);
        if (r >= 0)
                r = attach(endpoint);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(endpoint);
        return 0;
}

int endpoint_new_for_peer(sd_bus *bus, EndpointPeer peer, const BusOperations *operations, Endpoint **ret) {
        _cleanup_(endpoint_freep) Endpoint *endpoint = NULL;
        int r = new_endpoint(bus, operations, &endpoint);

        if (r < 0)
                return r;
        endpoint->is_peer = true;
        endpoint->peer = peer;
        r = access_new_for_peer(peer.uid, &endpoint->access);
        if (r >= 0)
                r = attach(endpoint);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(endpoint);
        return 0;
}

Endpoint *endpoint_free(Endpoint *endpoint) {
        if (!endpoint)
                return NULL;
        sd_bus_slot_unref(endpoint->filter);
        sd_bus_slot_unref(endpoint->nodes);
        sd_bus_slot_unref(endpoint->user_slice);
        sd_bus_slot_unref(endpoint->slice);
        sd_bus_slot_unref(endpoint->object_manager);
        sd_bus_slot_unref(endpoint->manager);
        caller_pids_free(endpoint->pids);
        access_free(endpoint->access);
        sd_bus_unref(endpoint->bus);
        free(endpoint);
        return NULL;
}
