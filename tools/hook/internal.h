/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state of the hooks of a process
 *
 * All of it lies in one mapping that a child process finds zeroed, however it was
 * forked: zero is the valid initial state of each part, and a child is a client of its
 * own that inherits nothing.
 */
#ifndef BUFTRACK_HOOK_INTERNAL_H
#define BUFTRACK_HOOK_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "hook.h"
#include "log.h"

#define LOG_MAX_CHUNKS 16384 /* 16 GiB */

struct log_file {
	pthread_mutex_t lock; /* of the length of the file */
	struct log_header *header;
	_Atomic(char *) chunks[LOG_MAX_CHUNKS];
	atomic_bool full; /* for good: later reports are lost */
	uint64_t dev;
	uint64_t ino;
	char path[4096];
};

#define TABLE_SHARDS 64

struct table_object {
	const void *key; /* NULL: free slot */
	struct hook_buffer buffer;
	uint8_t state; /* enum hook_state */
};

struct table_shard {
	atomic_bool locked;
	struct table_object *objects; /* open addressing */
	uint32_t mask;
	uint32_t used; /* slots in use */
	uint32_t freed; /* of these, in a state other than HOOK_LIVE */
} __attribute__((aligned(64)));

struct table {
	struct table_shard shards[TABLE_SHARDS];
};

/* Places of objects that are found without a search; a collision costs one. */
#define HOOK_PLACES 65536

struct buftrack_reporter;

struct device {
	struct buftrack_reporter *reporter; /* to the kernel, or NULL */
	uint16_t numbers[HOOK_MAX_SPACES]; /* of spaces, for it, and 1; 0: none */
	char name[64];
	uint32_t owners;
	uint32_t spaces; /* bit n: space n has a name */
};

struct owner {
	_Atomic(const void *) handle; /* NULL: free slot; stored last */
	_Atomic uint32_t spaces;
	enum hook_role role;
	uint32_t count;
	uint16_t devices[HOOK_MAX_GROUP];
};

struct registry {
	pthread_mutex_t lock;
	uint32_t devices_used;
	struct device devices[HOOK_MAX_DEVICES];
	struct owner owners[HOOK_MAX_OWNERS];
};

#define STACK_SLOT_BITS 16
#define STACK_SLOTS (1 << STACK_SLOT_BITS)

/* struct stack_table - keys that are only added; a key other than 0 is stored last */
struct stack_slot {
	uint64_t key;
	uint64_t value;
};

struct stack_table {
	uint64_t used;
	struct stack_slot slots[STACK_SLOTS];
};

struct stacks {
	pthread_mutex_t lock; /* of additions */
	uint32_t codes;
	struct stack_table rules; /* by return address */
	struct stack_table places; /* in Python code, and the code */
	struct stack_table files; /* by an address in them: they are in the log */
	struct stack_table numbers; /* of stacks, by hash */
};

struct state {
	atomic_uint stage; /* enum stage */
	pthread_mutex_t lock; /* of the setup */
	uint32_t pid;
	bool is_child; /* of a process that reported */
	atomic_uint_fast64_t lost; /* not in the log yet */
	atomic_uint_fast64_t next_id;
	struct log_file log;
	struct table objects; /* by handle */
	struct table aliases; /* by their own handle */
	_Atomic(const void *)
		places[HOOK_PLACES]; /* handles, by hash of the place */
	struct registry registry;
	struct stacks stacks;
	_Alignas(64) char memory[HOOK_MEMORY_SIZE];
};

enum stage {
	STAGE_NEW, /* also in a child */
	STAGE_READY,
	STAGE_FAILED,
};

/* Valid between hook_enter() and hook_leave() of an active scope */
extern struct state *hook_state;

/* struct memory - an object that was freed, by a key of the hook */
#define THREAD_MEMORIES 64

struct memory {
	const void *key;
	const void *handle;
	uint64_t id;
};

/* The library is preloaded, so it has room in the static block of thread-local storage. */
struct thread {
	uint32_t pid; /* that @tid belongs to */
	uint32_t tid;
	bool busy; /* in a hook */
	uint32_t reports;
	uint64_t boottime; /* less CLOCK_MONOTONIC */
	struct hook_catch *catch; /* innermost */
	uint32_t stack_pid; /* that the two below belong to */
	uint64_t stack_start;
	uint64_t stack_end;
	struct memory memories[THREAD_MEMORIES];
};

extern __thread struct thread hook_thread
	__attribute__((tls_model("initial-exec")));

/* hook_tid() - the thread's id in process @pid; a child inherits its parent's */
uint32_t hook_tid(uint32_t pid);

/* log_open() - create the log of the process; false: it has none */
bool log_open(struct log_file *log, const char *directory, uint32_t pid);
/*
 * log_append() - append an entry, and what follows its first slot
 *
 * @entry->slots, @tid and @time are filled in. Return: false: it is lost.
 */
bool log_append(struct state *state, struct log_entry *entry, const void *data,
		uint32_t length);
bool log_append_text(struct state *state, struct log_entry *entry,
		     const char *text);

/* table_insert() - remember a live object; false: no memory */
bool table_insert(struct table *table, const void *key,
		  const struct hook_buffer *buffer);
enum hook_state table_find(struct table *table, const void *key,
			   struct hook_buffer *buffer);
/* table_free() - mark an object as freed; its state before, and the object */
enum hook_state table_free(struct table *table, const void *key,
			   struct hook_buffer *buffer);
/* table_search() - the live object of an owner that starts at an address of a space */
bool table_search(struct table *table, const struct hook_buffer *place,
		  struct hook_buffer *buffer);
/* table_close() - close the objects of an owner, calling @live for those that live */
void table_close(struct table *table, uint16_t owner,
		 void (*live)(const struct hook_buffer *buffer));

/* hook_stacks - does the session want stacks? */
extern bool hook_stacks;

/* stack_capture() - the number of the stack that leads to the hooked function; 0: none */
uint32_t stack_capture(struct stacks *stacks);

/* kernel_add_space() - make a space known; it is the first one that makes a client */
void kernel_add_space(struct device *device, unsigned int space,
		      const char *name, uint64_t capacity);
void kernel_report(const struct device *device, const struct log_entry *entry);
/* kernel_close() - end the client of a device */
void kernel_close(struct device *device);

#endif
