// SPDX-License-Identifier: GPL-2.0
/*
 * Properties of a device, from the configuration and sysfs
 *
 * tt-kmd's chips are class/tenstorrent/tenstorrent!<n> in sysfs, each with a link to
 * its PCI device. sysfs shows the architecture, but not the number of cores.
 */
#include <errno.h>
#include <json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "../util/err.h"
#include "card.h"
#include "wire.h"

#define GIB (UINT32_C(1) << 30)
#define MIB (UINT32_C(1) << 20)

struct config {
	struct card cards[WIRE_DEVICES];
};

/*
 * Architectures as the protocol numbers them, with the properties that their chips
 * share
 */
static const struct arch {
	const char *name;
	unsigned int pci_device;
	uint32_t channels;
	uint32_t dram_per_channel;
	uint32_t l1_per_core;
} archs[] = {
	[1] = { "grayskull", 0xfaca, 8, GIB, MIB },
	[2] = { "wormhole_b0", 0x401e, 12, GIB, 1464 * 1024 },
	[3] = { "blackhole", 0xb140, 8, 4080 * MIB, MIB + MIB / 2 },
};

#define NR_ARCHS (sizeof(archs) / sizeof(archs[0]))

static void fill_totals(struct card *card)
{
	if (!card->total_dram)
		card->total_dram =
			(uint64_t)card->channels * card->dram_per_channel;
	if (!card->total_l1)
		card->total_l1 = (uint64_t)card->l1_per_core * card->cores;
}

/* parse_u64() - parse an optional field, 0 if it is missing */
static int parse_u64(struct json_object *object, const char *name, uint64_t max,
		     uint64_t *number)
{
	struct json_object *value;
	int64_t signed_value;

	*number = 0;
	if (!json_object_object_get_ex(object, name, &value))
		return 0;
	signed_value = json_object_get_int64(value);
	if (!json_object_is_type(value, json_type_int) || signed_value < 0 ||
	    json_object_get_uint64(value) > max)
		return fail("%s is not a number from 0 to %llu", name,
			    (unsigned long long)max);
	*number = json_object_get_uint64(value);
	return 0;
}

static int parse_u32(struct json_object *object, const char *name,
		     uint32_t *number)
{
	uint64_t value;

	if (parse_u64(object, name, UINT32_MAX, &value))
		return -1;
	*number = value;
	return 0;
}

static int parse_name(struct json_object *object, struct card *card)
{
	struct json_object *value;
	const char *name;

	if (!json_object_object_get_ex(object, "name", &value))
		return 0;
	name = json_object_get_string(value);
	if (!name || !*name || strlen(name) >= sizeof(card->name))
		return fail("name must have 1 to %zu characters",
			    sizeof(card->name) - 1);
	snprintf(card->name, sizeof(card->name), "%s", name);
	return 0;
}

static int parse_arch(struct json_object *object, struct card *card)
{
	struct json_object *value;
	const char *name;

	if (!json_object_object_get_ex(object, "arch", &value))
		return 0;
	name = json_object_get_string(value);
	for (uint32_t arch = 1; name && arch < NR_ARCHS; arch++) {
		if (!strcasecmp(archs[arch].name, name)) {
			card->arch = arch;
			return 0;
		}
	}
	return fail("arch must be grayskull, wormhole_b0 or blackhole");
}

static int parse_card(struct config *config, struct json_object *object)
{
	uint64_t device;
	struct card *card;

	if (!json_object_is_type(object, json_type_object) ||
	    !json_object_object_get_ex(object, "device_id", NULL))
		return fail(
			"each entry of devices must be an object with a device_id");
	if (parse_u64(object, "device_id", WIRE_DEVICES - 1, &device))
		return -1;
	card = &config->cards[device];
	if (card->is_there)
		return fail("device_id %u appears twice", (unsigned int)device);
	card->is_there = true;
	if (parse_name(object, card) || parse_arch(object, card) ||
	    parse_u32(object, "num_dram_channels", &card->channels) ||
	    parse_u32(object, "dram_size_per_channel",
		      &card->dram_per_channel) ||
	    parse_u32(object, "l1_size_per_core", &card->l1_per_core) ||
	    parse_u32(object, "num_cores", &card->cores) ||
	    parse_u64(object, "total_dram_size", UINT64_MAX,
		      &card->total_dram) ||
	    parse_u64(object, "total_l1_size", UINT64_MAX, &card->total_l1))
		return -1;
	fill_totals(card);
	return 0;
}

