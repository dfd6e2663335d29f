/* SPDX-License-Identifier: GPL-2.0 */
/* Memory that ends at a known place, for arguments */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Pointers outside of the caller's memory */
struct bad_pointer {
	const char *name;
	void *pointer;
};

extern const struct bad_pointer bad_pointers[];
extern const unsigned int nr_bad_pointers;

/* Kind of the page after the memory */
enum guard { NOTHING, READ_ONLY };

char *memory_before(size_t size, enum guard guard);

/* Makes memory from memory_before() read-only */
void memory_protect(char *memory, size_t size);

/* A copy of @content whose first @before bytes are writable and the rest read-only */
char *memory_straddling(const void *content, size_t size, size_t before);

#endif /* MEMORY_H */
