/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* What is fed with anything at all. Each returns 0, or does not return; beyond not crashing, it asserts what
 * must be true of any input. The corpus of fuzz_config() is corpus/config/, and so on; a file there that
 * once crashed something stays for good. */
int fuzz_config(const uint8_t *data, size_t size);
int fuzz_control(const uint8_t *data, size_t size);
int fuzz_import_cgroup_py(const uint8_t *data, size_t size);
int fuzz_parse(const uint8_t *data, size_t size);
int fuzz_cgroup(const uint8_t *data, size_t size);
int fuzz_kmsg(const uint8_t *data, size_t size);
int fuzz_oom_line(const uint8_t *data, size_t size);
int fuzz_oom_state(const uint8_t *data, size_t size);
int fuzz_gate(const uint8_t *data, size_t size);
int fuzz_process(const uint8_t *data, size_t size);
int fuzz_cli_text(const uint8_t *data, size_t size);
int fuzz_event_json(const uint8_t *data, size_t size);
int fuzz_mail(const uint8_t *data, size_t size);
int fuzz_mail_address(const uint8_t *data, size_t size);
int fuzz_digests(const uint8_t *data, size_t size);
int fuzz_notice(const uint8_t *data, size_t size);
int fuzz_spool(const uint8_t *data, size_t size);
int fuzz_place(const uint8_t *data, size_t size);
