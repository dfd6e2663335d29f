/* SPDX-License-Identifier: GPL-2.0 */
/* The table of ioctls, for tests that apply to all of them */
#ifndef OP_H
#define OP_H

#include "fixture.h"

/* Holds every argument */
#define MAX_ARGUMENT 512

/**
 * struct field - a field of an argument
 * @name: its name
 * @offset: its offset
 * @size: its size in bytes
 * @known: bits with a meaning, for flags; 0 for reserved fields
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
 * @control: the control node accepts it
 * @device: the node of a device accepts it
 * @reads: the file must be open for reading
 * @writes: the file must be open for writing
 * @changes: it changes something that a snapshot shows
 * @fill: fills in a valid argument
 * @strict: flags and reserved fields; an entry without a name ends each list
 * @out: out fields
 * @pointer: pointers
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

/* Returns the file of a fixture that accepts an ioctl */
int op_fd(const struct op *op, const struct fixture *f);

/* Gives a fixture client 1, with a live and a freed record */
void op_populate(const struct fixture *f);

/* Checks that a call fails with this errno and changes nothing */
void check_fails(const struct op *op, const struct fixture *f, void *arg,
		 int err);

/**
 * struct ioctl_case - a fixture in which one ioctl is tried
 * @f: the fixture, populated
 * @op: the ioctl
 * @valid: a valid argument
 */
struct ioctl_case {
	struct fixture f;
	const struct op *op;
	char valid[MAX_ARGUMENT];
};

void case_setup(struct ioctl_case *c, const struct op *op);
void case_teardown(struct ioctl_case *c);

#define for_each_op(_op) for (_op = ops; _op < ops + nr_ops; _op++)
#define for_each_field(_field, _fields) \
	for (_field = _fields; _field->name; _field++)

#endif /* OP_H */
