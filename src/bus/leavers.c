/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus/leavers.h"

#include <string.h>

#define DBUS_NAME "org.freedesktop.DBus"
/* Nobody is the new owner. */
#define MATCH                                                                \
        "type='signal',sender='" DBUS_NAME "',path='/org/freedesktop/DBus'," \
        "interface='" DBUS_NAME "',member='NameOwnerChanged',arg2=''"

static int on_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error _unused_) {
        const char *sender = sd_bus_message_get_sender(m), *name, *owner;
        Leavers *leavers = userdata;

        /* sd-bus lets signals of others through; see basic/bus-peer.h. */
        if (!sender || strcmp(sender, DBUS_NAME) != 0 ||
            sd_bus_message_read(m, "sss", &name, NULL, &owner) < 0)
                return 0;
        if (name[0] == ':' && owner[0] == '\0')
                leavers->left(name, leavers->userdata);
        return 0;
}

int leavers_attach(Leavers *leavers, sd_bus *bus) {
        int r = sd_bus_add_match_async(bus, &leavers->match, MATCH, on_owner_changed, NULL, leavers);

        return r < 0 ? r : 0;
}

void leavers_detach(Leavers *leavers) {
        leavers->match = sd_bus_slot_unref(leavers->match);
}
