/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unit.h"

#include <endian.h>
#include <string.h>

#include "bus/gate.h"

#define HEADER 16U

/* A message with a body and fields of these sizes, as its header announces them. */
static void begin(uint8_t *message, bool big_endian, uint32_t body, uint32_t fields) {
        uint32_t numbers[] = { big_endian ? htobe32(body) : htole32(body), 0,
                               big_endian ? htobe32(fields) : htole32(fields) };

        memset(message, 0xee, HEADER);
        message[0] = big_endian ? 'B' : 'l';
        memcpy(message + 4, numbers, sizeof numbers);
}

/* The whole stream, however many messages that is. */
static int check_all(Gate *gate, const uint8_t *data, size_t size) {
        while (size > 0) {
                ssize_t n = gate_check(gate, data, size);

                if (n < 0)
                        return (int) n;
                assert_in_range(n, 1, size);
                data += n;
                size -= (size_t) n;
        }
        return 0;
}

static int check_header(bool big_endian, uint32_t body, uint32_t fields) {
        uint8_t message[HEADER];

        begin(message, big_endian, body, fields);
        return check_all(&(Gate){}, message, sizeof message);
}

static void test_size(_unused_ void **state) {
        for (int big = 0; big < 2; big++) {
                assert_int_equal(check_header(big, 0, 0), 0);
                assert_int_equal(check_header(big, GATE_MESSAGE_MAX - HEADER, 0), 0);
                assert_int_equal(check_header(big, GATE_MESSAGE_MAX - HEADER + 1, 0), -EMSGSIZE);
                assert_int_equal(check_header(big, 0, GATE_MESSAGE_MAX - HEADER), 0);
                assert_int_equal(check_header(big, 0, GATE_MESSAGE_MAX - HEADER + 1), -EMSGSIZE);
                /* One byte of fields takes eight. */
                assert_int_equal(check_header(big, GATE_MESSAGE_MAX - HEADER - 8, 1), 0);
                assert_int_equal(check_header(big, GATE_MESSAGE_MAX - HEADER - 7, 1), -EMSGSIZE);
                /* No sum is too large to be one. */
                assert_int_equal(check_header(big, UINT32_MAX, 0), -EMSGSIZE);
                assert_int_equal(check_header(big, 0, UINT32_MAX), -EMSGSIZE);
                assert_int_equal(check_header(big, UINT32_MAX, UINT32_MAX), -EMSGSIZE);
                assert_int_equal(check_header(big, 1, UINT32_MAX - 7), -EMSGSIZE);
        }
}

static void test_byte_order(_unused_ void **state) {
        uint8_t message[HEADER];

        begin(message, false, 0, 0);
        for (int c = 0; c < 256; c++) {
                message[0] = (uint8_t) c;
                assert_int_equal(check_all(&(Gate){}, message, sizeof message),
                                 c == 'l' || c == 'B' ? 0 : -EBADMSG);
        }
}

/* Three messages, then one that is too large: however they are cut into pieces, that one is found when its
 * header is complete, and not before. */
static void test_pieces(_unused_ void **state) {
        uint8_t stream[512];
        size_t end = 0;

        memset(stream, 'l', sizeof stream);
        begin(stream, false, 5, 3);
        end += HEADER + 8 + 5;
        begin(stream + end, true, 0, 0);
        end += HEADER;
        begin(stream + end, false, 100, 16);
        end += HEADER + 16 + 100;
        begin(stream + end, false, 0, UINT32_MAX);
        end += HEADER;
        for (size_t piece = 1; piece < end; piece++) {
                Gate gate = {};

                for (size_t at = 0; at < end - 1; at += piece)
                        assert_int_equal(check_all(&gate, stream + at, MIN(piece, end - 1 - at)), 0);
                assert_int_equal(check_all(&gate, stream + end - 1, 1), -EMSGSIZE);
        }
}

/* What comes behind a message is not let through with it. */
static void test_one_at_a_time(_unused_ void **state) {
        uint8_t stream[2 * HEADER + 8 + 5];
        Gate gate = {};

        memset(stream, 'l', sizeof stream);
        begin(stream, false, 5, 3);
        begin(stream + HEADER + 8 + 5, false, 0, 0);
        assert_int_equal(gate_check(&gate, stream, 3), 3);
        assert_int_equal(gate_check(&gate, stream + 3, sizeof stream - 3), HEADER + 8 + 5 - 3);
        assert_int_equal(gate_check(&gate, stream + HEADER + 8 + 5, HEADER), HEADER);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_size),
                cmocka_unit_test(test_byte_order),
                cmocka_unit_test(test_pieces),
                cmocka_unit_test(test_one_at_a_time),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
