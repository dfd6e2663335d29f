// SPDX-License-Identifier: GPL-2.0
/* Registering, listing and removing devices */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "helper.h"
#include "fixture.h"

static int try_add(int control, const char *name, __u32 flags,
		   struct buftrack_device_add *add)
{
	*add = (struct buftrack_device_add){ .flags = flags };
	strncpy(add->name, name, sizeof(add->name) - 1);
	return CALL(control, DEVICE_ADD, add);
}

static __u64 parameter(const char *name)
{
	char value[32];

	get_parameter(name, value, sizeof(value));
	return strtoull(value, NULL, 10);
}

DEVICE_TEST(new_device_is_enabled_and_empty)
{
	struct buftrack_device_info info = device_info(f->fd);

	CHECK_EQ(info.device, f->device);
	CHECK_EQ(info.state, BUFTRACK_DEVICE_STATE_ENABLED |
				     BUFTRACK_DEVICE_STATE_TEMPORARY);
	CHECK_EQ(info.uid, 0);
	CHECK_EQ(info.nr_spaces, 1);
	CHECK_EQ(info.nr_clients, 0);
	CHECK_EQ(info.nr_records, 0);
	CHECK_STR(info.driver, "user");
	CHECK(info.now);
}

DEVICE_TEST(new_device_takes_its_limits_from_parameters)
{
	struct buftrack_device_info info = device_info(f->fd);

	CHECK_EQ(info.max_clients, parameter("clients_per_device"));
	CHECK_EQ(info.max_records, parameter("records_per_device"));
	CHECK_EQ(info.max_freed, parameter("freed_records"));
	CHECK_EQ(info.max_closed, parameter("closed_clients"));
	CHECK_EQ(info.max_remaining, parameter("remaining_records"));
	CHECK_EQ(info.max_freed, 65536);
}

DEVICE_TEST(device_info_is_the_same_on_both_nodes)
{
	struct buftrack_device_info own = device_info(f->fd), other = {
		.device = f->device,
	};

	CHECK_OK(CALL(f->control, DEVICE_INFO, &other));
	CHECK(other.now >= own.now);
	other.now = own.now;
	CHECK(!memcmp(&own, &other, sizeof(own)));
}

DEVICE_TEST(adding_a_name_again_finds_its_device)
{
	struct buftrack_device_add add;

	CHECK_OK(try_add(f->control, "twice", BUFTRACK_DEVICE_ADD_TEMPORARY,
			 &add));
	CHECK_EQ(add.created, 1);
	CHECK(add.device != f->device);
	CHECK_OK(try_add(open_control(O_RDWR), "twice", 0, &add));
	CHECK_EQ(add.created, 0);
	CHECK_EQ(info_of(f->control).nr_devices, 2);
}

DEVICE_TEST(adding_a_name_exclusively_again_is_eexist)
{
	struct buftrack_device_add add;

	CHECK_OK(try_add(f->control, "twice", BUFTRACK_DEVICE_ADD_TEMPORARY,
			 &add));
	CHECK_ERR(try_add(f->control, "twice", BUFTRACK_DEVICE_ADD_EXCL, &add),
		  EEXIST);
	CHECK_ERR(try_add(f->control, "twice",
			  BUFTRACK_DEVICE_ADD_EXCL |
				  BUFTRACK_DEVICE_ADD_TEMPORARY,
			  &add),
		  EEXIST);
	CHECK_EQ(info_of(f->control).nr_devices, 2);
}

DEVICE_TEST(unknown_device_is_enoent)
{
	static const __u32 numbers[] = { 1000, 4096, 0x7fffffff, 0xffffffff };
	struct buftrack_device_info info = { .device = f->device + 1 };
	unsigned int i;

	CHECK_ERR(CALL(f->control, DEVICE_INFO, &info), ENOENT);
	CHECK_ERR(remove_device(f->control, f->device + 1, 0), ENOENT);
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		info.device = numbers[i];
		CHECK_ERR(CALL(f->control, DEVICE_INFO, &info), ENOENT);
		CHECK_ERR(remove_device(f->control, numbers[i],
					BUFTRACK_DEVICE_REMOVE_FORCE),
			  ENOENT);
	}
}

