/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is taken as an address stands in a header and in a command of SMTP as it is. */

#include <assert.h>
#include <string.h>

#include "basic/mail-address.h"
#include "fuzz.h"
#include "report/address-map.h"

static void ignore(unsigned line, const char *why, void *userdata) {
        assert(line > 0 && why && !userdata);
}

/* A map of users with these bytes in it, and a user called so. */
static void check_map(const uint8_t *data, size_t size) {
        char address[MAIL_ADDRESS_MAX + 1], name[512];
        AddressMap *map = NULL;

        if (address_map_parse((const char *) data, size, ignore, NULL, &map) < 0)
                return;
        memcpy(name, data, size);
        name[size] = '\0';
        if (address_of_user(map, "@USER@@example.org", name, address) >= 0)
                assert(mail_address_is_valid(address));
        name[strcspn(name, ":")] = '\0';
        if (address_of_user(map, NULL, name, address) >= 0)
                assert(mail_address_is_valid(address));
        address_map_free(map);
}

int fuzz_mail_address(const uint8_t *data, size_t size) {
        char address[512];
        const char *at;

        if (size >= sizeof address)
                return 0;
        check_map(data, size);
        memcpy(address, data, size);
        address[size] = '\0';
        if (!mail_address_is_valid(address))
                return 0;
        at = strchr(address, '@');
        assert(at && at > address && at[1] != '\0' && !strchr(at + 1, '@'));
        assert(strlen(address) <= MAIL_ADDRESS_MAX && address[0] != '-');
        for (const char *c = address; *c; c++)
                assert(*c > ' ' && *c < 0x7f && !strchr("\"(),:;<>[\\]", *c));
        return 0;
}
