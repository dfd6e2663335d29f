// SPDX-License-Identifier: GPL-2.0
/* The node and the open mode that each ioctl requires */
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "op.h"

static void wrong_node_is_enotty(const void *arg)
{
	const struct op *op = arg;
	char argument[MAX_ARGUMENT] = {};
	struct fixture f;

	fixture_setup(&f);
	op_populate(&f);
	op->fill(&f, argument);
	CHECK_ERR(do_ioctl(op->device ? f.control : f.fd, op->cmd, argument),
		  ENOTTY);
	fixture_teardown(&f);
}

static void works_on_the_right_node(const void *arg)
{
	const struct op *op = arg;
	char argument[MAX_ARGUMENT] = {};
	int fd, flags = O_RDWR;
	struct fixture f;

	fixture_setup(&f);
	op_populate(&f);
	if (!op->reads || !op->writes)
		flags = op->writes ? O_WRONLY : O_RDONLY;
	fd = op->device ? open_node(f.device, flags) : open_control(flags);
	op->fill(&f, argument);
	CHECK_OK(do_ioctl(fd, op->cmd, argument));
	close(fd);
	fixture_teardown(&f);
}

static void check_mode(const struct op *op, int flags, int err)
{
	char argument[MAX_ARGUMENT] = {};
	struct fixture f, other;

	fixture_setup(&f);
	op_populate(&f);
	other.fd = open_node(f.device, flags);
	other.control = open_control(flags);
	op->fill(&f, argument);
	CHECK_ERR(do_ioctl(op_fd(op, &other), op->cmd, argument), err);
	CHECK_EQ(device_info(f.fd).nr_clients, 1);
	close(other.fd);
	close(other.control);
	fixture_teardown(&f);
}

static void on_a_write_only_file_is_ebadf(const void *arg)
{
	check_mode(arg, O_WRONLY, EBADF);
}

static void on_a_read_only_file_is_ebadf(const void *arg)
{
	check_mode(arg, O_RDONLY, EBADF);
}

/* In access mode 3 Linux opens a file for ioctls only */
static void on_a_file_open_for_neither_is_ebadf(const void *arg)
{
	check_mode(arg, O_ACCMODE, EBADF);
}

static void needs_no_open_mode(const void *arg)
{
	check_mode(arg, O_RDONLY, 0);
	check_mode(arg, O_WRONLY, 0);
	check_mode(arg, O_ACCMODE, 0);
}

#define ADD(_op, _test) test_addf(AREA, _test, _op, "%s_" #_test, (_op)->name)

__attribute__((constructor)) static void add_tests(void)
{
	const struct op *op;

	for_each_op(op)
	{
		ADD(op, works_on_the_right_node);
		if (!op->control || !op->device)
			ADD(op, wrong_node_is_enotty);
		if (op->reads)
			ADD(op, on_a_write_only_file_is_ebadf);
		if (op->writes)
			ADD(op, on_a_read_only_file_is_ebadf);
		if (op->reads || op->writes)
			ADD(op, on_a_file_open_for_neither_is_ebadf);
		else
			ADD(op, needs_no_open_mode);
	}
}

static void check_all(const struct fixture *f, unsigned int cmd, int err)
{
	char argument[MAX_ARGUMENT] = { 8 };

	CHECK_ERR(do_ioctl(f->control, cmd, argument), err);
	CHECK_ERR(do_ioctl(f->fd, cmd, argument), err);
}

DEVICE_TEST(unknown_numbers_are_enotty)
{
	unsigned int nr;

	for (nr = BUFTRACK_CMD_DRAIN + 1; nr < 256; nr++)
		check_all(f, _IO(BUFTRACK_TYPE, nr), ENOTTY);
}

DEVICE_TEST(unknown_types_are_enotty)
{
	unsigned int type;

	for (type = 0; type < 256; type++)
		if (type != BUFTRACK_TYPE && type != 'T')
			check_all(f, _IO(type, BUFTRACK_CMD_INFO), ENOTTY);
}

DEVICE_TEST(numbers_that_carry_a_size_or_direction_are_enotty)
{
	const struct op *op;

	for_each_op(op)
	{
		check_all(f, _IOC(_IOC_READ, BUFTRACK_TYPE, op->cmd & 0xff, 0),
			  ENOTTY);
		check_all(f,
			  _IOC(_IOC_WRITE, BUFTRACK_TYPE, op->cmd & 0xff,
			       op->size),
			  ENOTTY);
		check_all(f, op->cmd | 1U << 31, ENOTTY);
		check_all(f, op->cmd | 1U << 16, ENOTTY);
	}
}

DEVICE_TEST(nodes_are_character_devices_open_to_all)
{
	struct stat control, node;

	CHECK_SYS(fstat(f->control, &control));
	CHECK_SYS(fstat(f->fd, &node));
	CHECK_EQ(control.st_mode, S_IFCHR | 0666);
	CHECK_EQ(node.st_mode, S_IFCHR | 0666);
	CHECK(control.st_rdev != node.st_rdev);
}

DEVICE_TEST(nodes_cannot_be_read_or_written)
{
	char byte = 0;

	CHECK_EQ(read(f->fd, &byte, 1), -1ULL);
	CHECK_EQ(write(f->fd, &byte, 1), -1ULL);
	CHECK_EQ(read(f->control, &byte, 1), -1ULL);
	CHECK_EQ(write(f->control, &byte, 1), -1ULL);
}
