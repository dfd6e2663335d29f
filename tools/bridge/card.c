// SPDX-License-Identifier: GPL-2.0
/*
 * What sysfs tells of the chips that are there
 *
 * tt-kmd's devices are class/tenstorrent/tenstorrent!<n>, each with a link to its
 * PCI device, which is named by its address and tells its device id.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "card.h"
#include "wire.h"

#define GIB (UINT32_C(1) << 30)
#define MIB (UINT32_C(1) << 20)

/* What all chips of an architecture have; how many cores work is each one's own. */
static const struct {
	unsigned int pci_device;
	const char *arch;
	uint32_t channels;
	uint32_t dram_per_channel;
	uint32_t l1_per_core;
} archs[] = {
	{ 0xfaca, "grayskull", 8, GIB, MIB },
	{ 0x401e, "wormhole_b0", 12, GIB, 1464 * 1024 },
	{ 0xb140, "blackhole", 8, 4080 * MIB, MIB + MIB / 2 },
};

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

bool card_from_sysfs(const char *sysfs, int32_t device, struct card *card)
{
	char path[PATH_MAX], target[PATH_MAX];
	unsigned int id;
	const char *name;

	*card = (struct card){ .is_there = false };
	if (device < 0 || device >= WIRE_DEVICES)
		return false;
	chip_path(path, sysfs, device, "");
	if (!realpath(path, target))
		return false;
	name = strrchr(target, '/') + 1;
	if (strlen(name) < sizeof(card->name))
		strcpy(card->name, name);
	card->is_there = true;
	id = read_pci_device(sysfs, device);
	for (size_t i = 0; i < sizeof(archs) / sizeof(archs[0]); i++) {
		if (archs[i].pci_device != id)
			continue;
		card->arch = arch_number(archs[i].arch);
		card->channels = archs[i].channels;
		card->dram_per_channel = archs[i].dram_per_channel;
		card->l1_per_core = archs[i].l1_per_core;
	}
	card_complete(card);
	return true;
}

bool card_find(const struct config *config, const char *sysfs, int32_t device,
	       struct card *card)
{
	const struct card *configured = config_card(config, device);
	struct card chip;

	if (!card_from_sysfs(sysfs, device, &chip) && !configured)
		return false;
	*card = configured ? *configured : chip;
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
