/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where drivers are looked at, for status
 */
#ifndef BUFTRACK_PROBES_H
#define BUFTRACK_PROBES_H

struct json_object;

/* print_probes() - a row for each adapter whose driver is there, and what is not
 * covered */
void print_probes(void);

/* probes_json() - all adapters, with their probes */
struct json_object *probes_json(void);

#endif /* BUFTRACK_PROBES_H */
