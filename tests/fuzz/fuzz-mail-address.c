/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is taken as an address stands in a header and in a command of SMTP as it is. */

#include <assert.h>
#include <string.h>

#include "basic/mail-address.h"
#include "fuzz.h"

int fuzz_mail_address(const uint8_t *data, size_t size) {
        char address[512];
        const char *at;

        if (size >= sizeof address)
                return 0;
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
