// SPDX-License-Identifier: GPL-2.0
/*
 * Names of native frames: function, file and line, with inlined calls
 *
 * The files are found by path and build id, so the process need not exist any more. A
 * file that was replaced since then gives no names.
 */
#include <dlfcn.h>
#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uthash.h>

#include "../util/err.h"
#include "internal.h"

/**
 * struct object - a file that was opened for its symbols
 * @hh: by @file
 * @file: the file
 * @module: NULL: it cannot be read, or it is another file by now
 * @bias: address of the ELF file's address 0
 * @elf: the file
 */
struct object {
	UT_hash_handle hh;
	const struct module_file *file;
	Dwfl_Module *module;
	GElf_Addr bias;
	Elf *elf;
};

struct symbols {
	Dwfl *dwfl;
	struct object *objects;
};

#define MAX_SCOPES 32
#define MAX_DEPTH 64

static char *no_path;

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
	.section_address = dwfl_offline_section_address,
	.debuginfo_path = &no_path,
};

struct symbols *symbols_new(void)
{
	struct symbols *symbols = xcalloc(1, sizeof(*symbols));

	symbols->dwfl = dwfl_begin(&callbacks);
	return symbols;
}

void symbols_free(struct symbols *symbols)
{
	struct object *object, *next;

	HASH_ITER(hh, symbols->objects, object, next)
	{
		HASH_DEL(symbols->objects, object);
		free(object);
	}
	if (symbols->dwfl)
		dwfl_end(symbols->dwfl);
	free(symbols);
}

/* open_regular() - the path is the process's word: it may name a pipe */
static int open_regular(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat stat;

	if (fd < 0)
		return -1;
	if (!fstat(fd, &stat) && S_ISREG(stat.st_mode))
		return fd;
	close(fd);
	return -1;
}

static bool has_build_id(Dwfl_Module *module, const struct module_file *file)
{
	const unsigned char *bits;
	GElf_Addr address;
	int size = dwfl_module_build_id(module, &bits, &address);

	if (size < 0)
		size = 0;
	return (size_t)size == file->build_id_size &&
	       !memcmp(bits, file->build_id, size);
}

static void open_object(struct symbols *symbols, struct object *object)
{
	int fd = symbols->dwfl ? open_regular(object->file->path) : -1;
	Dwfl_Module *module;

	if (fd < 0)
		return;
	dwfl_report_begin_add(symbols->dwfl);
	module = dwfl_report_offline(symbols->dwfl, object->file->path,
				     object->file->path, fd);
	dwfl_report_end(symbols->dwfl, NULL, NULL);
	if (!module) {
		close(fd);
		return;
	}
	object->elf = dwfl_module_getelf(module, &object->bias);
	if (object->elf && has_build_id(module, object->file))
		object->module = module;
}

static struct object *find_object(struct symbols *symbols,
				  const struct module_file *file)
{
	struct object *object;

	HASH_FIND_PTR(symbols->objects, &file, object);
	if (object)
		return object;
	object = xcalloc(1, sizeof(*object));
	object->file = file;
	HASH_ADD_PTR(symbols->objects, file, object);
	open_object(symbols, object);
	return object;
}

/* to_address() - the address of an offset in the file; 0: it is not loaded */
static GElf_Addr to_address(const struct object *object, uint64_t offset)
{
	size_t nr = 0;

	elf_getphdrnum(object->elf, &nr);
	for (size_t i = 0; i < nr; i++) {
		GElf_Phdr phdr;

		if (gelf_getphdr(object->elf, i, &phdr) &&
		    phdr.p_type == PT_LOAD &&
		    offset - phdr.p_offset < phdr.p_filesz)
			return phdr.p_vaddr + (offset - phdr.p_offset) +
			       object->bias;
	}
	return 0;
}

typedef char *(*demangle_fn)(const char *mangled, char *buffer, size_t *size,
			     int *status);

/* find_demangler() - that of the C++ library, which is there where C++ programs are */
static demangle_fn find_demangler(void)
{
	void *library = dlopen("libstdc++.so.6", RTLD_LAZY | RTLD_LOCAL);

	return library ? (demangle_fn)(uintptr_t)dlsym(library,
						       "__cxa_demangle") :
			 NULL;
}

static char *demangle(const char *name)
{
	static demangle_fn demangler;
	static bool searched;
	int status;

	if (strncmp(name, "_Z", 2))
		return NULL;
	if (!searched)
		demangler = find_demangler();
	searched = true;
	return demangler ? demangler(name, NULL, NULL, &status) : NULL;
}

static void take_name(const char *mangled, const struct symbol *symbol,
		      symbol_fn take, void *context)
{
	char *name = mangled ? demangle(mangled) : NULL;
	struct symbol named = *symbol;

	named.function = name ? name : mangled;
	take(context, &named);
	free(name);
}

