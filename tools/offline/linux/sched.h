/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BUFTRACK_OFFLINE_SCHED_H
#define BUFTRACK_OFFLINE_SCHED_H

#define cond_resched() ((void)0)

#endif /* BUFTRACK_OFFLINE_SCHED_H */
