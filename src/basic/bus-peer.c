/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/bus-peer.h"

#include <string.h>

#define DBUS_NAME      "org.freedesktop.DBus"
#define DBUS_PATH      "/org/freedesktop/DBus"
#define DBUS_INTERFACE "org.freedesktop.DBus"

static void set_owner(BusPeer *peer, const char *owner) {
        free(peer->owner);
        peer->owner = owner && *owner ? strdup(owner) : NULL;
        peer->changed(peer->owner, peer->userdata);
}

static int on_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error _unused_) {
        BusPeer *peer = userdata;
        const char *sender = sd_bus_message_get_sender(m), *name, *owner;

        if (!sender || strcmp(sender, DBUS_NAME) != 0 ||
            sd_bus_message_read(m, "sss", &name, NULL, &owner) < 0 || strcmp(name, peer->name) != 0)
                return 0;
        peer->query = sd_bus_slot_unref(peer->query); /* what it would answer is older */
        set_owner(peer, owner);
        return 0;
}

static int on_owner(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error _unused_) {
        BusPeer *peer = userdata;
        const char *owner = NULL;

        peer->query = sd_bus_slot_unref(peer->query);
        if (!sd_bus_message_is_method_error(reply, NULL))
                (void) sd_bus_message_read(reply, "s", &owner);
        set_owner(peer, owner);
        return 0;
}

int bus_peer_attach(BusPeer *peer, sd_bus *bus) {
        char match[256];
        int r;

        bus_peer_detach(peer);
        peer->bus = sd_bus_ref(bus);
        snprintf(match, sizeof match,
                 "type='signal',sender='" DBUS_NAME "',path='" DBUS_PATH "',interface='" DBUS_INTERFACE
                 "',member='NameOwnerChanged',arg0='%s'",
                 peer->name);
        r = sd_bus_add_match_async(bus, &peer->match, match, on_owner_changed, NULL, peer);
        if (r >= 0)
                r = sd_bus_call_method_async(bus, &peer->query, DBUS_NAME, DBUS_PATH, DBUS_INTERFACE,
                                             "GetNameOwner", on_owner, peer, "s", peer->name);
        if (r < 0)
                bus_peer_detach(peer);
        return r < 0 ? r : 0;
}

void bus_peer_detach(BusPeer *peer) {
        peer->match = sd_bus_slot_unref(peer->match);
        peer->query = sd_bus_slot_unref(peer->query);
        peer->bus = sd_bus_unref(peer->bus);
        free(peer->owner);
        peer->owner = NULL;
}

bool bus_peer_sent(const BusPeer *peer, sd_bus_message *m) {
        const char *sender = sd_bus_message_get_sender(m);

        return peer->owner && sender && strcmp(peer->owner, sender) == 0;
}
