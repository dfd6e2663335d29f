// SPDX-License-Identifier: GPL-2.0
/*
 * The layout of the ABI in numbers: it is the same for every caller and never changes.
 * Each field starts where the previous one ends, so there is no padding.
 */
#include <assert.h>
#include <stddef.h>
#include "fixture.h"

#define AT(_struct, _field, _offset) \
	static_assert(offsetof(struct _struct, _field) == (_offset), #_field)
#define SIZE(_struct, _size) \
	static_assert(sizeof(struct _struct) == (_size), #_struct)
#define CMD(_name, _nr) \
	static_assert(BUFTRACK_IOCTL_##_name == (0xbf00 | (_nr)), #_name)

CMD(INFO, 0);
CMD(DEVICE_ADD, 1);
CMD(DEVICE_REMOVE, 2);
CMD(DEVICE_INFO, 3);
CMD(DEVICE_SET, 4);
CMD(SPACE_ADD, 5);
CMD(SPACE_INFO, 6);
CMD(DECLARE, 7);
CMD(REPORT, 8);
CMD(BATCH, 9);
CMD(LOST, 10);
CMD(COUNTERS, 11);
CMD(CLIENT_INFO, 12);
CMD(RECORDS, 13);
CMD(RESET, 14);
CMD(PROBE_INFO, 15);
CMD(STACK, 16);
CMD(RING, 17);
CMD(DRAIN, 18);

AT(buftrack_info, size, 0);
AT(buftrack_info, flags, 4);
AT(buftrack_info, serial, 8);
AT(buftrack_info, nr_devices, 16);
AT(buftrack_info, max_devices, 20);
AT(buftrack_info, nr_records, 24);
AT(buftrack_info, max_records, 32);
AT(buftrack_info, record_size, 40);
AT(buftrack_info, nr_counters, 44);
AT(buftrack_info, nr_verdicts, 48);
AT(buftrack_info, reserved, 52);
AT(buftrack_info, version, 56);
SIZE(buftrack_info, 88);

AT(buftrack_device_add, size, 0);
AT(buftrack_device_add, flags, 4);
AT(buftrack_device_add, device, 8);
AT(buftrack_device_add, created, 12);
AT(buftrack_device_add, name, 16);
SIZE(buftrack_device_add, 144);

AT(buftrack_device_remove, size, 0);
AT(buftrack_device_remove, flags, 4);
AT(buftrack_device_remove, device, 8);
AT(buftrack_device_remove, reserved, 12);
AT(buftrack_device_remove, removed_buffers, 16);
AT(buftrack_device_remove, removed_bytes, 24);
SIZE(buftrack_device_remove, 32);

AT(buftrack_device_info, size, 0);
AT(buftrack_device_info, flags, 4);
AT(buftrack_device_info, device, 8);
AT(buftrack_device_info, state, 12);
AT(buftrack_device_info, uid, 16);
AT(buftrack_device_info, nr_spaces, 20);
AT(buftrack_device_info, nr_clients, 24);
AT(buftrack_device_info, max_clients, 28);
AT(buftrack_device_info, nr_records, 32);
AT(buftrack_device_info, max_records, 40);
AT(buftrack_device_info, max_client_records, 48);
AT(buftrack_device_info, max_freed, 56);
AT(buftrack_device_info, max_closed, 64);
AT(buftrack_device_info, max_remaining, 72);
AT(buftrack_device_info, now, 80);
AT(buftrack_device_info, name, 88);
AT(buftrack_device_info, driver, 216);
SIZE(buftrack_device_info, 248);

AT(buftrack_device_set, size, 0);
AT(buftrack_device_set, fields, 4);
AT(buftrack_device_set, enabled, 8);
AT(buftrack_device_set, max_clients, 12);
AT(buftrack_device_set, max_records, 16);
AT(buftrack_device_set, max_freed, 24);
AT(buftrack_device_set, max_closed, 32);
AT(buftrack_device_set, max_remaining, 40);
AT(buftrack_device_set, max_client_records, 48);
AT(buftrack_device_set, stacks, 56);
AT(buftrack_device_set, reserved, 60);
SIZE(buftrack_device_set, 64);

AT(buftrack_space_add, size, 0);
AT(buftrack_space_add, flags, 4);
AT(buftrack_space_add, space, 8);
AT(buftrack_space_add, created, 12);
AT(buftrack_space_add, capacity, 16);
AT(buftrack_space_add, name, 24);
SIZE(buftrack_space_add, 56);

AT(buftrack_space_info, size, 0);
AT(buftrack_space_info, flags, 4);
AT(buftrack_space_info, space, 8);
AT(buftrack_space_info, properties, 12);
AT(buftrack_space_info, capacity, 16);
AT(buftrack_space_info, name, 24);
SIZE(buftrack_space_info, 56);

AT(buftrack_declare, size, 0);
AT(buftrack_declare, flags, 4);
AT(buftrack_declare, first_id, 8);
AT(buftrack_declare, client, 16);
AT(buftrack_declare, claimed_pid, 24);
AT(buftrack_declare, claimed_uid, 28);
AT(buftrack_declare, claimed_name, 32);
SIZE(buftrack_declare, 96);

AT(buftrack_report, op, 0);
AT(buftrack_report, flags, 2);
AT(buftrack_report, space, 4);
AT(buftrack_report, address, 8);
AT(buftrack_report, size, 16);
AT(buftrack_report, span, 24);
AT(buftrack_report, id, 32);
AT(buftrack_report, site, 40);
AT(buftrack_report, reserved, 48);
SIZE(buftrack_report, 64);

AT(buftrack_report_one, size, 0);
AT(buftrack_report_one, flags, 4);
AT(buftrack_report_one, report, 8);
AT(buftrack_report_one, verdict, 72);
AT(buftrack_report_one, reserved, 76);
AT(buftrack_report_one, stamp, 80);
SIZE(buftrack_report_one, 88);

AT(buftrack_batch, size, 0);
AT(buftrack_batch, flags, 4);
AT(buftrack_batch, reports, 8);
AT(buftrack_batch, verdicts, 16);
AT(buftrack_batch, nr, 24);
AT(buftrack_batch, report_size, 28);
AT(buftrack_batch, done, 32);
AT(buftrack_batch, reserved, 36);
SIZE(buftrack_batch, 40);

AT(buftrack_lost, size, 0);
AT(buftrack_lost, flags, 4);
AT(buftrack_lost, count, 8);
SIZE(buftrack_lost, 16);

AT(buftrack_counters, size, 0);
AT(buftrack_counters, scope, 4);
AT(buftrack_counters, number, 8);
AT(buftrack_counters, values, 16);
AT(buftrack_counters, nr, 24);
AT(buftrack_counters, reserved, 28);
SIZE(buftrack_counters, 32);

AT(buftrack_client_info, size, 0);
AT(buftrack_client_info, flags, 4);
AT(buftrack_client_info, client, 8);
AT(buftrack_client_info, state, 16);
AT(buftrack_client_info, pid, 20);
AT(buftrack_client_info, tid, 24);
AT(buftrack_client_info, uid, 28);
AT(buftrack_client_info, claimed_pid, 32);
AT(buftrack_client_info, claimed_uid, 36);
AT(buftrack_client_info, start_time, 40);
AT(buftrack_client_info, opened, 48);
AT(buftrack_client_info, closed, 56);
AT(buftrack_client_info, first_id, 64);
AT(buftrack_client_info, comm, 72);
AT(buftrack_client_info, claimed_name, 88);
SIZE(buftrack_client_info, 152);

AT(buftrack_record, client, 0);
AT(buftrack_record, space, 8);
AT(buftrack_record, state, 12);
AT(buftrack_record, address, 16);
AT(buftrack_record, size, 24);
AT(buftrack_record, span, 32);
AT(buftrack_record, id, 40);
AT(buftrack_record, allocated, 48);
AT(buftrack_record, ended, 56);
AT(buftrack_record, ended_by, 64);
AT(buftrack_record, site, 72);
AT(buftrack_record, ended_site, 80);
AT(buftrack_record, repeats, 88);
AT(buftrack_record, pid, 92);
AT(buftrack_record, comm, 96);
SIZE(buftrack_record, 112);

AT(buftrack_event_record, client, 0);
AT(buftrack_event_record, ended_by, 8);
AT(buftrack_event_record, address, 16);
AT(buftrack_event_record, size, 24);
AT(buftrack_event_record, span, 32);
AT(buftrack_event_record, id, 40);
AT(buftrack_event_record, allocated, 48);
AT(buftrack_event_record, ended, 56);
AT(buftrack_event_record, site, 64);
AT(buftrack_event_record, ended_site, 72);
AT(buftrack_event_record, state, 80);
AT(buftrack_event_record, repeats, 84);
AT(buftrack_event_record, pid, 88);
AT(buftrack_event_record, ended_by_pid, 92);
AT(buftrack_event_record, comm, 96);
AT(buftrack_event_record, ended_by_comm, 112);
AT(buftrack_event_record, reserved, 128);
SIZE(buftrack_event_record, 160);

AT(buftrack_event, size, 0);
AT(buftrack_event, verdict, 4);
AT(buftrack_event, flags, 8);
AT(buftrack_event, reserved, 12);
AT(buftrack_event, sequence, 16);
AT(buftrack_event, dropped, 24);
AT(buftrack_event, stamp, 32);
AT(buftrack_event, client, 40);
AT(buftrack_event, report, 48);
AT(buftrack_event, pid, 112);
AT(buftrack_event, uid, 116);
AT(buftrack_event, comm, 120);
AT(buftrack_event, target, 136);
AT(buftrack_event, hit, 296);
AT(buftrack_event, reserved2, 456);
SIZE(buftrack_event, 488);

AT(buftrack_records, size, 0);
AT(buftrack_records, flags, 4);
AT(buftrack_records, client, 8);
AT(buftrack_records, space, 16);
AT(buftrack_records, states, 20);
AT(buftrack_records, min_size, 24);
AT(buftrack_records, min_age, 32);
AT(buftrack_records, max_age, 40);
AT(buftrack_records, records, 48);
AT(buftrack_records, nr, 56);
AT(buftrack_records, record_size, 60);
AT(buftrack_records, instant, 64);
AT(buftrack_records, missed, 72);
AT(buftrack_records, end, 80);
AT(buftrack_records, exact, 84);
SIZE(buftrack_records, 88);

AT(buftrack_reset, size, 0);
AT(buftrack_reset, flags, 4);
SIZE(buftrack_reset, 8);

AT(buftrack_probe_info, size, 0);
AT(buftrack_probe_info, flags, 4);
AT(buftrack_probe_info, probe, 8);
AT(buftrack_probe_info, state, 12);
AT(buftrack_probe_info, reserved, 16);
AT(buftrack_probe_info, hits, 24);
AT(buftrack_probe_info, missed, 32);
AT(buftrack_probe_info, adapter, 40);
AT(buftrack_probe_info, module, 72);
AT(buftrack_probe_info, symbol, 104);
AT(buftrack_probe_info, covers, 200);
SIZE(buftrack_probe_info, 296);

AT(buftrack_stack, size, 0);
AT(buftrack_stack, flags, 4);
AT(buftrack_stack, site, 8);
AT(buftrack_stack, text, 16);
AT(buftrack_stack, len, 24);
AT(buftrack_stack, reserved, 28);
SIZE(buftrack_stack, 32);

AT(buftrack_ring_entry, stamp, 0);
AT(buftrack_ring_entry, op, 8);
AT(buftrack_ring_entry, flags, 10);
AT(buftrack_ring_entry, space, 12);
AT(buftrack_ring_entry, address, 16);
AT(buftrack_ring_entry, size, 24);
AT(buftrack_ring_entry, span, 32);
AT(buftrack_ring_entry, id, 40);
AT(buftrack_ring_entry, site, 48);
AT(buftrack_ring_entry, reserved, 56);
SIZE(buftrack_ring_entry, 64);

AT(buftrack_ring, size, 0);
AT(buftrack_ring, flags, 4);
AT(buftrack_ring, entries, 8);
AT(buftrack_ring, entry_size, 12);
AT(buftrack_ring, offset, 16);
AT(buftrack_ring, length, 24);
AT(buftrack_ring, clock, 32);
AT(buftrack_ring, ops, 36);
AT(buftrack_ring, counter_at, 40);
AT(buftrack_ring, head_at, 44);
AT(buftrack_ring, lost_at, 48);
AT(buftrack_ring, tail_at, 52);
AT(buftrack_ring, entries_at, 56);
AT(buftrack_ring, reserved, 60);
SIZE(buftrack_ring, 64);

AT(buftrack_drain, size, 0);
AT(buftrack_drain, flags, 4);
SIZE(buftrack_drain, 8);

static_assert(BUFTRACK_NR_VERDICTS == BUFTRACK_VERDICT_USE_AFTER_FREE + 1,
	      "verdicts");
static_assert(BUFTRACK_NR_COUNTERS == BUFTRACK_COUNTER_USE_AFTER_FREES + 1,
	      "counters");

/* The module agrees with the header on properties that no structure size shows */
TEST(module_has_the_counters_and_verdicts_of_the_header)
{
	struct buftrack_info info = info_of(open_control(O_RDONLY));

	CHECK_EQ(info.nr_counters, 31);
	CHECK_EQ(info.nr_verdicts, 17);
	CHECK_EQ(info.flags, 0);
	CHECK_EQ(info.reserved, 0);
	CHECK(info.record_size > 0 && info.record_size <= 144);
	CHECK(info.version[0] && !info.version[sizeof(info.version) - 1]);
}