DEVICE_TEST(devices_are_listed_in_order)
{
	struct buftrack_device_info info;
	__u32 devices[5], i, after = 0;
	char name[16];

	for (i = 0; i < ARRAY_SIZE(devices); i++) {
		snprintf(name, sizeof(name), "listed:%u", i);
		devices[i] = add_device(f->control, name,
					BUFTRACK_DEVICE_ADD_TEMPORARY);
	}
	/* Leaves a hole that the listing has to skip */
	CHECK_OK(remove_device(f->control, devices[2], 0));
	for (i = 0; next_device(f->control, after, &info); i++) {
		CHECK(info.device >= after);
		after = info.device + 1;
	}
	CHECK_EQ(i, ARRAY_SIZE(devices));
	CHECK(next_device(f->control, devices[2], &info));
	CHECK_EQ(info.device, devices[3]);
	CHECK(!next_device(f->control, 0xffffffff, &info));
}

DEVICE_TEST(info_counts_devices)
{
	struct buftrack_info info = info_of(f->fd);

	CHECK_EQ(info.nr_devices, 1);
	CHECK_EQ(info.max_devices, parameter("max_devices"));
	add_device(f->control, "second", BUFTRACK_DEVICE_ADD_TEMPORARY);
	CHECK_EQ(info_of(f->fd).nr_devices, 2);
	CHECK_EQ(info_of(f->control).nr_devices, 2);
}

DEVICE_TEST(each_open_file_has_its_own_serial)
{
	int fds[] = { f->control, f->fd, open_control(O_RDONLY),
		      open_node(f->device, O_WRONLY), open_control(O_RDWR) };
	__u64 serials[ARRAY_SIZE(fds)];
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		serials[i] = info_of(fds[i]).serial;
		CHECK_EQ(info_of(dup(fds[i])).serial, serials[i]);
		for (j = 0; j < i; j++)
			CHECK(serials[j] != serials[i]);
	}
}

DEVICE_TEST(removal_deletes_the_node)
{
	int fd;

	CHECK_OK(remove_device(f->control, f->device, 0));
	CHECK_ERR(try_open_node(f->device, O_RDWR, &fd), ENOENT);
	CHECK_ERR(remove_device(f->control, f->device, 0), ENOENT);
	CHECK_EQ(info_of(f->control).nr_devices, 0);
}

DEVICE_TEST(removing_a_device_with_clients_is_ebusy)
{
	int fd = fixture_open(f);

	CHECK_OK(try_report(fd, BUFFER(0x1000, 16)));
	CHECK_ERR(remove_device(f->control, f->device, 0), EBUSY);
	CHECK_EQ(verdict_of(fd, FREE(.address = 0x1000)), BUFTRACK_VERDICT_OK);
	close(fd);
	CHECK_OK(remove_device(f->control, f->device, 0));
}

DEVICE_TEST(non_client_files_do_not_block_removal)
{
	int fd = open_node(f->device, O_RDONLY);

	device_info(fd);
	CHECK_OK(remove_device(f->control, f->device, 0));
	CHECK_EQ(device_info(fd).state & BUFTRACK_DEVICE_STATE_REMOVED,
		 BUFTRACK_DEVICE_STATE_REMOVED);
}

