// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reports to the kernel, beside the log
 *
 * A device of the session is a device of the module by the same name, and the process a
 * client of it. Reporters make their reports without a system call, notice a fork
 * themselves and do nothing without the module. `buftrack run --offline` sets
 * BUFTRACK_OFFLINE.
 */
#include <libbuftrack.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static bool is_wanted(void)
{
	static atomic_int wanted; /* 1: yes, -1: no */
	const char *offline;
	int answer = atomic_load_explicit(&wanted, memory_order_relaxed);

	if (!answer) {
		offline = getenv("BUFTRACK_OFFLINE");
		answer = offline && !strcmp(offline, "1") ? -1 : 1;
		atomic_store_explicit(&wanted, answer, memory_order_relaxed);
	}
	return answer > 0;
}

static struct buftrack_reporter *attach(const struct device *device,
					const char *space, uint64_t capacity)
{
	struct buftrack_declaration *declaration = buftrack_declaration_new();
	struct buftrack_reporter *reporter;

	if (!declaration)
		return NULL;
	if (hook_state->is_child)
		buftrack_declaration_set_flags(declaration,
					       BUFTRACK_DECLARE_LATE);
	else
		buftrack_declaration_set_first_id(declaration, 1);
	reporter =
		buftrack_attach_as(device->name, space, capacity, declaration);
	buftrack_declaration_free(declaration);
	return reporter;
}

void kernel_add_space(struct device *device, unsigned int space,
		      const char *name, uint64_t capacity)
{
	int number = 0;

	if (!is_wanted() || device->numbers[space])
		return;
	if (device->reporter) {
		number = buftrack_reporter_add_space(device->reporter, name,
						     capacity);
	} else {
		device->reporter = attach(device, name, capacity);
		number = device->reporter ? 0 : -1;
	}
	device->numbers[space] = (uint16_t)(number + 1);
}

void kernel_report(const struct device *device, const struct log_entry *entry)
{
	struct buftrack_report report = {
		.flags = entry->flags & LOG_FLAG_REFUSED ?
				 BUFTRACK_REPORT_REFUSED :
				 0,
		.address = entry->address,
		.size = entry->size,
		.span = entry->span,
		.id = entry->id,
		.site = entry->stack,
	};

	if (!device->reporter || !device->numbers[entry->space])
		return;
	report.op = entry->op == LOG_OP_ALLOC ? BUFTRACK_OP_ALLOC :
		    entry->op == LOG_OP_FREE  ? BUFTRACK_OP_FREE :
						BUFTRACK_OP_USE;
	report.space = device->numbers[entry->space] - 1U;
	buftrack_post(device->reporter, &report);
}

void kernel_close(struct device *device)
{
	buftrack_detach(device->reporter);
	device->reporter = NULL;
	memset(device->numbers, 0, sizeof(device->numbers));
}
