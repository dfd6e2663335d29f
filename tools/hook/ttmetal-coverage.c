// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A runtime of tt-metal that the hook cannot see
 *
 * A runtime that was linked with -Bsymbolic, with link-time optimization or into the
 * program calls its own GraphTracker directly. At the end of a process that reported
 * nothing, that is told from the relocations of the runtime and from the devices that
 * the process has open.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ttmetal-device.h"

/* struct relocations - those of a loaded file */
struct relocations {
	const char *names;
	const ElfW(Sym) * symbols;
	const ElfW(Rela) * tables[2];
	size_t counts[2];
};

static void read_dynamic(const struct link_map *map, struct relocations *found)
{
	const ElfW(Dyn) * entry;

	for (entry = map->l_ld; entry->d_tag != DT_NULL; entry++)
		switch (entry->d_tag) {
		case DT_STRTAB:
			found->names = (const char *)entry->d_un.d_ptr;
			break;
		case DT_SYMTAB:
			found->symbols = (const ElfW(Sym) *)entry->d_un.d_ptr;
			break;
		case DT_JMPREL:
			found->tables[0] =
				(const ElfW(Rela) *)entry->d_un.d_ptr;
			break;
		case DT_PLTRELSZ:
			found->counts[0] =
				entry->d_un.d_val / sizeof(ElfW(Rela));
			break;
		case DT_RELA:
			found->tables[1] =
				(const ElfW(Rela) *)entry->d_un.d_ptr;
			break;
		case DT_RELASZ:
			found->counts[1] =
				entry->d_un.d_val / sizeof(ElfW(Rela));
			break;
		}
}

/* binds() - does a loaded file look a function up when it calls it? */
static bool binds(void *handle, const char *name)
{
	struct relocations found = { 0 };
	struct link_map *map;
	size_t i, j;

	if (dlinfo(handle, RTLD_DI_LINKMAP, &map) < 0)
		return true;
	read_dynamic(map, &found);
	if (!found.names || !found.symbols)
		return true;
	for (i = 0; i < 2; i++)
		for (j = 0; found.tables[i] && j < found.counts[i]; j++) {
			size_t symbol = ELF64_R_SYM(found.tables[i][j].r_info);

			if (symbol &&
			    !strcmp(found.names + found.symbols[symbol].st_name,
				    name))
				return true;
		}
	return false;
}

static bool is_card(const char *descriptor)
{
	char path[64], target[32];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/self/fd/%.20s", descriptor);
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return false;
	target[length] = '\0';
	return !strncmp(target, "/dev/tenstorrent/", 17);
}

static bool has_card(void)
{
	DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;
	bool found = false;

	if (!directory)
		return false;
	while (!found && (entry = readdir(directory)))
		found = is_card(entry->d_name);
	closedir(directory);
	return found;
}

static bool is_hidden(void)
{
	void *handle = dlopen("libtt_metal.so", RTLD_NOLOAD | RTLD_LAZY);
	bool hidden;

	if (!handle)
		return has_card();
	hidden = !binds(handle,
			TT "12GraphTracker14track_allocateEPKNS0_6BufferE");
	dlclose(handle);
	return hidden;
}

/* It runs before the session ends. */
__attribute__((destructor)) static void tell_coverage(void)
{
	if (!hook_has_session() || tt_was_used() || !is_hidden())
		return;
	{
		TT_SCOPE = hook_enter();

		if (scope.active)
			hook_message(
				"tt-metal in this program calls its GraphTracker directly (linked statically, with -Bsymbolic or with LTO): its device memory is not tracked");
	}
}