DEVICE_TEST(removal_returns_the_live_totals)
{
	struct buftrack_device_remove arg = {
		.flags = BUFTRACK_DEVICE_REMOVE_FORCE,
		.device = f->device,
	};

	CHECK_OK(try_report(f->fd, BUFFER(0x1000, 16)));
	CHECK_OK(try_report(f->fd, BUFFER(0x2000, 48)));
	CHECK_OK(try_report(f->fd, BUFFER(0x3000, 100)));
	CHECK_OK(try_report(f->fd, FREE(.address = 0x3000)));
	CHECK_OK(CALL(f->control, DEVICE_REMOVE, &arg));
	CHECK_EQ(arg.removed_buffers, 2);
	CHECK_EQ(arg.removed_bytes, 64);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_REMOVED_BUFFERS), 2);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_LIVE_BUFFERS), 0);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_LIVE_BYTES), 0);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_PEAK_BYTES), 164);
}

DEVICE_TEST(removal_of_an_empty_device_returns_zero)
{
	struct buftrack_device_remove arg = {
		.device = f->device,
		.removed_buffers = 5,
		.removed_bytes = 5,
	};

	CHECK_OK(CALL(f->control, DEVICE_REMOVE, &arg));
	CHECK_EQ(arg.removed_buffers, 0);
	CHECK_EQ(arg.removed_bytes, 0);
}

DEVICE_TEST(number_of_a_removed_device_is_reused)
{
	struct buftrack_device_info info;
	__u32 device;
	int fd;

	CHECK_OK(try_report(f->fd, BUFFER(0x1000, 16)));
	CHECK_OK(remove_device(f->control, f->device,
			       BUFTRACK_DEVICE_REMOVE_FORCE));
	device = add_device(f->control, "successor",
			    BUFTRACK_DEVICE_ADD_TEMPORARY);
	CHECK_EQ(device, f->device);

	/* The old file still belongs to the old device, the node to the new one */
	info = device_info(f->fd);
	CHECK(info.state & BUFTRACK_DEVICE_STATE_REMOVED);
	CHECK(strcmp(info.name, "successor"));
	fd = open_node(device, O_RDWR);
	info = device_info(fd);
	CHECK_STR(info.name, "successor");
	CHECK_EQ(info.nr_spaces, 0);
	CHECK_EQ(device_counter(fd, BUFTRACK_COUNTER_ALLOCS), 0);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_ALLOCS), 1);
	CHECK_ERR(try_report(f->fd, BUFFER(0x2000, 16)), ENODEV);
	add_space(fd, "DRAM");
	CHECK_EQ(verdict_of(fd, BUFFER(0x2000, 16)), BUFTRACK_VERDICT_OK);
}

DEVICE_TEST(name_of_a_removed_device_can_be_reused)
{
	struct buftrack_device_add add;

	CHECK_OK(try_add(f->control, "reused", BUFTRACK_DEVICE_ADD_TEMPORARY,
			 &add));
	CHECK_OK(remove_device(f->control, add.device, 0));
	CHECK_OK(try_add(f->control, "reused",
			 BUFTRACK_DEVICE_ADD_EXCL |
				 BUFTRACK_DEVICE_ADD_TEMPORARY,
			 &add));
	CHECK_EQ(add.created, 1);
}

/* At the limit, adding an existing name still finds its device */
DEVICE_TEST(devices_over_the_system_limit_are_enfile)
{
	struct buftrack_device_add add;

	add_device(f->control, "second", BUFTRACK_DEVICE_ADD_TEMPORARY);
	set_parameter("max_devices", "2");
	CHECK_EQ(info_of(f->control).max_devices, 2);
	CHECK_ERR(try_add(f->control, "third", BUFTRACK_DEVICE_ADD_TEMPORARY,
			  &add),
		  ENFILE);
	CHECK_OK(try_add(f->control, "second", 0, &add));
	CHECK_EQ(add.created, 0);
	CHECK_EQ(info_of(f->control).nr_devices, 2);
	CHECK_OK(remove_device(f->control, add.device, 0));
	CHECK_OK(try_add(f->control, "third", BUFTRACK_DEVICE_ADD_TEMPORARY,
			 &add));
	set_parameter("max_devices", "0");
	CHECK_ERR(try_add(f->control, "none", BUFTRACK_DEVICE_ADD_TEMPORARY,
			  &add),
		  ENFILE);
}

