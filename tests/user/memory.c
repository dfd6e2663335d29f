// SPDX-License-Identifier: GPL-2.0
/* Memory that ends at a known place */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "harness.h"
#include "memory.h"

const struct bad_pointer bad_pointers[] = {
	{ "null", NULL },
	{ "unmapped", (void *)0x10000 },
#ifdef __LP64__
	{ "kernel_memory", (void *)0xffff888000100000UL },
	{ "non_canonical", (void *)0x8000000000001000UL },
	{ "the_last_page", (void *)0xfffffffffffff000UL },
#else
	{ "kernel_memory", (void *)0xffffe000UL },
	{ "the_last_page", (void *)0xfffff000UL },
#endif
};

const unsigned int nr_bad_pointers =
	sizeof(bad_pointers) / sizeof(bad_pointers[0]);

static size_t round_up(size_t size)
{
	size_t page = getpagesize();

	return (size + page - 1) / page * page;
}

char *memory_before(size_t size, enum guard guard)
{
	size_t room = round_up(size), page = getpagesize();
	char *memory = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(memory != MAP_FAILED);
	CHECK_SYS(mprotect(memory + room, page,
			   guard == READ_ONLY ? PROT_READ : PROT_NONE));
	return memory + room - size;
}

void memory_protect(char *memory, size_t size)
{
	size_t room = round_up(size);

	CHECK_SYS(mprotect(memory + size - room, room, PROT_READ));
}

char *memory_straddling(const void *content, size_t size, size_t before)
{
	size_t page = getpagesize();
	char *memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(memory != MAP_FAILED);
	memcpy(memory + page - before, content, size);
	CHECK_SYS(mprotect(memory + page, page, PROT_READ));
	return memory + page - before;
}
