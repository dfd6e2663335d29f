/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the verbs that change one device have in common
 */
#ifndef BUFTRACK_CHANGE_H
#define BUFTRACK_CHANGE_H

#include <libbuftrack.h>

/**
 * change_device() - do something to one device
 * @word: which, as for pick_device(); NULL: the only one
 * @change: does it; returns 0, or how the command ends: it has said why. Gets
 *	    the device, how it stands, and @context
 * @context: for @change
 *
 * Return: how the command ends.
 */
int change_device(const char *word,
		  int (*change)(struct buftrack_device *device,
				const struct buftrack_device_status *status,
				void *context),
		  void *context);

struct args;

/**
 * device_operand() - the device, from the option or the operand
 * @args: the words
 * @option: what --device said, or NULL
 * @device: where to put it; NULL if it was not said
 *
 * Return: 0, or OPTIONS_BAD: it has complained.
 */
int device_operand(struct args *args, const char *option, const char **device);

#endif /* BUFTRACK_CHANGE_H */