static int parse_cards(struct config *config, struct json_object *json)
{
	struct json_object *devices;
	size_t nr;

	if (!json_object_object_get_ex(json, "devices", &devices) ||
	    !json_object_is_type(devices, json_type_array))
		return fail("the array 'devices' is missing");
	nr = json_object_array_length(devices);
	for (size_t i = 0; i < nr; i++)
		if (parse_card(config, json_object_array_get_idx(devices, i)))
			return -1;
	return 0;
}

struct config *config_read(const char *path, bool required)
{
	struct config *config = calloc(1, sizeof(*config));
	struct json_object *json;
	int ret;

	if (!config) {
		fail("out of memory: free some and try again");
		return NULL;
	}
	if (!required && access(path, F_OK) && errno == ENOENT)
		return config;
	json = json_object_from_file(path);
	if (json)
		ret = parse_cards(config, json);
	else
		ret = fail("%s", json_util_get_last_err());
	json_object_put(json);
	if (!ret)
		return config;
	fail("%s cannot be used: see 'man buftrack' for its format", path);
	config_free(config);
	return NULL;
}

void config_free(struct config *config)
{
	free(config);
}

static void chip_path(char path[PATH_MAX], const char *sysfs, int32_t device,
		      const char *file)
{
	snprintf(path, PATH_MAX, "%s/class/tenstorrent/tenstorrent!%d/device%s",
		 sysfs, device, file);
}

static unsigned int read_pci_device(const char *sysfs, int32_t device)
{
	char path[PATH_MAX];
	unsigned int id = 0;
	FILE *file;

	chip_path(path, sysfs, device, "/device");
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%x", &id) != 1)
		id = 0;
	fclose(file);
	return id;
}

static void fill_by_arch(struct card *card, unsigned int pci_device)
{
	for (uint32_t arch = 1; arch < NR_ARCHS; arch++) {
		if (archs[arch].pci_device != pci_device)
			continue;
		card->arch = arch;
		card->channels = archs[arch].channels;
		card->dram_per_channel = archs[arch].dram_per_channel;
		card->l1_per_core = archs[arch].l1_per_core;
	}
	fill_totals(card);
}

static bool find_in_sysfs(const char *sysfs, int32_t device, struct card *card)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *name;

	*card = (struct card){ .is_there = false };
	chip_path(path, sysfs, device, "");
	if (!realpath(path, target))
		return false;
	name = strrchr(target, '/') + 1;
	if (strlen(name) < sizeof(card->name))
		strcpy(card->name, name);
	card->is_there = true;
	fill_by_arch(card, read_pci_device(sysfs, device));
	return true;
}

bool card_find(const struct config *config, const char *sysfs, int32_t device,
	       struct card *card)
{
	const struct card *configured;
	struct card chip;

	if (device < 0 || device >= WIRE_DEVICES)
		return false;
	configured = &config->cards[device];
	if (!find_in_sysfs(sysfs, device, &chip) && !configured->is_there)
		return false;
	*card = configured->is_there ? *configured : chip;
	if (!*card->name)
		memcpy(card->name, chip.name, sizeof(card->name));
	return true;
}

uint32_t card_count(const struct config *config, const char *sysfs)
{
	struct card card;
	uint32_t nr = 0;

	for (int32_t device = 0; device < WIRE_DEVICES; device++)
		nr += card_find(config, sysfs, device, &card);
	return nr;
}
