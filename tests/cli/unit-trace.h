/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading a trace that is in memory
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
 * @events: where to put its events, as text, a line each
 * @size: how much fits there
 * @error: why it stopped
 *
 * Return: what trace_read() does.
 */
int read_text(const char *text, size_t length, char *events, size_t size,
	      struct trace_error *error);

#endif /* BUFTRACK_TESTS_UNIT_TRACE_H */
