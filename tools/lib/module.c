// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * buftrack_module: what the module told of itself
 */
#include <stdlib.h>

#include "internal.h"

API void buftrack_module_free(struct buftrack_module *module)
{
	free(module);
}

API const char *buftrack_module_version(const struct buftrack_module *module)
{
	return module->info.version;
}

API uint64_t buftrack_module_serial(const struct buftrack_module *module)
{
	return module->info.serial;
}

API unsigned int
buftrack_module_nr_devices(const struct buftrack_module *module)
{
	return module->info.nr_devices;
}

API unsigned int
buftrack_module_max_devices(const struct buftrack_module *module)
{
	return module->info.max_devices;
}

API uint64_t buftrack_module_nr_records(const struct buftrack_module *module)
{
	return module->info.nr_records;
}

API uint64_t buftrack_module_max_records(const struct buftrack_module *module)
{
	return module->info.max_records;
}

API unsigned int
buftrack_module_record_size(const struct buftrack_module *module)
{
	return module->info.record_size;
}

API unsigned int
buftrack_module_nr_counters(const struct buftrack_module *module)
{
	return module->info.nr_counters;
}

API unsigned int
buftrack_module_nr_verdicts(const struct buftrack_module *module)
{
	return module->info.nr_verdicts;
}
