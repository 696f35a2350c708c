/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Text that fairslicectl shows: names of users, messages of the service. */

#include <assert.h>
#include <locale.h>
#include <string.h>

#include "cli/limit-argument.h"
#include "cli/text.h"
#include "fuzz.h"

/* Nothing that a terminal obeys is left, escaping once more changes backslashes alone, and what is cut fits.
 */
static void check(const Terminal *terminal, const char *s, size_t columns) {
        _cleanup_free_ char *text = text_escape(terminal, s), *cut = NULL;

        assert(text);
        for (const unsigned char *p = (const unsigned char *) text; *p; p++) {
                assert(*p >= ' ' && *p != 0x7f);
                assert(terminal->utf8 || *p < 0x80);
                assert(!(*p == 0xc2 && p[1] < 0xa0)); /* controls of Latin-1 */
        }
        cut = text_cut(terminal, text, columns);
        assert(cut && text_width(terminal, cut) <= columns);
}

int fuzz_cli_text(const uint8_t *data, size_t size) {
        _cleanup_free_ char *s = strndup((const char *) data, size);
        const char *allowed = NULL;
        LimitSetting setting;

        if (!s || !setlocale(LC_CTYPE, "C.UTF-8"))
                return 0;
        check(&(Terminal){ .utf8 = true }, s, size % 40);
        check(&(Terminal){}, s, size % 40);
        assert(limit_argument_parse(s, &setting, &allowed) == 0 || allowed);
        (void) setlocale(LC_CTYPE, "C");
        return 0;
}
