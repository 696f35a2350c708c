/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* All that can be different in what is said of the CPU. */
typedef struct Case {
        const char *hold, *policy;
        bool contended, throttled, exempt, observing, other;
        uint64_t quota, configured;
} Case;

/* Each kind of hold, and what changes what is said of it. */
static const struct {
        Case facts;
        const char *text;
} golden[] = {
        { { .hold = "nothing" },
          "You are using 0.84 of 4 CPUs. Your memory is 1G.\n"
          "\n"
          "Nothing of fairslice has held you back since 06:22:12 (for 2min 3s). The host "
          "has room: all users together use 1.2 of the 3.8 CPUs that there are for them.\n"
          "\n"
          "If things are slow, look at the disk, the network or the program itself: a "
          "program with one thread uses one CPU at most.\n" },
        { { .hold = "nothing", .other = true, .quota = 1500000, .configured = 1500000 },
          "alice is using 0.84 of 4 CPUs. alice's memory is 1G.\n"
          "\n"
          "Nothing of fairslice has held alice back since 06:22:12 (for 2min 3s). A quota "
          "of 150% (1.5 CPUs) stands, and is not reached at the moment. The host has room: all "
          "users together use 1.2 of the 3.8 CPUs that there are for them.\n"
          "\n"
          "If things are slow, look at the disk, the network or the program itself: a "
          "program with one thread uses one CPU at most.\n" },
        { { .hold = "nothing", .throttled = true },
          "You are using 0.84 of 4 CPUs. Your memory is 1G.\n"
          "\n"
          "Nothing of fairslice has held you back since 06:22:12 (for 2min 3s). The kernel "
          "throttled your processes within the last second, by a quota that no longer "
          "stands. The host has room: all users together use 1.2 of the 3.8 CPUs that "
          "there are for them.\n" },
        { { .hold = "nothing", .contended = true },
          "You are using 0.84 of 4 CPUs. Your memory is 1G.\n"
          "\n"
          "Nothing of fairslice has held you back since 06:22:12 (for 2min 3s). The host "
          "is busy, but you ask for less than your part of 0.95 CPUs; your processes may "
          "still have to wait a moment for a CPU that others are on.\n" },
        { { .hold = "fair-share", .contended = true, .throttled = true, .quota = 840000 },
          "You are using 0.84 of 4 CPUs. Your memory is 1G.\n"
          "\n"
          "You are held at your fair share of 0.84 CPUs since 06:22:12 (for 2min 3s): all "
          "users together ask for more than the 3.8 CPUs that there are for them. The "
          "kernel throttles your processes for that at the moment. With the users who are "
          "active now, at least 0.76 CPUs are yours. The share grows, or is lifted, within "
          "about a second when the others use less. An administrator can raise CPUWeight=.\n" },
        { { .hold = "fair-share", .contended = true, .other = true, .quota = 840000 },
          "alice is using 0.84 of 4 CPUs. alice's memory is 1G.\n"
          "\n"
          "alice is held at a fair share of 0.84 CPUs since 06:22:12 (for 2min 3s): all "
          "users together ask for more than the 3.8 CPUs that there are for them. At the "
          "moment alice does not run into it. With the users who are active now, at least "
          "0.76 CPUs are alice's. The share grows, or is lifted, within about a second "
          "when the others use less. An administrator can raise CPUWeight=.\n" },
        { { .hold = "fair-share", .quota = 840000 },
          "You are using 0.84 of 4 CPUs. Your memory is 1G.\n"
          "\n"
          "You are held at your fair share of 0.84 CPUs since 06:22:12 (for 2min 3s). The "
          "host has room again, so that will be lifted within a few seconds.\n" },
        { { .hold = "fair-share", .policy = "equal", .contended = true, .throttled = true, .quota = 950000 },
          "You are using 0.84 of 4 CPUs. Your memory is 1G.\n"
          "\n"
          "You are held at your equal share of 0.95 CPUs since 06:22:12 (for 2min 3s): "
          "SharePolicy=equal gives each active user the same part, whether the others use "
          "theirs or not. The kernel throttles your processes for that at the moment. The "
          "part grows when fewer than the 4 users of now are active.\n" },
        { { .hold = "cpu-quota", .throttled = true, .quota = 1500000, .configured = 1500000 },
          "You are using 0.84 of 4 CPUs. Your memory is 1G.\n"
          "\n"
          "You are held at CPUQuota=150% (1.5 CPUs) since 06:22:12 (for 2min 3s). It holds "
          "however much room the host has. The kernel throttles your processes for that at "
          "the moment. An administrator can raise CPUQuota=; 'fairslicectl cat alice' "
          "shows where it is set.\n" },
        { { .hold = "cpu-quota", .other = true, .quota = 1500000 },
          "alice is using 0.84 of 4 CPUs. alice's memory is 1G.\n"
          "\n"
          "alice is held at CPUQuota=150% (1.5 CPUs) since 06:22:12 (for 2min 3s). It "
          "holds however much room the host has. At the moment alice does not run into it. "
          "It is not from the configuration of fairslice, which goes no higher than it; an "
          "administrator can lift it where it was set, for example with systemctl "
          "set-property.\n" },
        { { .hold = "weight", .policy = "weight", .contended = true },
          "You are using 0.84 of 4 CPUs. Your memory is 1G.\n"
          "\n"
          "The kernel shares the CPUs by weight alone (SharePolicy=weight) since 06:22:12 "
          "(for 2min 3s); yours is CPUWeight=200, where 100 is usual. With the users who "
          "are active now, at least 0.76 CPUs are yours. You get more at once when the "
          "others use less. An administrator can raise CPUWeight=.\n" },
        { { .hold = "weight", .policy = "weight", .other = true },
          "alice is using 0.84 of 4 CPUs. alice's memory is 1G.\n"
          "\n"
          "The kernel shares the CPUs by weight alone (SharePolicy=weight) since 06:22:12 "
          "(for 2min 3s); alice's is CPUWeight=200, where 100 is usual. With the users who "
          "are active now, at least 0.76 CPUs are alice's. It decides only while the users "
          "ask for more than there is, and the host has room now. An administrator can "
          "raise CPUWeight=.\n" },
        { { .hold = "weight", .contended = true, .throttled = true },
          "You are using 0.84 of 4 CPUs. Your memory is 1G.\n"
          "\n"
          "So many users ask for CPU that the kernel shares it by weight alone since "
          "06:22:12 (for 2min 3s); yours is CPUWeight=200, where 100 is usual. The kernel "
          "throttled your processes within the last second all the same, by a quota. With "
          "the users who are active now, at least 0.76 CPUs are yours. You get more at "
          "once when the others use less. An administrator can raise CPUWeight=.\n" },
        { { .hold = "nothing", .exempt = true },
          "You are using 0.84 of 4 CPUs. Your memory is 1G.\n"
          "\n"
          "fairslice leaves you alone (ExemptUsers= or ExemptGroups=): it sets no limits. "
          "The host has room: all users together use 1.2 of the 3.8 CPUs that there are "
          "for them.\n"
          "\n"
          "If things are slow, look at the disk, the network or the program itself: a "
          "program with one thread uses one CPU at most.\n" },
        { { .hold = "cpu-quota",
            .exempt = true,
            .contended = true,
            .throttled = true,
            .other = true,
            .quota = 500000 },
          "alice is using 0.84 of 4 CPUs. alice's memory is 1G.\n"
          "\n"
          "fairslice leaves alice alone (ExemptUsers= or ExemptGroups=): it sets no "
          "limits. A quota of 50% (0.5 CPUs) stands that is somebody else's, and the "
          "kernel throttles by it at the moment. The host is busy: processes may have to "
          "wait for a CPU that others are on.\n" },
        { { .hold = "fair-share", .observing = true, .contended = true },
          "You are using 0.84 of 4 CPUs. Your memory is 1G.\n"
          "\n"
          "fairslice only looks on at present (Observe=yes, or after fairslicectl "
          "release): it changes no limits. If it did, it would hold you at a fair share of "
          "0.95 CPUs. The host is busy: processes may have to wait for a CPU that others "
          "are on.\n" },
        { { .hold = "nothing", .observing = true, .other = true },
          "alice is using 0.84 of 4 CPUs. alice's memory is 1G.\n"
          "\n"
          "fairslice only looks on at present (Observe=yes, or after fairslicectl "
          "release): it changes no limits. The host has room: all users together use 1.2 "
          "of the 3.8 CPUs that there are for them.\n"
          "\n"
          "If things are slow, look at the disk, the network or the program itself: a "
          "program with one thread uses one CPU at most.\n" },
};
