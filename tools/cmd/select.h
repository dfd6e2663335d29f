/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which device a user means
 */
#ifndef BUFTRACK_SELECT_H
#define BUFTRACK_SELECT_H

#include <libbuftrack.h>

/* open_control() - the control node, or NULL: it has said why */
struct buftrack_control *open_control(int flags);

/**
 * find_device() - the device of a word
 * @control: the control node
 * @word: its name, its number, or the path of its node
 *
 * Return: how it stands, or NULL: it has said why.
 */
struct buftrack_device_status *find_device(struct buftrack_control *control,
					   const char *word);

/**
 * pick_device() - the one device that a verb is for
 * @control: the control node
 * @word: as above, or NULL: the only one there is
 *
 * Return: how it stands, or NULL: it has said why.
 */
struct buftrack_device_status *pick_device(struct buftrack_control *control,
					   const char *word);

/* open_device() - the node of a device, or NULL: it has said why */
struct buftrack_device *open_device(const struct buftrack_device_status *status,
				    int flags);

/**
 * each_device() - do something for the device of a word, or for all
 * @word: as for find_device(), NULL: all devices
 * @act: what to do: gets the device, how it stands, and @context; returns 0 to
 *	 go on
 * @context: for @act
 *
 * A device that goes away before its turn comes is passed over.
 *
 * Return: 0, or how the command ends: what @act returned, or it has said why.
 */
int each_device(const char *word,
		int (*act)(struct buftrack_device *device,
			   const struct buftrack_device_status *status,
			   void *context),
		void *context);

#endif /* BUFTRACK_SELECT_H */
