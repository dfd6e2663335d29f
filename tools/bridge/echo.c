// SPDX-License-Identifier: GPL-2.0
/*
 * Lines of the original server on standard output, for --verbose
 *
 * The log's replay reads them (trace/server-log.h).
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "internal.h"

static void print(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

static void print(const char *format, ...)
{
	char line[256];
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	write_nowait(STDOUT_FILENO, line, length);
}

static const char *name_space(enum space space)
{
	return space == SPACE_SYSTEM ? "SYSTEM_MEMORY" :
				       bridge_space_name(space);
}

void echo_alloc(const struct bridge *bridge, const struct wire_message *message,
		enum space space, uint32_t references)
{
	char count[32] = "";

	if (!bridge->options->verbose || space >= ADDRESS_SPACES)
		return;
	if (references > 1)
		snprintf(count, sizeof(count), ", ref_count=%u", references);
	print("✓ [PID %d] Allocated %" PRIu64
	      " bytes of %s on device %d (buffer_id=%" PRIu64 "%s)\n",
	      message->pid, message->size, name_space(space), message->device,
	      message->address, count);
}

void echo_free(const struct bridge *bridge, const struct wire_message *message,
	       const struct address_free *what)
{
	char count[48] = "FINAL";

	if (!bridge->options->verbose || what->space >= ADDRESS_SPACES)
		return;
	if (!what->was_live) {
		print("⚠ [PID %d] Deallocation for unknown buffer %" PRIu64
		      " on device %d (allocated before tracking started)\n",
		      message->pid, message->address, message->device);
		return;
	}
	if (what->left)
		snprintf(count, sizeof(count), "ref_count=%u remaining",
			 what->left);
	print("✗ [PID %d] Freed buffer %" PRIu64 " on device %d (%" PRIu64
	      " bytes, %s)\n",
	      message->pid, message->address, message->device, what->size,
	      count);
}
