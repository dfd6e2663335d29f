/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Wrong reports as JSON
 */
#ifndef BUFTRACK_EVENT_JSON_H
#define BUFTRACK_EVENT_JSON_H

#include "event-text.h"

/* event_json() - one object in one line, on standard output */
void event_json(const struct buftrack_event *event, const struct scene *scene);

#endif /* BUFTRACK_EVENT_JSON_H */
