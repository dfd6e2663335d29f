/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Return addresses of the calling thread
 */
#ifndef BUFTRACK_HOOK_UNWIND_H
#define BUFTRACK_HOOK_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * struct unwind_rule - how to find the caller of a return address
 *
 * The canonical frame address is where the stack pointer is after the return.
 */
struct unwind_rule {
	enum unwind_base {
		UNWIND_UNKNOWN, /* the walk ends early */
		UNWIND_END, /* there is no caller */
		UNWIND_SP,
		UNWIND_BP,
		UNWIND_AT_BP, /* at @offset from the frame pointer lies the address */
	} base;
	bool is_mark; /* in the function that unwind_mark() named */
	int32_t offset; /* of the canonical frame address, from the base */
	int16_t saved_bp; /* where it lies, from the canonical frame address; 0: it is kept */
};

/* struct unwind_module - a file that is mapped for execution */
struct unwind_module {
	uint64_t start;
	uint64_t length;
	uint64_t offset; /* in the file, of @start */
	const uint8_t *build_id;
	uint32_t build_id_size;
	char path[4096];
};

/*
 * unwind_find() - read the rule of a return address from .eh_frame
 *
 * @mark: the start of a function, or 0. @module: filled in, unless NULL. Return: false: no
 * file is mapped there.
 */
bool unwind_find(uint64_t address, uint64_t mark, struct unwind_rule *rule,
		 struct unwind_module *module);

#endif
