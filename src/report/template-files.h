/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "report/template.h"

/* Where templates are: NAME.LANGUAGE.txt and NAME.txt in these, the first one above the second. */
#define TEMPLATES_OWN     "etc/fairslice/templates"
#define TEMPLATES_SHIPPED "usr/lib/fairslice/templates"

#define TEMPLATE_LANGUAGE_MAX 16U /* bytes: language_is_valid() */

/* The language of those that are shipped without one. */
#define TEMPLATE_LANGUAGE_SHIPPED "en"

/* What is wrong with a template that is not taken; `file` is its path from "/" on, gone after the call. */
typedef void (*TemplateVisitor)(const char *file, const TemplateProblem *problem, void *userdata);

/* Reads the template of that name (event_template()) below the root directory. In this order, the first that
 * is there and right: own NAME.de_AT.txt, NAME.de.txt, NAME.txt, then the shipped ones. `language` is a
 * valid one, or "" for none. The visitor hears of each that is there and wrong. *ret_language is which one
 * that is, "" if nobody knows. 0; -ENOENT if there is none; -ENOMEM. */
int template_load(int root_fd, const char *name, const char *language, TemplateVisitor visitor,
                  void *userdata, Template **ret, char ret_language[static TEMPLATE_LANGUAGE_MAX + 1]);

/* Whether all that administrators have written in TEMPLATES_OWN for the known names is right, in whatever
 * language: calls the visitor for each that is not, and for files that no template is. 0, or a negative
 * errno. */
int template_check_all(int root_fd, TemplateVisitor visitor, void *userdata);
