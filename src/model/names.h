/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The names of org.fairslice1, for who serves it and for who calls it. docs/dbus.md says what they mean. */

#define BUS_NAME             "org.fairslice1"
#define MANAGER_PATH         "/org/fairslice1"
#define MANAGER_INTERFACE    "org.fairslice1.Manager"
#define SLICE_PATH_PREFIX    "/org/fairslice1/slice" /* and the slice's name, escaped as systemd escapes */
#define SLICE_INTERFACE      "org.fairslice1.Slice"
#define USER_SLICE_INTERFACE "org.fairslice1.UserSlice" /* slices that belong to a user have it besides */

/* D-Bus without a bus: the objects are the same. */
#define PRIVATE_SOCKET_DIRECTORY "/run/fairslice"
#define PRIVATE_SOCKET_NAME      "private"

#define ERROR_NO_SUCH_SLICE     "org.fairslice1.Error.NoSuchSlice"
#define ERROR_NO_SUCH_PROCESS   "org.fairslice1.Error.NoSuchProcess"
#define ERROR_NO_SUCH_USER      "org.fairslice1.Error.NoSuchUser"
#define ERROR_EXEMPT            "org.fairslice1.Error.Exempt"
#define ERROR_BAD_CONFIGURATION "org.fairslice1.Error.BadConfiguration"
#define ERROR_SHUTTING_DOWN     "org.fairslice1.Error.ShuttingDown"

/* What polkit is asked about. */
#define ACTION_READ_OTHERS        "org.fairslice1.read-others"
#define ACTION_SET_LIMITS_RUNTIME "org.fairslice1.set-limits-runtime"
#define ACTION_SET_LIMITS         "org.fairslice1.set-limits"
#define ACTION_RELOAD             "org.fairslice1.reload"
#define ACTION_RELEASE            "org.fairslice1.release"
