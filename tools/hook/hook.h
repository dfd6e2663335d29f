/* SPDX-License-Identifier: LGPL-2.1-or-later */
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
#define HOOK_MEMORY_SIZE 65536
#define HOOK_NO_OWNER HOOK_MAX_OWNERS

struct hook_scope {
	bool active; /* there is a session, and the thread was in no hook */
	bool entered;
	int saved_errno;
};

/* hook_has_session() - is anything reported? */
bool hook_has_session(void);
struct hook_scope hook_enter(void);
void hook_leave(struct hook_scope *scope);

/*
 * struct hook_buffer - an allocation
 *
 * An allocation of a group of devices has one buffer on each, at one address.
 */
struct hook_buffer {
	const void *handle; /* of its object; hook_alloc() fills it in */
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

/* hook_has_owners() - is any owner left? */
bool hook_has_owners(void);
/* hook_find_owner() - the owner of a handle of the runtime, or HOOK_NO_OWNER */
unsigned int hook_find_owner(const void *handle);
/* hook_name_fn - write the name of device @index of an owner */
typedef void (*hook_name_fn)(char *name, size_t size, const void *data,
			     unsigned int index);
enum hook_role {
	HOOK_WHOLE, /* owners that share a device with it end with it */
	HOOK_PART, /* has allocations of its own on devices of a whole */
	HOOK_MEMBER, /* as a part, and ends with the client of its device */
};

/*
 * hook_add_owner() - add an owner of devices
 *
 * Without a whole, a member is a part. Return: HOOK_NO_OWNER: no room
 */
unsigned int hook_add_owner(const void *handle, enum hook_role role,
			    unsigned int count, hook_name_fn name,
			    const void *data);
/* hook_share() - do two owners have a device in common? */
bool hook_share(unsigned int owner, unsigned int other);
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
/* hook_find_at() - the live object of an owner that starts at an address of a space */
bool hook_find_at(unsigned int owner, unsigned int space, uint64_t address,
		  struct hook_buffer *buffer);
/*
 * hook_free() - report a free of the live object of a handle
 *
 * Return: the state of the object before; unless HOOK_LIVE, nothing is reported.
 */
enum hook_state hook_free(const void *handle, struct hook_buffer *buffer);
/* hook_alloc_buffer(), hook_free_buffer() - report a buffer that has no object */
void hook_alloc_buffer(const struct hook_buffer *buffer);
void hook_free_buffer(const struct hook_buffer *buffer);
/*
 * hook_free_all() - report a free of each live object of an owner
 *
 * The runtime took their memory: a free of such an object that comes later is ignored.
 */
void hook_free_all(unsigned int owner);

/*
 * Aliases: objects that use the memory of an allocation under a handle of their own. An
 * alias lasts until its handle gets another one; NULL: it has none.
 */
void hook_set_alias(const void *handle, const struct hook_buffer *buffer);
bool hook_find_alias(const void *handle, struct hook_buffer *buffer);

/*
 * hook_remember(), hook_remembers(), hook_recall() - a buffer that the thread freed, by a key
 *
 * It may be forgotten, and is when its handle has another object. Only hook_recall() needs
 * an active scope.
 */
void hook_remember(const void *key, const struct hook_buffer *buffer);
bool hook_remembers(const void *key);
bool hook_recall(const void *key, struct hook_buffer *buffer);

/*
 * hook_catch_begin(), hook_catch_end() - catch the last free of the thread in between
 *
 * They nest, and need no active scope.
 */
struct hook_catch {
	bool caught;
	struct hook_buffer buffer;
	struct hook_catch *outer;
};

void hook_catch_begin(struct hook_catch *catch);
void hook_catch_end(struct hook_catch *catch);

/* hook_use() - report a use of the memory of a buffer; @flags of LOG_OP_USE */
void hook_use(const struct hook_buffer *buffer, unsigned int flags);
/* hook_swallowed() - note a free of a freed buffer that the runtime ignored */
void hook_swallowed(const struct hook_buffer *buffer);
/* hook_refused() - note an allocation that failed; @buffer has what is known of it */
void hook_refused(const struct hook_buffer *buffer, uint64_t largest_free,
		  const char *text);

/*
 * hook_memory() - memory of the runtime's hook, HOOK_MEMORY_SIZE bytes
 *
 * It is zeroed at the start, also of a child.
 */
void *hook_memory(void);

/* hook_lose() - count a report that cannot be made */
void hook_lose(void);

/* hook_message() - tell the user something in one line, once per call site */
void hook_message(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

#endif
