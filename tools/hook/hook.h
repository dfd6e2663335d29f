/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the hooks of device runtimes share
 *
 * A hook is a file that interposes functions of a runtime, or registers callbacks with
 * it, and calls the functions below. They write the session log (log.h). None of them
 * blocks, fails in a way that the caller must handle, or changes errno.
 *
 * A hooked function brackets its calls:
 *
 *	struct hook_scope scope __attribute__((cleanup(hook_leave))) = hook_enter();
 *
 *	if (scope.active)
 *		hook_alloc(...);
 *
 * Handles of the runtime (a buffer's pointer, say) are looked up in a table of the
 * process, so that a hook reads an object once, when it is allocated.
 */
#ifndef BUFTRACK_HOOK_HOOK_H
#define BUFTRACK_HOOK_HOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOOK_API __attribute__((visibility("default")))

#define HOOK_MAX_DEVICES 1024 /* of a process */
#define HOOK_MAX_GROUP 256 /* devices of an owner */
#define HOOK_MAX_SPACES 16 /* of a device */
#define HOOK_MAX_OWNERS 256 /* of a process, at a time */
#define HOOK_NO_OWNER HOOK_MAX_OWNERS

struct hook_scope {
	bool active; /* there is a session, and the thread was in no hook */
	bool entered;
	int saved_errno;
};

struct hook_scope hook_enter(void);
void hook_leave(struct hook_scope *scope);

/*
 * struct hook_buffer - an allocation
 *
 * An allocation of a group of devices has one buffer on each, at one address.
 */
struct hook_buffer {
	uint64_t address;
	uint64_t size; /* as accounted, on each device */
	uint64_t span; /* 0: unknown */
	uint64_t id; /* 0: none */
	uint16_t owner;
	uint8_t space;
};

enum hook_state {
	HOOK_UNKNOWN,
	HOOK_LIVE,
	HOOK_FREED,
	HOOK_CLOSED, /* its owner ended before it was freed */
};

/*
 * Owners: what a runtime allocates from, one device or a group of devices that it
 * drives as one. A device has a client from its first owner to the end of its last.
 */

/* hook_find_owner() - the owner of a handle of the runtime, or HOOK_NO_OWNER */
unsigned int hook_find_owner(const void *handle);
/* hook_name_fn - write the name of device @index of an owner */
typedef void (*hook_name_fn)(char *name, size_t size, const void *data,
			     unsigned int index);
/* hook_add_owner() - add an owner of devices; HOOK_NO_OWNER: no room */
unsigned int hook_add_owner(const void *handle, unsigned int count,
			    hook_name_fn name, const void *data);
/*
 * hook_close_owner() - what is live on the devices of an owner is given back
 *
 * A free of one of its objects that comes later is ignored.
 */
void hook_close_owner(const void *handle);
/* hook_add_space() - give a space of the devices of an owner its name and capacity */
void hook_add_space(unsigned int owner, unsigned int space, const char *name,
		    uint64_t capacity);
bool hook_has_space(unsigned int owner, unsigned int space);

/* hook_new_id() - an id for an allocation of a runtime that has none; never 0 */
uint64_t hook_new_id(void);

/* hook_alloc() - report an allocation, and remember it by its handle */
void hook_alloc(const void *handle, const struct hook_buffer *buffer);
/*
 * hook_find() - the state of the object of a handle, and the object
 *
 * The runtime may have given the memory of an object that was freed to an object that
 * it did not report.
 */
enum hook_state hook_find(const void *handle, struct hook_buffer *buffer);
/* hook_free() - report a free of the object of a handle that is live or freed */
void hook_free(const void *handle);
/* hook_free_buffer() - report a free of a buffer that was reported under no handle */
void hook_free_buffer(const struct hook_buffer *buffer);

/* hook_lose() - count a report that cannot be made */
void hook_lose(void);

/* hook_message() - tell the user something in one line, once per call site */
void hook_message(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

#endif
