/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/settings.h"

/* What the sections for ranges of UIDs say, worked out once for every UID.
 *
 * Ranges may lie within and across each other, and for each key by itself the smallest one that sets it
 * wins. So that nobody has to look through all of them for each user, the UIDs are cut wherever a range
 * begins or ends, and each piece is painted, key by key, with the settings in the order of their precedence.
 */
typedef struct Segments {
        struct Segment *item; /* in the order of UIDs */
        size_t count;
} Segments;

/* The sections must outlive *ret. Those that are no range of several UIDs are left out. */
int segments_new(Section *const *sections, size_t count, Segments *ret);
void segments_done(Segments *segments);

/* NULL if no range has this UID. */
const Picked *segments_get(const Segments *segments, uid_t uid);
