/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/bus-peer.h"
#include "bus/access.h"
#include "bus/caller-pid.h"
#include "bus/endpoint.h"
#include "model/names.h"

#define OBJECT_MANAGER_INTERFACE "org.freedesktop.DBus.ObjectManager"

/* What the objects of one connection share. */

/* The slice that is being asked about, while its properties are read. */
typedef struct SliceView {
        const SliceFigures *figures; /* NULL: none is */
        bool usage_read;
        SliceUsage usage;
} SliceView;

struct Endpoint {
        sd_bus *bus;
        const BusOperations *operations;
        Access *access;
        bool is_peer; /* the private socket */
        EndpointPeer peer;
        CallerPids *pids; /* on the bus */
        SliceView view;
        sd_bus_slot *manager, *object_manager, *slice, *user_slice, *nodes, *filter;
};

/* endpoint.c */

/* The error for who may not; `what` goes after "may": "see others' figures". */
int endpoint_denied(const Endpoint *endpoint, sd_bus_error *error, const char *action, const char *what);
/* The error for what an operation returned about this slice. */
int endpoint_slice_error(sd_bus_error *error, int r, const char *slice);
/* InvalidArgs unless this can be a slice's name. */
int endpoint_check_name(const char *slice, sd_bus_error *error);
/* Who owns the slice; UID_INVALID: nobody. -ENOENT if it is not there now. */
int endpoint_slice_uid(const Endpoint *endpoint, const char *slice, uid_t *ret);
/* Who owns the slice, by its figures, or by its name if it is not there now. UID_INVALID: nobody. */
int endpoint_slice_owner(const Endpoint *endpoint, const char *slice, uid_t *ret);
/* Calls the visitor for all slices, or for the caller's own alone, which costs no more than that. */
int endpoint_slices_of(const Endpoint *endpoint, uid_t caller, bool all, SliceVisitor visitor,
                       void *userdata);

/* slice-path.c */

/* The object's path; to be freed. */
int slice_path_encode(const char *slice, char **ret);
/* -EINVAL unless it is exactly what a slice's name is encoded as. */
int slice_path_decode(const char *path, SliceName ret);

/* slice-object.c */

typedef struct SliceInterface {
        const char *name;
        const sd_bus_vtable *vtable; /* properties alone; ends with SD_BUS_VTABLE_END */
        bool of_users;               /* only slices of users have it */
} SliceInterface;

#define SLICE_INTERFACES 2U
extern const SliceInterface slice_interfaces[SLICE_INTERFACES];

bool slice_has_interface(const SliceFigures *slice, const SliceInterface *interface);
int slice_object_attach(Endpoint *endpoint);

/* properties.c */

/* Appends the properties of one interface as a{sv}: those that have all of the flags. The view is set. */
int properties_append(Endpoint *endpoint, sd_bus_message *m, const SliceInterface *interface,
                      uint64_t flags);
/* Answers what is asked about the properties of slices; see there. */
int properties_filter(sd_bus_message *m, void *userdata, sd_bus_error *error);

/* manager-object.c */
int manager_object_attach(Endpoint *endpoint);

/* manager-slices.c */
int manager_on_list_slices(sd_bus_message *m, void *userdata, sd_bus_error *error);
int manager_on_get_slice(sd_bus_message *m, void *userdata, sd_bus_error *error);
int manager_on_get_slice_by_uid(sd_bus_message *m, void *userdata, sd_bus_error *error);
int manager_on_get_slice_by_pid(sd_bus_message *m, void *userdata, sd_bus_error *error);

/* manager-limits.c */
int manager_on_set_limits(sd_bus_message *m, void *userdata, sd_bus_error *error);
int manager_on_reset_limits(sd_bus_message *m, void *userdata, sd_bus_error *error);
int manager_on_get_settings(sd_bus_message *m, void *userdata, sd_bus_error *error);

/* manager-reports.c */
int manager_on_get_history(sd_bus_message *m, void *userdata, sd_bus_error *error);
int manager_on_list_events(sd_bus_message *m, void *userdata, sd_bus_error *error);
int manager_on_check(sd_bus_message *m, void *userdata, sd_bus_error *error);
