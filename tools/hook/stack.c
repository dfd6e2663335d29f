// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Stacks of reports
 *
 * A stack runs from the caller of the hooked function outwards: return addresses up to the
 * function that runs Python code, then the Python frames; without Python, return addresses
 * alone. Rules of return addresses, places
 * in Python code and stacks are looked up in tables that only grow, without a lock. What is
 * met first is added under the lock, and written to the log before the stack that needs it.
 *
 * The walk reads nothing outside the thread's stack, so that wrong rules make wrong
 * frames and nothing worse.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"
#include "python.h"
#include "unwind.h"

#define NAME_SIZE 1024 /* of names in Python code */

/* struct walk - a stack while it is captured */
struct walk {
	struct stacks *stacks;
	uint64_t frames[LOG_MAX_FRAMES];
	unsigned int count;
	unsigned int flags;
	uint64_t hash;
};

/* The library's own code, which is left out */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char etext[] __attribute__((visibility("hidden")));

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

static void add_frame(struct walk *walk, uint64_t frame)
{
	if (walk->count == LOG_MAX_FRAMES) {
		walk->flags |= LOG_FLAG_TRUNCATED;
		return;
	}
	walk->frames[walk->count++] = frame;
	walk->hash = mix(walk->hash, frame);
}

static uint32_t first_slot(uint64_t key)
{
	return key * UINT64_C(0x9e3779b97f4a7c15) >> (64 - STACK_SLOT_BITS);
}

static uint64_t key_at(const struct stack_table *table, uint32_t slot)
{
	return __atomic_load_n(&table->slots[slot].key, __ATOMIC_ACQUIRE);
}

/* The table is never full, so a search ends at a free slot. */
static inline bool look_up(const struct stack_table *table, uint64_t key,
			   uint64_t *value)
{
	uint32_t slot = first_slot(key);
	uint64_t found = key_at(table, slot);

	while (found != key) {
		if (!found)
			return false;
		slot = (slot + 1) % STACK_SLOTS;
		found = key_at(table, slot);
	}
	*value = table->slots[slot].value;
	return true;
}

/* add() - under the lock; false: there is no room */
static bool add(struct stack_table *table, uint64_t key, uint64_t value)
{
	uint32_t slot = first_slot(key);

	if (table->used >= STACK_SLOTS / 4 * 3)
		return false;
	while (key_at(table, slot) && key_at(table, slot) != key)
		slot = (slot + 1) % STACK_SLOTS;
	table->used += !table->slots[slot].key;
	table->slots[slot].value = value;
	__atomic_store_n(&table->slots[slot].key, key, __ATOMIC_RELEASE);
	return true;
}

/* A rule in a value of a table */
static uint64_t pack(const struct unwind_rule *rule)
{
	return (uint64_t)rule->base | (uint64_t)rule->is_mark << 8 |
	       (uint64_t)(uint16_t)rule->saved_bp << 16 |
	       (uint64_t)(uint32_t)rule->offset << 32;
}

static void unpack(uint64_t value, struct unwind_rule *rule)
{
	rule->base = value & 0xff;
	rule->is_mark = value >> 8 & 1;
	rule->saved_bp = (int16_t)(value >> 16);
	rule->offset = (int32_t)(value >> 32);
}

static void find_rule(struct stacks *stacks, uint64_t address,
		      struct unwind_rule *rule)
{
	uint64_t value;

	if (look_up(&stacks->rules, address, &value)) {
		unpack(value, rule);
		return;
	}
	unwind_find(address, python_eval(), rule, NULL);
	pthread_mutex_lock(&stacks->lock);
	add(&stacks->rules, address, pack(rule));
	pthread_mutex_unlock(&stacks->lock);
}

/* stack_end() - the end of the thread's stack, or 0: it runs on another one */
static uint64_t stack_end(uint64_t sp)
{
	pthread_attr_t attributes;
	void *start = NULL;
	size_t size = 0;

	if (hook_thread.stack_pid != hook_state->pid) {
		hook_thread.stack_pid = hook_state->pid;
		if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
			pthread_attr_getstack(&attributes, &start, &size);
			pthread_attr_destroy(&attributes);
		}
		hook_thread.stack_start = (uint64_t)(uintptr_t)start;
		hook_thread.stack_end = hook_thread.stack_start + size;
	}
	return sp >= hook_thread.stack_start && sp < hook_thread.stack_end ?
		       hook_thread.stack_end :
		       0;
}

