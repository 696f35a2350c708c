/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/raw-client.h"

#include <endian.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "support/drive.h"

int raw_connect(const char *path) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        assert_true(fd >= 0);
        snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
        assert_int_equal(connect(fd, (struct sockaddr *) &address, sizeof address), 0);
        return fd;
}

static size_t put_u32(uint8_t *call, size_t at, size_t value) {
        uint32_t le = htole32((uint32_t) value);

        memcpy(call + at, &le, sizeof le);
        return at + sizeof le;
}

/* A field of the header: number, signature "o" or "s", text. */
static size_t put_field(uint8_t *call, size_t at, uint8_t number, char type, const char *text) {
        size_t length = strlen(text);

        at = (at + 7) & ~(size_t) 7;
        memcpy(call + at, (uint8_t[]){ number, 1, (uint8_t) type, 0 }, 4);
        at = put_u32(call, at + 4, length);
        memcpy(call + at, text, length + 1);
        return at + length + 1;
}

size_t raw_call(uint8_t call[RAW_CALL_MAX], const char *member) {
        size_t end;

        memset(call, 0, RAW_CALL_MAX);
        memcpy(call, (uint8_t[]){ 'l', 1, 0, 1 }, 4);
        (void) put_u32(call, 8, 1); /* serial */
        end = put_field(call, 16, 1, 'o', "/org/fairslice1");
        end = put_field(call, end, 2, 's', "org.fairslice1.Manager");
        end = put_field(call, end, 3, 's', member);
        (void) put_u32(call, 12, end - 16);
        return (end + 7) & ~(size_t) 7;
}

bool raw_send(int fd, const void *data, size_t size) {
        const uint8_t *p = data;

        for (usec_t deadline = now_monotonic() + DRIVE_LIMIT_USEC; size > 0;) {
                ssize_t n = send(fd, p, size, MSG_NOSIGNAL);

                if (n < 0 && errno != EAGAIN)
                        return false;
                if (n > 0) {
                        p += n;
                        size -= (size_t) n;
                }
                assert_true(now_monotonic() < deadline);
                drive_ready();
        }
        return true;
}

bool raw_ended(int fd) {
        char answer[4096];
        ssize_t n;

        do
                n = recv(fd, answer, sizeof answer, 0);
        while (n > 0);
        return n == 0 || errno != EAGAIN;
}
