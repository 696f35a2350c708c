/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "cli/json.h"
#include "model/limits.h"

/* Properties of an object, as fields of a struct; a table says which is where. */

/* What is wanted: an a{st}. */
typedef struct ConfiguredLimits {
        LimitMask mask;
        Limits limits;
} ConfiguredLimits;

typedef enum PropertyType {
        PROPERTY_STRING,    /* s: char *, owned; NULL: not there */
        PROPERTY_BOOL,      /* b: bool */
        PROPERTY_UID,       /* u: uid_t */
        PROPERTY_COUNT,     /* u: uint32_t */
        PROPERTY_NUMBER,    /* t: uint64_t, UINT64_MAX: infinity, or not there */
        PROPERTY_TIMESTAMP, /* t: usec_t, CLOCK_REALTIME; 0: never */
        PROPERTY_LIMITS,    /* a{st}: ConfiguredLimits */
} PropertyType;

typedef struct Property {
        const char *name; /* NULL ends the table */
        PropertyType type;
        size_t offset;
} Property;

/* All fields as if nothing was there. */
void properties_init(const Property *table, void *object);
/* Frees the strings. */
void properties_done(const Property *table, void *object);

/* Reads an a{sv}. Properties that the table does not have are skipped, so that a newer service may have
 * more; one of a type that is not as documented is -EBADMSG. */
int properties_read(sd_bus_message *m, const Property *table, void *object);

/* Reads one variant: the value of that name; skips it if the table has none. */
int properties_read_one(sd_bus_message *m, const Property *table, const char *name, void *object);

/* The value as text: yes and no, "infinity", else what the bus has, in decimal. ConfiguredLimits is
 * "MemoryMax=… CPUWeight=…". Returns a new string, not escaped; NULL if there is no memory. */
char *property_format(const Property *property, const void *object);

/* Adds the properties to the object by their names. 0 or -ENOMEM. */
int properties_to_json(const Property *table, const void *object, json_object *to);