/* struct registers - of a frame; @pc is a return address */
struct registers {
	uint64_t pc;
	uint64_t sp;
	uint64_t bp;
};

static bool read_stack(uint64_t address, uint64_t sp, uint64_t end,
		       uint64_t *value)
{
	if (address < sp || address > end - sizeof(*value) ||
	    address % sizeof(*value))
		return false;
	memcpy(value, (const void *)(uintptr_t)address, sizeof(*value));
	return true;
}

/* step() - to the caller; false: the walk ends, early unless the rule says so */
static bool step(struct registers *r, const struct unwind_rule *rule,
		 uint64_t end)
{
	uint64_t cfa, bp = r->bp;

	switch (rule->base) {
	case UNWIND_SP:
		cfa = r->sp + (uint64_t)(int64_t)rule->offset;
		break;
	case UNWIND_BP:
		cfa = r->bp + (uint64_t)(int64_t)rule->offset;
		break;
	case UNWIND_AT_BP:
		if (!read_stack(r->bp + (uint64_t)(int64_t)rule->offset, r->sp,
				end, &cfa))
			return false;
		break;
	default:
		return false;
	}
	if (cfa <= r->sp || cfa > end ||
	    !read_stack(cfa - 8, r->sp, end, &r->pc))
		return false;
	if (rule->saved_bp == 1 ?
		    !read_stack(r->bp, r->sp, end, &bp) :
		    rule->saved_bp &&
			    !read_stack(cfa + (uint64_t)(int64_t)rule->saved_bp,
					r->sp, end, &bp))
		return false;
	r->bp = bp;
	r->sp = cfa;
	return true;
}

static bool is_own(uint64_t address)
{
	return address >= (uint64_t)(uintptr_t)__ehdr_start &&
	       address < (uint64_t)(uintptr_t)etext;
}

/* leave_hook() - to the first frame outside the library, which has frame pointers */
static bool leave_hook(struct registers *r, uint64_t end)
{
	uint64_t frame = r->bp;

	do {
		if (!read_stack(frame, r->sp, end, &r->bp) ||
		    !read_stack(frame + 8, r->sp, end, &r->pc))
			return false;
		r->sp = frame + 16;
		frame = r->bp;
	} while (is_own(r->pc));
	return true;
}

/* walk_native() - up to Python code where @python, else to the end */
static void walk_native(struct walk *walk, struct registers *r, uint64_t end,
			bool python)
{
	struct unwind_rule rule = { .base = UNWIND_UNKNOWN };

	if (leave_hook(r, end))
		do {
			find_rule(walk->stacks, r->pc, &rule);
			if (python && rule.is_mark)
				return;
			if (!is_own(r->pc))
				add_frame(walk, r->pc);
		} while (walk->count < LOG_MAX_FRAMES && step(r, &rule, end) &&
			 r->pc);
	if (rule.base != UNWIND_END)
		walk->flags |= LOG_FLAG_TRUNCATED;
}

static void write_code(const struct python_place *place, uint32_t number)
{
	struct log_entry entry = { .op = LOG_OP_CODE, .value = number };
	char text[2 * NAME_SIZE];
	size_t length;

	python_file(place, text, NAME_SIZE);
	length = strlen(text) + 1;
	python_name(place, text + length, NAME_SIZE);
	length += strlen(text + length) + 1;
	log_append(hook_state, &entry, text, (uint32_t)length);
}

/* number_code() - the number of Python code, under the lock; 0: no room */
static uint32_t number_code(struct stacks *stacks,
			    const struct python_place *place)
{
	uint64_t number;

	if (look_up(&stacks->places, place->key | 1, &number))
		return (uint32_t)number;
	number = stacks->codes + 1;
	if (!add(&stacks->places, place->key | 1, number))
		return 0;
	stacks->codes++;
	write_code(place, (uint32_t)number);
	return (uint32_t)number;
}