static void fill_quota(void *arg)
{
	int control = open_control(O_RDWR);
	struct buftrack_device_add add;

	(void)arg;
	CHECK_OK(try_add(control, "mine:1", BUFTRACK_DEVICE_ADD_TEMPORARY,
			 &add));
	CHECK_OK(try_add(control, "mine:2", BUFTRACK_DEVICE_ADD_TEMPORARY,
			 &add));
	CHECK_ERR(try_add(control, "mine:3", BUFTRACK_DEVICE_ADD_TEMPORARY,
			  &add),
		  EDQUOT);
	/* Another file of the same user has no quota of its own */
	CHECK_ERR(try_add(open_control(O_RDWR), "mine:3", 0, &add), EDQUOT);
	CHECK_OK(try_add(control, "mine:2", 0, &add));
	CHECK_OK(remove_device(control, add.device, 0));
	CHECK_OK(try_add(control, "mine:3", BUFTRACK_DEVICE_ADD_TEMPORARY,
			 &add));
}

DEVICE_TEST(devices_over_the_user_limit_are_edquot)
{
	struct buftrack_device_add add;

	set_parameter("max_devices_per_user", "2");
	in_child_as(ALICE, fill_quota, NULL);
	in_child_as(BOB, fill_quota, NULL);
	CHECK_OK(try_add(f->control, "roots:1", BUFTRACK_DEVICE_ADD_TEMPORARY,
			 &add));
	CHECK_OK(try_add(f->control, "roots:2", BUFTRACK_DEVICE_ADD_TEMPORARY,
			 &add));
}

TEST(persistent_device_outlives_its_control_file)
{
	int control = open_control(O_RDWR);
	__u32 device = add_device(control, "lasting", 0);

	close(control);
	CHECK_EQ(device_info(open_node(device, O_RDONLY)).state,
		 BUFTRACK_DEVICE_STATE_ENABLED);
	CHECK_OK(remove_device(open_control(O_WRONLY), device, 0));
}

TEST(temporary_device_is_removed_with_the_last_copy_of_its_control_file)
{
	int control = open_control(O_RDWR), copy = dup(control), fd;
	__u32 device =
		add_device(control, "passing", BUFTRACK_DEVICE_ADD_TEMPORARY);

	close(control);
	close(open_node(device, O_RDWR));
	close(copy);
	CHECK_ERR(try_open_node(device, O_RDWR, &fd), ENOENT);
	CHECK_EQ(info_of(open_control(O_RDONLY)).nr_devices, 0);
}

static void register_and_wait(void *arg)
{
	__u32 *device = arg;

	*device = add_device(open_control(O_RDWR), "victim",
			     BUFTRACK_DEVICE_ADD_TEMPORARY);
	pause();
}

TEST(temporary_device_is_removed_when_its_process_is_killed)
{
	volatile __u32 *device = shared_memory(sizeof(*device));
	pid_t pid;
	int fd;

	*device = -1;
	pid = start(register_and_wait, (void *)device);
	WAIT_UNTIL(*device != -1U);
	fd = open_node(*device, O_RDWR);
	add_space(fd, "DRAM");
	CHECK_OK(try_report(fd, BUFFER(0x1000, 16)));
	end(pid, SIGKILL);
	CHECK_EQ(device_info(fd).state,
		 BUFTRACK_DEVICE_STATE_ENABLED | BUFTRACK_DEVICE_STATE_REMOVED |
			 BUFTRACK_DEVICE_STATE_TEMPORARY);
	CHECK_ERR(try_report(fd, BUFFER(0x2000, 16)), ENODEV);
	CHECK_EQ(device_counter(fd, BUFTRACK_COUNTER_REMOVED_BUFFERS), 1);
}

