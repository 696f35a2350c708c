# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# One run at a time of what measures shares of the CPUs, be it in a virtual
# machine or on this host: two would disturb each other. Needs message.sh and
# cache.sh.

# take_machine_lock - waits for it; it is held until the script ends
take_machine_lock() {
    mkdir -p "$(cache_root)"
    exec {machine_lock}>"$(cache_root)/machine.lock"
    flock -n "$machine_lock" || { say "waiting for another machine's run to end"; flock "$machine_lock"; }
}
