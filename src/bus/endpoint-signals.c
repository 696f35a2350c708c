/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus/endpoint-internal.h"

/* What is told without being asked for. */

/* On the bus nobody can be left out, and the bus itself sees to who does not read. A signal for a peer whose
 * handshake is not over would wait for that, and the handshake for the signal: nothing more is taken from a
 * peer before it has fetched what there is. */
static bool may_be_told(const Endpoint *endpoint, uid_t about) {
        uint64_t waiting;

        if (!endpoint->is_peer)
                return true;
        return (endpoint->peer.uid == 0 || endpoint->peer.uid == about) &&
               sd_bus_is_ready(endpoint->bus) > 0 &&
               sd_bus_get_n_queued_write(endpoint->bus, &waiting) >= 0 && waiting < ENDPOINT_SIGNALS_MAX;
}

/* What is about the host is for everybody who reads. */
static bool may_be_told_of_host(const Endpoint *endpoint) {
        return may_be_told(endpoint, endpoint->peer.uid);
}

static int append_interface(Endpoint *endpoint, sd_bus_message *m, const SliceInterface *interface) {
        int r = sd_bus_message_open_container(m, 'e', "sa{sv}");

        if (r >= 0)
                r = sd_bus_message_append_basic(m, 's', interface->name);
        if (r >= 0)
                r = properties_append(endpoint, m, interface, SD_BUS_VTABLE_PROPERTY_CONST);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_interfaces(Endpoint *endpoint, sd_bus_message *m, const SliceFigures *slice) {
        int r = sd_bus_message_open_container(m, 'a', "{sa{sv}}");

        endpoint->view = (SliceView){ .figures = slice };
        for (size_t i = 0; i < SLICE_INTERFACES && r >= 0; i++)
                if (slice_has_interface(slice, &slice_interfaces[i]))
                        r = append_interface(endpoint, m, &slice_interfaces[i]);
        endpoint->view = (SliceView){};
        return r < 0 ? r : sd_bus_message_close_container(m);
}

/* Not sd_bus_emit_object_added(), which would tell everybody all figures. */
static int tell_added(const SliceFigures *slice, void *userdata) {
        _cleanup_(bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_free_ char *path = NULL;
        Endpoint *endpoint = userdata;
        int r;

        if (!may_be_told(endpoint, slice->uid))
                return 0;
        r = slice_path_encode(slice->name, &path);
        if (r >= 0)
                r = sd_bus_message_new_signal(endpoint->bus, &m, MANAGER_PATH, OBJECT_MANAGER_INTERFACE,
                                              "InterfacesAdded");
        if (r >= 0)
                r = sd_bus_message_append_basic(m, 'o', path);
        if (r >= 0)
                r = append_interfaces(endpoint, m, slice);
        return r < 0 ? r : sd_bus_send(endpoint->bus, m, NULL);
}

void endpoint_slice_added(Endpoint *endpoint, const char *slice) {
        (void) endpoint->operations->slice(slice, tell_added, endpoint, endpoint->operations->userdata);
}

/* The slice may be gone already, and sd-bus would ask about it. */
void endpoint_slice_removed(Endpoint *endpoint, const char *slice, uid_t uid) {
        _cleanup_free_ char *path = NULL;

        if (!may_be_told(endpoint, uid) || slice_path_encode(slice, &path) < 0)
                return;
        if (uid == UID_INVALID)
                (void) sd_bus_emit_signal(endpoint->bus, MANAGER_PATH, OBJECT_MANAGER_INTERFACE,
                                          "InterfacesRemoved", "oas", path, 1, SLICE_INTERFACE);
        else
                (void) sd_bus_emit_signal(endpoint->bus, MANAGER_PATH, OBJECT_MANAGER_INTERFACE,
                                          "InterfacesRemoved", "oas", path, 2, SLICE_INTERFACE,
                                          USER_SLICE_INTERFACE);
}

void endpoint_limits_changed(Endpoint *endpoint, const char *slice, uid_t uid) {
        _cleanup_free_ char *path = NULL;

        if (!may_be_told(endpoint, uid) || slice_path_encode(slice, &path) < 0)
                return;
        (void) sd_bus_emit_signal(endpoint->bus, MANAGER_PATH, MANAGER_INTERFACE, "LimitsChanged", "so",
                                  slice, path);
        (void) sd_bus_emit_properties_changed(endpoint->bus, path, SLICE_INTERFACE, "ConfiguredLimits",
                                              NULL);
}

void endpoint_contended(Endpoint *endpoint, bool contended) {
        if (!may_be_told_of_host(endpoint))
                return;
        (void) sd_bus_emit_signal(endpoint->bus, MANAGER_PATH, MANAGER_INTERFACE, "Contended", "b",
                                  (int) contended);
        (void) sd_bus_emit_properties_changed(endpoint->bus, MANAGER_PATH, MANAGER_INTERFACE, "Contended",
                                              NULL);
}

static void tell_event(Endpoint *endpoint, const char *signal, const char *slice, uid_t uid,
                       uint64_t event) {
        _cleanup_free_ char *path = NULL;

        if (may_be_told(endpoint, uid) && slice_path_encode(slice, &path) >= 0)
                (void) sd_bus_emit_signal(endpoint->bus, MANAGER_PATH, MANAGER_INTERFACE, signal, "sot",
                                          slice, path, event);
}

void endpoint_memory_warning(Endpoint *endpoint, const char *slice, uid_t uid, uint64_t event) {
        tell_event(endpoint, "MemoryWarning", slice, uid, event);
}

void endpoint_out_of_memory(Endpoint *endpoint, const char *slice, uid_t uid, uint64_t event) {
        tell_event(endpoint, "OutOfMemory", slice, uid, event);
}
