/* SPDX-License-Identifier: GPL-2.0 */
/* The ioctls as a table, for what holds for all of them */
#ifndef OP_H
#define OP_H

#include "fixture.h"

/* Large enough for every argument */
#define MAX_ARGUMENT 512

/**
 * struct field - a field of an argument
 * @name: its name
 * @offset: where it is
 * @size: its bytes
 * @known: of flags: all bits that mean something; 0 for reserved fields
 */
struct field {
	const char *name;
	__u16 offset;
	__u16 size;
	__u64 known;
};

/**
 * struct op - an ioctl
 * @name: its name
 * @cmd: its number
 * @size: sizeof its argument
 * @control: the control node knows it
 * @device: a device's node knows it
 * @reads: the file must be open for reading
 * @writes: the file must be open for writing
 * @changes: it changes something that a picture shows
 * @fill: makes a valid argument
 * @strict: its flags and reserved fields; these lists end at one without a name
 * @out: its out fields
 * @pointer: its pointers
 */
struct op {
	const char *name;
	unsigned int cmd;
	__u32 size;
	bool control;
	bool device;
	bool reads;
	bool writes;
	bool changes;
	void (*fill)(const struct fixture *f, void *arg);
	struct field strict[6];
	struct field out[16];
	struct field pointer[3];
};

extern const struct op ops[];
extern const unsigned int nr_ops;

/* The file of a rig that knows an ioctl */
int op_fd(const struct op *op, const struct fixture *f);

/* Give a rig a client, number 1, with a live and a freed record */
void op_populate(const struct fixture *f);

/* Call, and check that it fails like this and changes nothing */
void check_fails(const struct op *op, const struct fixture *f, void *arg,
		 int err);

#define for_each_op(_op) for (_op = ops; _op < ops + nr_ops; _op++)
#define for_each_field(_field, _fields) \
	for (_field = _fields; _field->name; _field++)

#endif /* OP_H */
