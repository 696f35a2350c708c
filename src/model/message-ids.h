/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The MESSAGE_ID= of what fairslice writes to the journal. They never change: scripts look for them. Each
 * has its text in units/fairslice.catalog, and tests/check/catalog sees to it. */

/* Memory ran out in a slice, and processes were killed. */
#define FAIRSLICE_MESSAGE_OOM_KILL "17cb8e3101ac401f98ddc382558850f7"

/* A slice reached its memory limit; nothing was killed, but allocations failed. */
#define FAIRSLICE_MESSAGE_OOM_HIT "043bb941ab66468baade1ee15ee50199"

/* A slice uses so much of its memory limit that it is near to running out. */
#define FAIRSLICE_MESSAGE_MEMORY_WARNING "c61ef35054fb49c3acf5a3ff9825e1bb"

/* What a user was told, in their own journal. */
#define FAIRSLICE_MESSAGE_NOTICE "0006ec7557eb46c7965d53286f2ad681"