/* add_place() - the frame of a place that is met first */
static uint64_t add_place(struct stacks *stacks,
			  const struct python_place *place, uint64_t key)
{
	uint64_t value = LOG_FRAME_PYTHON | (python_line(place) & 0xffffff);
	uint32_t number;

	pthread_mutex_lock(&stacks->lock);
	number = number_code(stacks, place);
	value |= (uint64_t)number << 24;
	if (number)
		add(&stacks->places, key, value);
	pthread_mutex_unlock(&stacks->lock);
	return value;
}

static void add_python_frame(const struct python_place *place, void *data)
{
	struct walk *walk = data;
	uint64_t key = mix(place->key, (uint64_t)place->instruction) &
		       ~UINT64_C(1);
	uint64_t value;

	if (!look_up(&walk->stacks->places, key, &value))
		value = add_place(walk->stacks, place, key);
	add_frame(walk, value);
}

static void write_module(const struct unwind_module *module)
{
	struct log_entry entry = {
		.op = LOG_OP_MODULE,
		.address = module->start,
		.size = module->length,
		.span = module->offset,
		.value = module->build_id_size,
	};
	char data[64 + sizeof(module->path)];
	size_t length = strlen(module->path) + 1;

	memcpy(data, module->build_id, module->build_id_size);
	memcpy(data + module->build_id_size, module->path, length);
	log_append(hook_state, &entry, data,
		   module->build_id_size + (uint32_t)length);
}

/* write_modules() - the files of the frames that the log does not know yet */
static void write_modules(struct walk *walk)
{
	struct stacks *stacks = walk->stacks;
	struct unwind_module module;
	struct unwind_rule rule;
	uint64_t known;
	unsigned int i;

	for (i = 0; i < walk->count; i++) {
		uint64_t frame = walk->frames[i];

		/* A frame that was in a stack before has its file in the log. */
		if (frame & LOG_FRAME_PYTHON ||
		    look_up(&stacks->files, frame, &known))
			continue;
		add(&stacks->files, frame, 1);
		if (!unwind_find(frame, 0, &rule, &module) ||
		    look_up(&stacks->files, module.start, &known))
			continue;
		add(&stacks->files, module.start, 1);
		write_module(&module);
	}
}

/* add_stack() - under the lock: number a stack and write it */
static uint32_t add_stack(struct walk *walk, uint64_t key)
{
	struct stacks *stacks = walk->stacks;
	struct log_entry entry = {
		.op = LOG_OP_STACK,
		.flags = (uint8_t)walk->flags,
		.value = walk->count,
	};
	uint64_t number;

	if (look_up(&stacks->numbers, key, &number))
		return (uint32_t)number;
	write_modules(walk);
	entry.stack = (uint32_t)stacks->numbers.used + 1;
	if (!log_append(hook_state, &entry, walk->frames,
			walk->count * (uint32_t)sizeof(walk->frames[0])) ||
	    !add(&stacks->numbers, key, entry.stack))
		return 0;
	return entry.stack;
}

static uint32_t number_stack(struct walk *walk)
{
	uint64_t key = mix(walk->hash, walk->flags) | 1;
	uint64_t number;

	if (look_up(&walk->stacks->numbers, key, &number))
		return (uint32_t)number;
	pthread_mutex_lock(&walk->stacks->lock);
	number = add_stack(walk, key);
	pthread_mutex_unlock(&walk->stacks->lock);
	return (uint32_t)number;
}

static void fill(struct walk *walk, struct registers *r)
{
	bool python = python_is_here();
	uint64_t end = stack_end(r->sp);

	if (end)
		walk_native(walk, r, end, python);
	else
		walk->flags |= LOG_FLAG_TRUNCATED;
	if (python)
		python_walk(LOG_MAX_FRAMES - walk->count, add_python_frame,
			    walk);
	else if (python_eval())
		walk->flags |= LOG_FLAG_NO_PYTHON;
}

__attribute__((noinline)) uint32_t stack_capture(struct stacks *stacks)
{
	struct registers r = {
		.sp = (uint64_t)(uintptr_t)__builtin_frame_address(0),
		.bp = (uint64_t)(uintptr_t)__builtin_frame_address(0),
	};
	struct walk walk;

	walk.stacks = stacks;
	walk.count = 0;
	walk.flags = 0;
	walk.hash = 0;
	fill(&walk, &r);
	return walk.count ? number_stack(&walk) : 0;
}
