/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Python frames of the calling thread
 */
#ifndef BUFTRACK_HOOK_PYTHON_H
#define BUFTRACK_HOOK_PYTHON_H

#include <stdbool.h>
#include <stdint.h>

/* struct python_place - a place in Python code, valid while its frame is */
struct python_place {
	const char *code;
	int instruction; /* as PyCode_Addr2Line() takes it */
	uint64_t key; /* of no other code that is alive at the same time */
};

/* python_is_here() - does the process run a Python interpreter that is understood? */
bool python_is_here(void);
/* python_eval() - the function of the interpreter that runs Python code */
uint64_t python_eval(void);
/* python_walk() - call @found for each place that the thread is at, from the innermost on */
void python_walk(unsigned int max,
		 void (*found)(const struct python_place *place, void *data),
		 void *data);
/* python_line() - the line of a place; 0: unknown */
uint32_t python_line(const struct python_place *place);
/* python_file(), python_name() - file and qualified name of its code, or "?" */
void python_file(const struct python_place *place, char *text, uint32_t size);
void python_name(const struct python_place *place, char *text, uint32_t size);

#endif
