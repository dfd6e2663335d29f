/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading a trace from memory
 */
#ifndef BUFTRACK_TESTS_UNIT_TRACE_H
#define BUFTRACK_TESTS_UNIT_TRACE_H

#include <stddef.h>
#include "../../tools/trace/trace.h"

#define HEADER "ts_ns,client,op,device,space,address,size,span,id,flags\n"

/**
 * read_text() - read a trace
 * @text: the trace
 * @length: its length
 * @events: set to its events, one line each
 * @size: size of @events
 * @error: set to the error
 *
 * Return: as trace_read().
 */
int read_text(const char *text, size_t length, char *events, size_t size,
	      struct trace_error *error);

#endif /* BUFTRACK_TESTS_UNIT_TRACE_H */
