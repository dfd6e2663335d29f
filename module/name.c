// SPDX-License-Identifier: GPL-2.0
/* Names that user space and drivers give to devices, spaces and clients */
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/string.h>
#include "name.h"

/**
 * bt_name_check() - check a name that the module did not choose
 * @name: the name
 * @size: size of its buffer, with the NUL
 *
 * Return: 0; -ENAMETOOLONG without a NUL; -EILSEQ if the name is empty or has
 * characters other than printable ASCII.
 */
int bt_name_check(const char *name, size_t size)
{
	size_t len = strnlen(name, size), i;

	if (len == size)
		return -ENAMETOOLONG;
	if (!len)
		return -EILSEQ;
	for (i = 0; i < len; i++)
		if (!isascii(name[i]) || !isprint(name[i]))
			return -EILSEQ;
	return 0;
}

/**
 * bt_name_is_pci() - whether a name starts like a PCI address
 * @name: the name
 *
 * Only administrators can register such a name, 0000:00:00.0 for example: the
 * driver of that PCI device reports into the same buftrack device.
 *
 * Return: true if it does.
 */
bool bt_name_is_pci(const char *name)
{
	static const char form[] = "xxxx:xx:xx.x";
	unsigned int i;

	for (i = 0; form[i]; i++) {
		if (form[i] == 'x' ? !isxdigit(name[i]) : name[i] != form[i])
			return false;
	}
	return true;
}
