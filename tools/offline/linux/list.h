/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BUFTRACK_OFFLINE_LIST_H
#define BUFTRACK_OFFLINE_LIST_H

#include <linux/types.h>

struct list_head {
	struct list_head *next;
	struct list_head *prev;
};

static inline void INIT_LIST_HEAD(struct list_head *list)
{
	list->next = list;
	list->prev = list;
}

static inline bool list_empty(const struct list_head *list)
{
	return list->next == list;
}

#define list_empty_careful list_empty

static inline void list_add_tail(struct list_head *entry,
				 struct list_head *list)
{
	entry->next = list;
	entry->prev = list->prev;
	list->prev->next = entry;
	list->prev = entry;
}

static inline void list_del(struct list_head *entry)
{
	entry->next->prev = entry->prev;
	entry->prev->next = entry->next;
}

static inline void list_del_init(struct list_head *entry)
{
	list_del(entry);
	INIT_LIST_HEAD(entry);
}

#define list_first_entry(list, type, member) \
	container_of((list)->next, type, member)

#define list_first_entry_or_null(list, type, member) \
	(list_empty(list) ? NULL : list_first_entry(list, type, member))

#endif /* BUFTRACK_OFFLINE_LIST_H */
