/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What peers of the private socket send. */

#include <assert.h>

#include "bus/gate.h"
#include "fuzz.h"

/* Whatever it is, the gate finds the same, however the stream is cut into pieces. */
int fuzz_gate(const uint8_t *data, size_t size) {
        size_t cut = size > 0 ? data[size - 1] % size : 0;
        Gate whole = {}, pieces = {};
        int r = gate_check(&whole, data, size), s;

        assert(r == 0 || r == -EBADMSG || r == -EMSGSIZE);
        s = gate_check(&pieces, data, cut);
        if (s >= 0)
                s = gate_check(&pieces, data + cut, size - cut);
        assert(r == s);
        assert(r < 0 || (whole.left == pieces.left && whole.have == pieces.have));
        assert(r < 0 || (whole.left <= GATE_MESSAGE_MAX && whole.have < sizeof whole.header));
        return 0;
}
