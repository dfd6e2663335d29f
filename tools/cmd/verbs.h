/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The verbs, each in a file of its own
 */
#ifndef BUFTRACK_VERBS_H
#define BUFTRACK_VERBS_H

#include "cmd.h"

extern const struct verb verb_status;
extern const struct verb verb_list;
extern const struct verb verb_remaining;
extern const struct verb verb_events;
extern const struct verb verb_diff;
extern const struct verb verb_replay;
extern const struct verb verb_bridge;
extern const struct verb verb_device_add;
extern const struct verb verb_device_remove;
extern const struct verb verb_device_set;
extern const struct verb verb_enable;
extern const struct verb verb_disable;
extern const struct verb verb_reset;
extern const struct verb verb_version;
extern const struct verb verb_help;

#endif /* BUFTRACK_VERBS_H */