static const char *die_name(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	const char *name;

	name = dwarf_formstring(
		dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute));
	return name ? name : dwarf_diename(die);
}

static unsigned int die_number(Dwarf_Die *die, unsigned int name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value = 0;

	dwarf_formudata(dwarf_attr(die, name, &attribute), &value);
	return value;
}

static const char *call_file(Dwarf_Die *unit, Dwarf_Die *die)
{
	Dwarf_Files *files;
	size_t nr;

	if (dwarf_getsrcfiles(unit, &files, &nr))
		return NULL;
	return dwarf_filesrc(files, die_number(die, DW_AT_call_file), NULL,
			     NULL);
}

/**
 * struct scopes - a function and the calls inlined into it, around an address
 * @address: the address
 * @dies: the function first
 * @nr: number of @dies
 */
struct scopes {
	Dwarf_Addr address;
	Dwarf_Die dies[MAX_SCOPES];
	unsigned int nr;
};

/* may_hold() - true for what may contain functions, or blocks of one */
static bool may_hold(const struct scopes *scopes, Dwarf_Die *die, int tag)
{
	switch (tag) {
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
		return true;
	case DW_TAG_lexical_block:
		return dwarf_haspc(die, scopes->address) != 0;
	case DW_TAG_subprogram:
	case DW_TAG_inlined_subroutine:
		return dwarf_haspc(die, scopes->address) > 0;
	default:
		return false;
	}
}

/*
 * find_scopes() - go down to the innermost call; returns true if a function was found
 *
 * dwarf_getscopes() gives up where it does not understand the range of one block.
 */
static bool find_scopes(struct scopes *scopes, Dwarf_Die *parent,
			unsigned int depth)
{
	Dwarf_Die die;

	if (depth == MAX_DEPTH || dwarf_child(parent, &die))
		return false;
	do {
		int tag = dwarf_tag(&die);
		bool call = tag == DW_TAG_subprogram ||
			    tag == DW_TAG_inlined_subroutine;

		if (!may_hold(scopes, &die, tag))
			continue;
		if (call && scopes->nr < MAX_SCOPES)
			scopes->dies[scopes->nr++] = die;
		if (find_scopes(scopes, &die, depth + 1) || call)
			return true;
	} while (!dwarf_siblingof(&die, &die));
	return false;
}

/*
 * take_scopes() - the calls around an address, innermost first
 *
 * The DIE of an inlined call has the position of the call, which is in the next one.
 */
static bool take_scopes(Dwarf_Die *unit, Dwarf_Addr address,
			struct symbol symbol, symbol_fn take, void *context)
{
	struct scopes scopes = { .address = address };

	if (!find_scopes(&scopes, unit, 0))
		return false;
	while (scopes.nr--) {
		Dwarf_Die *die = &scopes.dies[scopes.nr];

		take_name(die_name(die), &symbol, take, context);
		symbol.file = call_file(unit, die);
		symbol.line = die_number(die, DW_AT_call_line);
	}
	return true;
}

/* find_unit() - the unit around an address; some compilers write no index of them */
static Dwarf_Die *find_unit(Dwfl_Module *module, GElf_Addr address,
			    Dwarf_Addr *bias)
{
	Dwarf_Die *unit = dwfl_module_addrdie(module, address, bias);

	if (unit)
		return unit;
	while ((unit = dwfl_module_nextcu(module, unit, bias)))
		if (dwarf_haspc(unit, address - *bias) > 0)
			return unit;
	return NULL;
}

static void resolve(Dwfl_Module *module, GElf_Addr address, symbol_fn take,
		    void *context)
{
	struct symbol symbol = { 0 };
	Dwarf_Addr bias = 0;
	Dwarf_Die *unit = find_unit(module, address, &bias);
	Dwarf_Line *line = unit ? dwarf_getsrc_die(unit, address - bias) : NULL;
	int number = 0;

	if (line) {
		symbol.file = dwarf_linesrc(line, NULL, NULL);
		dwarf_lineno(line, &number);
	}
	symbol.line = number;
	if (unit && take_scopes(unit, address - bias, symbol, take, context))
		return;
	take_name(dwfl_module_addrname(module, address), &symbol, take,
		  context);
}

void symbols_resolve(struct symbols *symbols, const struct frame *frame,
		     symbol_fn take, void *context)
{
	const struct symbol none = { 0 };
	struct object *object;
	GElf_Addr address = 0;

	if (!frame->module) {
		take(context, &none);
		return;
	}
	object = find_object(symbols, frame->module);
	/* The frame has the address after the call. */
	if (object->module)
		address = to_address(object, frame->offset - 1);
	if (address)
		resolve(object->module, address, take, context);
	else
		take(context, &none);
}
