// SPDX-License-Identifier: GPL-2.0
/*
 * Stacks of all processes, independent of addresses
 *
 * A frame is a file and an offset in it, so a stack is the same in each process and in
 * each run. Files, frames and stacks are kept once.
 */
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "../util/err.h"
#include "internal.h"

#define TEXT_SIZE 4096
#define MAX_BUILD_ID 64

/* Bound on the memory of all that is kept, in bytes */
#define MAX_MEMORY (UINT64_C(256) << 20)

/* Bound on what one log may define */
#define MAX_MODULES 4096
#define MAX_DEFINITIONS (1 << 20)

/**
 * struct kept - something that is kept once
 * @hh: in its table, by @key
 * @stack: a stack
 * @frame: a frame
 * @module: a file
 * @list: frames of @stack
 * @size: bytes of @key
 * @key: what makes it the same as another
 */
struct kept {
	UT_hash_handle hh;
	union {
		struct stack stack;
		struct frame frame;
		struct module_file module;
	};
	size_t size;
	uint8_t key[];
};

struct stacks {
	struct kept *texts;
	struct kept *modules;
	struct kept *frames;
	struct kept *stacks;
	struct kept **by_id;
	uint32_t nr;
	uint64_t memory;
	bool full;
};

struct stacks *stacks_new(void)
{
	return xcalloc(1, sizeof(struct stacks));
}

static void free_table(struct kept *table)
{
	struct kept *kept, *next;

	HASH_ITER(hh, table, kept, next)
	{
		HASH_DEL(table, kept);
		free(kept);
	}
}

void stacks_free(struct stacks *stacks)
{
	for (uint32_t i = 0; i < stacks->nr; i++)
		free((void *)stacks->by_id[i]->stack.frames);
	free_table(stacks->texts);
	free_table(stacks->modules);
	free_table(stacks->frames);
	free_table(stacks->stacks);
	free(stacks->by_id);
	free(stacks);
}

/* keep() - find or add a key; @added says which; NULL: no room for it */
static struct kept *keep(struct stacks *stacks, struct kept **table,
			 const void *key, size_t size, bool *added)
{
	struct kept *kept;

	HASH_FIND(hh, *table, key, size, kept);
	*added = !kept;
	if (kept)
		return kept;
	if (stacks->memory + sizeof(*kept) + size > MAX_MEMORY) {
		stacks->full = true;
		return NULL;
	}
	stacks->memory += sizeof(*kept) + size;
	kept = xcalloc(1, sizeof(*kept) + size);
	kept->size = size;
	memcpy(kept->key, key, size);
	HASH_ADD_KEYPTR(hh, *table, kept->key, size, kept);
	return kept;
}

static const char *keep_text(struct stacks *stacks, const char *text)
{
	bool added;
	struct kept *kept =
		keep(stacks, &stacks->texts, text, strlen(text) + 1, &added);

	return kept ? (const char *)kept->key : NULL;
}

static const struct module_file *keep_module(struct stacks *stacks,
					     const uint8_t *build_id,
					     size_t size, const char *path)
{
	size_t length = strlen(path) + 1;
	uint8_t key[MAX_BUILD_ID + TEXT_SIZE];
	struct kept *kept;
	bool added;

	memcpy(key, path, length);
	memcpy(key + length, build_id, size);
	kept = keep(stacks, &stacks->modules, key, length + size, &added);
	if (!kept)
		return NULL;
	kept->module.path = (const char *)kept->key;
	kept->module.build_id = kept->key + length;
	kept->module.build_id_size = size;
	return &kept->module;
}

static const struct frame *keep_frame(struct stacks *stacks,
				      const struct frame *frame)
{
	bool added;
	struct kept *kept =
		keep(stacks, &stacks->frames, frame, sizeof(*frame), &added);

	if (!kept)
		return NULL;
	kept->frame = *frame;
	return &kept->frame;
}

