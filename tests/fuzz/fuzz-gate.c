/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What peers of the private socket send. */

#include <assert.h>

#include "bus/gate.h"
#include "fuzz.h"

static int check_all(Gate *gate, const uint8_t *data, size_t size) {
        while (size > 0) {
                ssize_t n = gate_check(gate, data, size);

                if (n < 0)
                        return (int) n;
                assert(n > 0 && (size_t) n <= size);
                data += n;
                size -= (size_t) n;
        }
        return 0;
}

/* Whatever it is, the gate finds the same, however the stream is cut into pieces. */
int fuzz_gate(const uint8_t *data, size_t size) {
        size_t cut = size > 0 ? data[size - 1] % size : 0;
        Gate whole = {}, pieces = {};
        int r = check_all(&whole, data, size), s;

        assert(r == 0 || r == -EBADMSG || r == -EMSGSIZE);
        s = check_all(&pieces, data, cut);
        if (s >= 0)
                s = check_all(&pieces, data + cut, size - cut);
        assert(r == s);
        assert(r < 0 || (whole.left == pieces.left && whole.have == pieces.have));
        assert(r < 0 || (whole.left <= GATE_MESSAGE_MAX && whole.have < sizeof whole.header));
        return 0;
}
