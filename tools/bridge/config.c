// SPDX-License-Identifier: GPL-2.0
/*
 * What the operator tells of devices, in JSON, by json-c
 */
#include <errno.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "../util/err.h"
#include "config.h"
#include "wire.h"

struct config {
	struct card cards[WIRE_DEVICES];
};

static const char *const arch_names[] = {
	[1] = "grayskull",
	[2] = "wormhole_b0",
	[3] = "blackhole",
};

#define NR_ARCHS (sizeof(arch_names) / sizeof(arch_names[0]))

uint32_t arch_number(const char *name)
{
	for (uint32_t arch = 1; arch < NR_ARCHS; arch++)
		if (!strcasecmp(arch_names[arch], name))
			return arch;
	return 0;
}

void card_complete(struct card *card)
{
	if (!card->total_dram)
		card->total_dram =
			(uint64_t)card->channels * card->dram_per_channel;
	if (!card->total_l1)
		card->total_l1 = (uint64_t)card->l1_per_core * card->cores;
}

/*
 * take_number() - a field, if it is there
 *
 * Return: 0, or -1: it is no number from 0 to @most.
 */
static int take_number(struct json_object *object, const char *name,
		       uint64_t most, uint64_t *number)
{
	struct json_object *value;
	int64_t signed_value;

	*number = 0;
	if (!json_object_object_get_ex(object, name, &value))
		return 0;
	signed_value = json_object_get_int64(value);
	if (!json_object_is_type(value, json_type_int) || signed_value < 0 ||
	    json_object_get_uint64(value) > most)
		return fail("%s is no number from 0 to %llu", name,
			    (unsigned long long)most);
	*number = json_object_get_uint64(value);
	return 0;
}

static int take_u32(struct json_object *object, const char *name,
		    uint32_t *number)
{
	uint64_t value;

	if (take_number(object, name, UINT32_MAX, &value))
		return -1;
	*number = value;
	return 0;
}

static int take_name(struct json_object *object, struct card *card)
{
	struct json_object *value;
	const char *name;

	if (!json_object_object_get_ex(object, "name", &value))
		return 0;
	name = json_object_get_string(value);
	if (!name || !*name || strlen(name) >= sizeof(card->name))
		return fail("name: a device's name has 1 to 127 characters");
	snprintf(card->name, sizeof(card->name), "%s", name);
	return 0;
}

static int take_arch(struct json_object *object, struct card *card)
{
	struct json_object *value;
	const char *name;

	if (!json_object_object_get_ex(object, "arch", &value))
		return 0;
	name = json_object_get_string(value);
	card->arch = arch_number(name ? name : "");
	if (!card->arch)
		return fail(
			"arch is none of grayskull, wormhole_b0, blackhole");
	return 0;
}

static int take_card(struct config *config, struct json_object *object)
{
	uint64_t device;
	struct card *card;

	if (!json_object_is_type(object, json_type_object) ||
	    !json_object_object_get_ex(object, "device_id", NULL))
		return fail("each of devices is an object with a device_id");
	if (take_number(object, "device_id", WIRE_DEVICES - 1, &device))
		return -1;
	card = &config->cards[device];
	if (card->is_there)
		return fail("device_id %u comes twice", (unsigned int)device);
	card->is_there = true;
	if (take_name(object, card) || take_arch(object, card) ||
	    take_u32(object, "num_dram_channels", &card->channels) ||
	    take_u32(object, "dram_size_per_channel",
		     &card->dram_per_channel) ||
	    take_u32(object, "l1_size_per_core", &card->l1_per_core) ||
	    take_u32(object, "num_cores", &card->cores) ||
	    take_number(object, "total_dram_size", UINT64_MAX,
			&card->total_dram) ||
	    take_number(object, "total_l1_size", UINT64_MAX, &card->total_l1))
		return -1;
	card_complete(card);
	return 0;
}

static int take_cards(struct config *config, struct json_object *json)
{
	struct json_object *devices;
	size_t nr;

	if (!json_object_object_get_ex(json, "devices", &devices) ||
	    !json_object_is_type(devices, json_type_array))
		return fail("there is no array 'devices' in it");
	nr = json_object_array_length(devices);
	for (size_t i = 0; i < nr; i++)
		if (take_card(config, json_object_array_get_idx(devices, i)))
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
		ret = take_cards(config, json);
	else
		ret = fail("%s", json_util_get_last_err());
	json_object_put(json);
	if (!ret)
		return config;
	fail("%s cannot be used: see 'man buftrack' for what it should say",
	     path);
	config_free(config);
	return NULL;
}

void config_free(struct config *config)
{
	free(config);
}

const struct card *config_card(const struct config *config, int32_t device)
{
	if (device < 0 || device >= WIRE_DEVICES ||
	    !config->cards[device].is_there)
		return NULL;
	return &config->cards[device];
}
