/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/control.h"

/* A root directory of its own for each test of the configuration. All paths are as on a host, "/etc/…". */
typedef struct Tree {
        char path[64];
        int fd;
} Tree;

#define MAIN_CONF   "/etc/fairslice/fairsliced.conf"
#define DROP_INS(d) d "/fairslice/fairsliced.conf.d/"

/* Limits that were set over the bus, for now and for good. */
#define RUNTIME_CONTROL    "/run/fairslice/control.d/"
#define PERSISTENT_CONTROL "/var/lib/fairslice/control.d/"

/* For cmocka_unit_test_setup_teardown(). */
int tree_setup(void **state);
int tree_teardown(void **state);

/* Directories on the way are made. */
void tree_put(const Tree *tree, const char *path, const char *text);
void tree_put_bytes(const Tree *tree, const char *path, const void *data, size_t size);
void tree_link(const Tree *tree, const char *path, const char *target);
void tree_mkdir(const Tree *tree, const char *path);
void tree_mkfifo(const Tree *tree, const char *path);

/* config_load() of the tree, which must not fail. Problems as text: "E FILE:LINE: MESSAGE\n", W for
 * warnings. */
Config *tree_load(const Tree *tree, char **ret_problems);

/* The same after writing the text as MAIN_CONF. */
Config *tree_load_text(const Tree *tree, const char *text, char **ret_problems);

/* The same, and nothing may be wrong with it. */
Config *tree_load_good(const Tree *tree, const char *text);

/* Problems as text; forgets them. */
char *problems_to_text(Problems *problems);

/* Makes both directories, if they are not there, and opens them. */
ControlDirs tree_open_control(const Tree *tree);
void tree_close_control(ControlDirs *dirs);

/* control_load(), which must not fail. */
Control *tree_load_control(const ControlDirs *dirs, const Config *config, char **ret_problems);

/* The text of a file, a new string; NULL if there is none. */
char *tree_get(const Tree *tree, const char *path);
