// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Python frames of the calling thread
 *
 * Runtimes release the GIL before they allocate, and the public C API needs it. But the
 * frames of a thread change only while that thread runs Python code, and it is in a hook
 * now. So they are read as they lie in memory, by the layout of the interpreter's minor
 * version: nothing is called that takes a lock, counts a reference or allocates. Each
 * object's type confirms what it is taken for.
 */
#include <dlfcn.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "python.h"

/* struct layout - offsets in the structures of a minor version, on 64-bit machines */
static const struct layout {
	const char *version; /* as Py_GetVersion() starts */
	struct {
		uint16_t frame; /* of the thread, or of @chain */
		uint16_t chain; /* 0: @frame is the thread's */
		uint16_t previous;
		uint16_t code;
		uint16_t instruction;
		uint16_t owner; /* 0: all frames are Python code's */
	} frame;
	struct {
		uint16_t file;
		uint16_t name;
		uint16_t first_line;
		uint16_t instructions; /* 0: the frame has an index */
		uint8_t index_size; /* bytes of an index, for PyCode_Addr2Line() */
	} code;
	struct {
		uint16_t ascii; /* where the text is */
		uint16_t compact;
	} string;
} layouts[] = {
	{ "3.9.",
	  { 24, 0, 24, 32, 104, 0 },
	  { 104, 112, 40, 0, 1 },
	  { 48, 72 } },
	{ "3.10.",
	  { 24, 0, 24, 32, 96, 0 },
	  { 104, 112, 40, 0, 2 },
	  { 48, 72 } },
	{ "3.11.",
	  { 8, 56, 48, 32, 56, 0 },
	  { 112, 128, 72, 184, 1 },
	  { 48, 72 } },
	{ "3.12.",
	  { 0, 56, 8, 0, 56, 70 },
	  { 112, 128, 68, 192, 1 },
	  { 40, 56 } },
	{ "3.13.",
	  { 72, 0, 8, 0, 56, 70 },
	  { 112, 128, 68, 200, 1 },
	  { 40, 56 } },
};

#define OWNED_BY_C_STACK 3 /* a frame of the interpreter itself */
#define OBJECT_TYPE 8
#define STRING_LENGTH 16
#define STRING_STATE 32

struct python {
	const struct layout *layout; /* NULL: no frames are read */
	int (*is_initialized)(void);
	void *(*this_thread)(void);
	int (*line_of)(const char *code, int instruction);
	const char *code_type;
	const char *string_type;
	uint64_t eval;
};

static void *symbol(const char *name)
{
	return dlsym(RTLD_DEFAULT, name);
}

