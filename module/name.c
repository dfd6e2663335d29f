// SPDX-License-Identifier: GPL-2.0
/* What user space may call things */
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "device.h"

/**
 * bt_name_check() - check a name that came from user space
 * @name: the name
 * @size: bytes that it may take, with its NUL
 *
 * Return: 0; -ENAMETOOLONG if there is no NUL; -EILSEQ if it is empty or has other
 * than printable ASCII.
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
 * @name: the name, as in 0000:00:00.0
 *
 * Those names are for what really sits there.
 *
 * Return: true if so.
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
