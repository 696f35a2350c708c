/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/verb.h"

/* One file a verb, verb-NAME.c. */
Status verb_cat(Cli *cli, int argc, char *argv[]);
Status verb_check(Cli *cli, int argc, char *argv[]);
Status verb_events(Cli *cli, int argc, char *argv[]);
Status verb_history(Cli *cli, int argc, char *argv[]);
Status verb_list(Cli *cli, int argc, char *argv[]);
Status verb_mail(Cli *cli, int argc, char *argv[]);
Status verb_mail_list(Cli *cli, int argc, char *argv[]);
Status verb_mail_retry(Cli *cli, int argc, char *argv[]);
Status verb_mail_test(Cli *cli, int argc, char *argv[]);
Status verb_monitor(Cli *cli, int argc, char *argv[]);
Status verb_release(Cli *cli, int argc, char *argv[]);
Status verb_reload(Cli *cli, int argc, char *argv[]);
Status verb_reset(Cli *cli, int argc, char *argv[]);
Status verb_set(Cli *cli, int argc, char *argv[]);
Status verb_show(Cli *cli, int argc, char *argv[]);
Status verb_status(Cli *cli, int argc, char *argv[]);
Status verb_top(Cli *cli, int argc, char *argv[]);
Status verb_why(Cli *cli, int argc, char *argv[]);
