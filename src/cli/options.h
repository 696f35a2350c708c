/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"
#include "basic/time-util.h"

typedef enum JsonMode {
        JSON_OFF,
        JSON_SHORT,  /* all on one line */
        JSON_PRETTY, /* with line breaks */
} JsonMode;

/* Options that only some verbs take: bits of Verb.options and Options.given. */
typedef enum OptionBit {
        OPTION_RUNTIME = 1U << 0,  /* --runtime */
        OPTION_PROPERTY = 1U << 1, /* -p, --property= */
        OPTION_VALUE = 1U << 2,    /* --value */
        OPTION_SINCE = 1U << 3,    /* -S, --since= */
        OPTION_FOLLOW = 1U << 4,   /* -f, --follow */
        OPTION_PLOT = 1U << 5,     /* --plot */
        OPTION_SVG = 1U << 6,      /* --svg= */
        OPTION_TOTAL = 1U << 7,    /* --total */
        OPTION_LIVE = 1U << 8,     /* -d, -n, -1, -b: how top goes on */
        OPTION_FAILED = 1U << 9,   /* --failed */
        OPTION_SENT = 1U << 10,    /* --sent */
        OPTION_ALL = 1U << 11,     /* --all */
        OPTION_NO_WAIT = 1U << 12, /* --no-wait */
} OptionBit;

#define OPTION_PROPERTIES_MAX 64U

/* The strings are those of argv. */
typedef struct Options {
        JsonMode json;
        bool no_pager, no_legend, no_ask_password;
        bool full;        /* nothing is cut to the terminal's width */
        bool quiet;       /* no hints */
        const char *host; /* NULL: this one */
        unsigned given;   /* OptionBit */
        const char *properties[OPTION_PROPERTIES_MAX];
        size_t n_properties;
        usec_t since;        /* CLOCK_REALTIME; 0: from the beginning */
        const char *svg;     /* a path; "-": standard output */
        usec_t delay;        /* 0: not given */
        uint64_t iterations; /* 0: not given */
        bool batch;
} Options;

/* Parses the options in front of, between and behind the arguments, and moves the arguments to the end of
 * argv. Returns 1 and the index of the first argument; 0 if the program is done (--help, --version were
 * written to standard output); -EINVAL if the options are wrong, which was said. */
int options_parse(int argc, char *argv[], Options *ret, int *ret_first);

/* "--runtime": the first of these bits, of which there is at least one. */
const char *option_name(unsigned bits);