TEST(finding_a_device_does_not_make_it_temporary)
{
	int first = open_control(O_RDWR), second = open_control(O_RDWR);
	__u32 device = add_device(first, "found", 0);

	CHECK_EQ(add_device(second, "found", BUFTRACK_DEVICE_ADD_TEMPORARY),
		 device);
	close(second);
	CHECK_EQ(device_info(open_node(device, O_RDONLY)).state,
		 BUFTRACK_DEVICE_STATE_ENABLED);
	CHECK_OK(remove_device(first, device, 0));
}

TEST(temporary_devices_of_other_files_stay)
{
	int first = open_control(O_RDWR), second = open_control(O_RDWR), fd;
	__u32 kept = add_device(first, "kept", BUFTRACK_DEVICE_ADD_TEMPORARY);
	__u32 gone = add_device(second, "gone", BUFTRACK_DEVICE_ADD_TEMPORARY);

	close(second);
	CHECK_ERR(try_open_node(gone, O_RDWR, &fd), ENOENT);
	CHECK_OK(try_open_node(kept, O_RDWR, &fd));
}

/**
 * struct clamp - a parameter out of range
 * @parameter: name of the parameter
 * @value: value out of range
 * @offset: offset of its field in struct buftrack_device_info
 * @want: the value that new devices get
 */
struct clamp {
	const char *parameter;
	const char *value;
	size_t offset;
	__u64 want;
};

#define CLAMP(_parameter, _value, _field, _want)                             \
	{                                                                    \
		_parameter, _value,                                          \
			offsetof(struct buftrack_device_info, _field), _want \
	}

TEST(parameters_out_of_range_are_clamped)
{
	static const struct clamp clamps[] = {
		CLAMP("records_per_device", "0", max_records, 1),
		CLAMP("records_per_device", "4294967297", max_records,
		      1ULL << 32),
		CLAMP("freed_records", "0", max_freed, 0),
		CLAMP("freed_records", "99999999999", max_freed, 1ULL << 32),
		CLAMP("closed_clients", "65537", max_closed, 65536),
		CLAMP("closed_clients", "0", max_closed, 0),
		CLAMP("remaining_records", "4294967295", max_remaining,
		      1 << 24),
		CLAMP("remaining_records", "0", max_remaining, 0),
	};
	struct buftrack_device_info info;
	const struct clamp *c;
	__u64 value;

	for (c = clamps; c < clamps + ARRAY_SIZE(clamps); c++) {
		int control = open_control(O_RDWR);

		set_parameter(c->parameter, c->value);
		add_device(control, "clamped", BUFTRACK_DEVICE_ADD_TEMPORARY);
		CHECK(next_device(control, 0, &info));
		memcpy(&value, (char *)&info + c->offset, sizeof(value));
		CHECK_EQ(value, c->want);
		close(control);
	}
}

static __u32 max_clients_with(const char *parameter_value)
{
	int control = open_control(O_RDWR);
	struct buftrack_device_info info;

	set_parameter("clients_per_device", parameter_value);
	add_device(control, "clamped", BUFTRACK_DEVICE_ADD_TEMPORARY);
	CHECK(next_device(control, 0, &info));
	close(control);
	return info.max_clients;
}

TEST(clients_per_device_parameter_is_clamped)
{
	CHECK_EQ(max_clients_with("0"), 1);
	CHECK_EQ(max_clients_with("65536"), 65536);
	CHECK_EQ(max_clients_with("65537"), 65536);
	CHECK_EQ(max_clients_with("4294967295"), 65536);
}

TEST(max_devices_parameter_is_clamped)
{
	set_parameter("max_devices", "4294967295");
	CHECK_EQ(info_of(open_control(O_RDONLY)).max_devices, 4096);
}

DEVICE_TEST(parameters_do_not_change_existing_devices)
{
	__u64 before = device_info(f->fd).max_freed;

	set_parameter("freed_records", "3");
	CHECK_EQ(device_info(f->fd).max_freed, before);
}