static void add_stack(struct stacks *stacks, struct kept *kept,
		      const struct frame *const *frames, unsigned int nr)
{
	const struct frame **copy = xmalloc(nr * sizeof(*copy));

	memcpy(copy, frames, nr * sizeof(*copy));
	if (!(stacks->nr & (stacks->nr + 1)))
		stacks->by_id = xreallocarray(stacks->by_id,
					      2 * (stacks->nr + 1),
					      sizeof(struct kept *));
	stacks->by_id[stacks->nr++] = kept;
	stacks->memory += nr * sizeof(*copy);
	kept->stack.id = stacks->nr;
	kept->stack.nr = nr;
	kept->stack.frames = copy;
}

/* keep_stack() - the stack of these frames; NULL: no room for it */
static struct kept *keep_stack(struct stacks *stacks,
			       const struct frame *const *frames,
			       unsigned int nr)
{
	struct kept *kept;
	bool added;

	kept = keep(stacks, &stacks->stacks, frames, nr * sizeof(*frames),
		    &added);
	if (kept && added) {
		add_stack(stacks, kept, frames, nr);
		kept->stack.site = kept->stack.id;
	}
	return kept;
}

/* keep_site() - the number of the stack that stands for these frames in sums */
static uint32_t keep_site(struct stacks *stacks,
			  const struct frame *const *frames, unsigned int nr)
{
	const struct frame *python[LOG_MAX_FRAMES];
	unsigned int nr_python = 0;
	struct kept *kept;

	for (unsigned int i = 0; i < nr; i++)
		if (frames[i]->function)
			python[nr_python++] = frames[i];
	if (nr_python)
		kept = keep_stack(stacks, python, nr_python);
	else
		kept = keep_stack(stacks, frames, nr);
	return kept ? kept->stack.id : 0;
}

const struct stack *stacks_get(const struct stacks *stacks, uint32_t id)
{
	return id && id <= stacks->nr ? &stacks->by_id[id - 1]->stack : NULL;
}

uint32_t stacks_site(const struct stacks *stacks, uint32_t id)
{
	const struct stack *stack = stacks_get(stacks, id);

	return stack ? stack->site : 0;
}

bool stacks_full(const struct stacks *stacks)
{
	return stacks->full;
}

/**
 * struct mapping - a file in the memory of a process
 * @start: its first address
 * @length: in bytes
 * @offset: in the file, of @start
 * @file: the file
 */
struct mapping {
	uint64_t start;
	uint64_t length;
	uint64_t offset;
	const struct module_file *file;
};

/**
 * struct definition - what a number of a log stands for
 * @hh: in its table, by @number
 * @number: in the log
 * @stack: a stack: number in stacks
 * @file: Python code: its file
 * @function: Python code: its name
 */
struct definition {
	UT_hash_handle hh;
	uint64_t number;
	uint32_t stack;
	const char *file;
	const char *function;
};

struct process_map {
	struct stacks *stacks;
	struct mapping *mappings;
	unsigned int nr_mappings;
	struct definition *stack_numbers;
	struct definition *codes;
};

struct process_map *process_map_new(struct stacks *stacks)
{
	struct process_map *map = xcalloc(1, sizeof(*map));

	map->stacks = stacks;
	return map;
}

static void free_definitions(struct definition *table)
{
	struct definition *definition, *next;

	HASH_ITER(hh, table, definition, next)
	{
		HASH_DEL(table, definition);
		free(definition);
	}
}

void process_map_free(struct process_map *map)
{
	if (!map)
		return;
	free_definitions(map->stack_numbers);
	free_definitions(map->codes);
	free(map->mappings);
	free(map);
}

/* define() - add a number, or find it to define it again; NULL: too many */
static struct definition *define(struct definition **table, uint64_t number)
{
	struct definition *definition;

	HASH_FIND(hh, *table, &number, sizeof(number), definition);
	if (definition || HASH_COUNT(*table) >= MAX_DEFINITIONS)
		return definition;
	definition = xcalloc(1, sizeof(*definition));
	definition->number = number;
	HASH_ADD(hh, *table, number, sizeof(number), definition);
	return definition;
}

static void add_mapping(struct process_map *map, const struct log_item *item)
{
	const struct log_entry *entry = &item->entry;
	char path[TEXT_SIZE];

	if (entry->value > MAX_BUILD_ID || entry->value > item->length ||
	    map->nr_mappings == MAX_MODULES)
		return;
	log_text(item, entry->value, path, sizeof(path));
	if (!(map->nr_mappings & (map->nr_mappings + 1)))
		map->mappings = xreallocarray(map->mappings,
					      2 * (map->nr_mappings + 1),
					      sizeof(*map->mappings));
	map->mappings[map->nr_mappings++] = (struct mapping){
		.start = entry->address,
		.length = entry->size,
		.offset = entry->span,
		.file = keep_module(map->stacks, item->payload, entry->value,
				    path),
	};
}

