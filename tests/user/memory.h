/* SPDX-License-Identifier: GPL-2.0 */
/* Memory with edges, to put arguments at */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Pointers that lead outside of the caller's memory */
struct bad_pointer {
	const char *name;
	void *pointer;
};

extern const struct bad_pointer bad_pointers[];
extern const unsigned int nr_bad_pointers;

/* Where @size bytes of writable memory end, with @behind after them */
enum guard { NOTHING, READ_ONLY };

char *memory_before(size_t size, enum guard guard);

/* Make the memory, from memory_before(), that ends there read-only */
void memory_protect(char *memory, size_t size);

/* A copy of @content whose first @before bytes are writable, the rest read-only */
char *memory_straddling(const void *content, size_t size, size_t before);

#endif /* MEMORY_H */