static const struct layout *find_layout(void)
{
	const char *(*get_version)(void) = symbol("Py_GetVersion");
	const char *version = get_version ? get_version() : "";
	size_t i;

	/* Objects have other headers in a debug build and in a free-threaded one. */
	if (symbol("_Py_NegativeRefcount") || symbol("_Py_RefTotal") ||
	    strstr(version, "free-threading"))
		return NULL;
	for (i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
		if (!strncmp(version, layouts[i].version,
			     strlen(layouts[i].version)))
			return &layouts[i];
	return NULL;
}

static void resolve(struct python *python)
{
	python->is_initialized = symbol("Py_IsInitialized");
	python->this_thread = symbol("PyGILState_GetThisThreadState");
	python->line_of = symbol("PyCode_Addr2Line");
	python->code_type = symbol("PyCode_Type");
	python->string_type = symbol("PyUnicode_Type");
	python->eval = (uint64_t)(uintptr_t)symbol("_PyEval_EvalFrameDefault");
	if (python->is_initialized && python->this_thread && python->line_of &&
	    python->code_type && python->string_type && sizeof(void *) == 8)
		python->layout = find_layout();
}

/* The interpreter is the program or a library that it is linked to. */
static const struct python *get(void)
{
	static struct python python;
	static atomic_int ready;
	struct python found = { 0 };

	if (!atomic_load_explicit(&ready, memory_order_acquire)) {
		/* Threads that race here store the same values. */
		resolve(&found);
		python = found;
		atomic_store_explicit(&ready, 1, memory_order_release);
	}
	return &python;
}

bool python_is_here(void)
{
	return get()->layout && get()->is_initialized();
}

uint64_t python_eval(void)
{
	return get()->eval;
}

static const char *read_pointer(const char *object, size_t offset)
{
	const char *value;

	memcpy(&value, object + offset, sizeof(value));
	return value;
}

static uint32_t read_u32(const char *object, size_t offset)
{
	uint32_t value;

	memcpy(&value, object + offset, sizeof(value));
	return value;
}

static const char *first_frame(const struct layout *layout, const char *thread)
{
	if (layout->frame.chain)
		thread = read_pointer(thread, layout->frame.chain);
	return thread ? read_pointer(thread, layout->frame.frame) : NULL;
}

static int instruction_of(const struct layout *layout, const char *frame,
			  const char *code)
{
	if (!layout->code.instructions)
		return (int)read_u32(frame, layout->frame.instruction) *
		       layout->code.index_size;
	return (int)(read_pointer(frame, layout->frame.instruction) -
		     (code + layout->code.instructions));
}

/* Code that takes the memory of code that is gone differs in a name or in its line. */
static uint64_t key_of(const struct layout *layout, const char *code)
{
	uint64_t factor = UINT64_C(0x9e3779b97f4a7c15);
	uint64_t key = (uint64_t)(uintptr_t)code;

	key = key * factor +
	      (uint64_t)(uintptr_t)read_pointer(code, layout->code.file);
	key = key * factor +
	      (uint64_t)(uintptr_t)read_pointer(code, layout->code.name);
	return key * factor + read_u32(code, layout->code.first_line);
}

/* code_of() - the code of a frame; NULL: the interpreter's own frame, or no code */
static const char *code_of(const struct python *python, const char *frame)
{
	const struct layout *layout = python->layout;
	const char *code = read_pointer(frame, layout->frame.code);

	if (layout->frame.owner &&
	    frame[layout->frame.owner] == OWNED_BY_C_STACK)
		return NULL;
	if (!code || read_pointer(code, OBJECT_TYPE) != python->code_type)
		return NULL;
	return code;
}

void python_walk(unsigned int max,
		 void (*found)(const struct python_place *place, void *data),
		 void *data)
{
	const struct python *python = get();
	const struct layout *layout = python->layout;
	const char *thread = python->this_thread();
	struct python_place place;
	const char *frame;

	for (frame = thread ? first_frame(layout, thread) : NULL; frame && max;
	     frame = read_pointer(frame, layout->frame.previous)) {
		place.code = code_of(python, frame);
		if (!place.code)
			continue;
		place.instruction = instruction_of(layout, frame, place.code);
		place.key = key_of(layout, place.code);
		found(&place, data);
		max--;
	}
}

uint32_t python_line(const struct python_place *place)
{
	int line = get()->line_of(place->code, place->instruction);

	return line > 0 ? (uint32_t)line : 0;
}

static size_t put_utf8(char *to, uint32_t c)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (char)(0xe0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 0x3f));
		to[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | c >> 18);
	to[1] = (char)(0x80 | (c >> 12 & 0x3f));
	to[2] = (char)(0x80 | (c >> 6 & 0x3f));
	to[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static uint32_t character(const char *data, size_t width, size_t i)
{
	uint32_t c = 0;

	memcpy(&c, data + i * width, width);
	return c;
}

static void copy_string(const char *string, char *text, uint32_t size)
{
	const struct layout *layout = get()->layout;
	uint32_t state = read_u32(string, STRING_STATE);
	/* Two bits for interning, three for the width, compact, ascii */
	size_t width = state >> 2 & 7;
	bool compact = state >> 5 & 1, ascii = state >> 6 & 1;
	const char *data = string + (ascii ? layout->string.ascii :
					     layout->string.compact);
	uint64_t length, i;
	size_t at = 0;

	memcpy(&length, string + STRING_LENGTH, sizeof(length));
	if (!compact || (width != 1 && width != 2 && width != 4))
		length = 0;
	for (i = 0; i < length && at + 4 < size; i++)
		at += put_utf8(text + at, character(data, width, i));
	text[at] = '\0';
}

static void copy_member(const char *code, size_t offset, char *text,
			uint32_t size)
{
	const char *string = read_pointer(code, offset);

	if (string && read_pointer(string, OBJECT_TYPE) == get()->string_type)
		copy_string(string, text, size);
	else
		snprintf(text, size, "?");
}

void python_file(const struct python_place *place, char *text, uint32_t size)
{
	copy_member(place->code, get()->layout->code.file, text, size);
}

void python_name(const struct python_place *place, char *text, uint32_t size)
{
	copy_member(place->code, get()->layout->code.name, text, size);
}