static void add_code(struct process_map *map, const struct log_item *item)
{
	struct definition *code = define(&map->codes, item->entry.value);
	char file[TEXT_SIZE], function[TEXT_SIZE];

	if (!code)
		return;
	log_text(item, 0, file, sizeof(file));
	log_text(item, strnlen(item->payload, item->length) + 1, function,
		 sizeof(function));
	code->file = keep_text(map->stacks, file);
	code->function = keep_text(map->stacks, function);
}

/* A file that is mapped later may take the addresses of one that was unmapped. */
static const struct mapping *find_mapping(const struct process_map *map,
					  uint64_t address)
{
	for (unsigned int i = map->nr_mappings; i-- > 0;) {
		const struct mapping *mapping = &map->mappings[i];

		if (address - mapping->start < mapping->length)
			return mapping;
	}
	return NULL;
}

static void python_frame(const struct process_map *map, uint64_t value,
			 struct frame *frame)
{
	uint64_t number = LOG_FRAME_CODE(value);
	struct definition *code;

	HASH_FIND(hh, map->codes, &number, sizeof(number), code);
	frame->function = code && code->function ? code->function : "?";
	frame->file = code && code->file ? code->file : "?";
	frame->line = LOG_FRAME_LINE(value);
}

static void native_frame(const struct process_map *map, uint64_t address,
			 struct frame *frame)
{
	const struct mapping *mapping = find_mapping(map, address - 1);

	frame->module = mapping ? mapping->file : NULL;
	frame->offset = address;
	if (frame->module)
		frame->offset += mapping->offset - mapping->start;
}

static const struct frame *read_frame(const struct process_map *map,
				      uint64_t value)
{
	struct frame frame;

	/* It is a key, padding included. */
	memset(&frame, 0, sizeof(frame));
	if (value & LOG_FRAME_PYTHON)
		python_frame(map, value & ~LOG_FRAME_PYTHON, &frame);
	else
		native_frame(map, value, &frame);
	return keep_frame(map->stacks, &frame);
}

static uint32_t read_stack(struct stacks *stacks,
			   const struct frame *const *frames, unsigned int nr,
			   unsigned int flags)
{
	struct kept *kept = keep_stack(stacks, frames, nr);

	if (!kept)
		return 0;
	kept->stack.site = keep_site(stacks, frames, nr);
	kept->stack.truncated = flags & LOG_FLAG_TRUNCATED;
	kept->stack.no_python = flags & LOG_FLAG_NO_PYTHON;
	return kept->stack.id;
}

static void add_stack_number(struct process_map *map,
			     const struct log_item *item)
{
	const struct frame *frames[LOG_MAX_FRAMES];
	const uint64_t *values = item->payload;
	uint64_t nr = item->entry.value;
	struct definition *definition;

	if (!nr || nr > LOG_MAX_FRAMES || nr * sizeof(*values) > item->length)
		return;
	for (unsigned int i = 0; i < nr; i++) {
		frames[i] = read_frame(map, values[i]);
		if (!frames[i])
			return;
	}
	definition = define(&map->stack_numbers, item->entry.stack);
	if (definition)
		definition->stack =
			read_stack(map->stacks, frames, nr, item->entry.flags);
}

void process_map_add(struct process_map *map, const struct log_item *item)
{
	switch (item->entry.op) {
	case LOG_OP_STACK:
		add_stack_number(map, item);
		break;
	case LOG_OP_MODULE:
		add_mapping(map, item);
		break;
	case LOG_OP_CODE:
		add_code(map, item);
		break;
	}
}

uint32_t process_map_stack(const struct process_map *map, uint32_t stack)
{
	uint64_t number = stack;
	struct definition *definition;

	if (!stack)
		return 0;
	HASH_FIND(hh, map->stack_numbers, &number, sizeof(number), definition);
	return definition ? definition->stack : 0;
}
