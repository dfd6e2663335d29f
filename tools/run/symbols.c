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

/*
 * find_scopes() - the scopes around an address as they are nested in the code
 *
 * dwarf_getscopes() goes on from an inlined call with the scopes of its definition.
 */
static int find_scopes(Dwarf_Die *unit, Dwarf_Addr address, Dwarf_Die **scopes)
{
	Dwarf_Die *lexical = NULL;
	int nr = dwarf_getscopes(unit, address, &lexical);

	*scopes = NULL;
	if (nr > 0)
		nr = dwarf_getscopes_die(&lexical[0], scopes);
	free(lexical);
	return nr;
}

/*
 * take_scopes() - the function and the calls inlined into it, innermost first
 *
 * A scope of an inlined call gives the position in the next one.
 */
static bool take_scopes(Dwarf_Die *unit, Dwarf_Addr address,
			struct symbol symbol, symbol_fn take, void *context)
{
	Dwarf_Die *scopes;
	int nr = find_scopes(unit, address, &scopes);
	bool found = false;

	for (int i = 0; i < nr && !found; i++) {
		int tag = dwarf_tag(&scopes[i]);

		if (tag != DW_TAG_subprogram &&
		    tag != DW_TAG_inlined_subroutine)
			continue;
		take_name(die_name(&scopes[i]), &symbol, take, context);
		found = tag == DW_TAG_subprogram;
		symbol.file = call_file(unit, &scopes[i]);
		symbol.line = die_number(&scopes[i], DW_AT_call_line);
	}
	free(scopes);
	return found;
}

static void resolve(Dwfl_Module *module, GElf_Addr address, symbol_fn take,
		    void *context)
{
	Dwfl_Line *line = dwfl_module_getsrc(module, address);
	struct symbol symbol = { 0 };
	Dwarf_Addr bias = 0;
	Dwarf_Die *unit = dwfl_module_addrdie(module, address, &bias);
	int number = 0;

	if (line)
		symbol.file =
			dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL);
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
