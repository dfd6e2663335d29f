// SPDX-License-Identifier: GPL-2.0
/* Processes as seen from the reader's pid namespace; those outside are hidden */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "helper.h"
#include "event_reader.h"
#include "identity.h"

static const struct buftrack_declare claims = {
	.flags = BUFTRACK_DECLARE_CLAIMED_UID,
	.claimed_uid = ALICE,
	.claimed_pid = 4711,
	.claimed_name = "claimed",
};

/* Client 1 with a record in each state and one event */
static int report_all_states(const struct fixture *f)
{
	struct buftrack_declare declaration = claims;
	int fd = fixture_open(f), left;

	CHECK_OK(CALL(fd, DECLARE, &declaration));
	CHECK_OK(try_report(fd, BUFFER(0x1000, 16)));
	CHECK_OK(try_report(fd, BUFFER(0x2000, 16)));
	CHECK_OK(try_report(fd, FREE(.address = 0x2000)));
	CHECK_OK(try_report(fd, BUFFER(0x2000, 16)));
	CHECK_OK(try_report(fd, FREE(.address = 0x2000)));
	CHECK_OK(try_report(fd, ALLOC(.address = 0x1ff8, .size = 16, .span = 16,
				      .id = 1)));
	CHECK_EQ(verdict_of(fd, FREE(.address = 0x2000)),
		 BUFTRACK_VERDICT_STALE_FREE);
	left = fixture_open(f);
	CHECK_OK(try_report(left, BUFFER(0x3000, 16)));
	close(left);
	return fd;
}

static void check_client(int fd, __u64 number, pid_t pid)
{
	struct buftrack_client_info info;

	CHECK_OK(client_info(fd, number, &info));
	CHECK_EQ(info.pid, pid);
	CHECK_EQ(info.tid, pid);
	CHECK_EQ(!info.start_time, !pid);
	CHECK_EQ(!info.comm[0], !pid);
	CHECK(pid || !memcmp(info.comm, (char[16]){}, sizeof(info.comm)));
	CHECK_EQ(info.claimed_pid, pid ? claims.claimed_pid : 0);
	CHECK_STR(info.claimed_name, pid ? claims.claimed_name : "");
	CHECK_EQ(info.claimed_uid, pid ? claims.claimed_uid : 0);
	CHECK_EQ(!(info.state & BUFTRACK_CLIENT_STATE_CLAIMED_UID), !pid);
	/* Its existence and its totals are visible to all */
	CHECK(info.state & BUFTRACK_CLIENT_STATE_OPEN && info.opened);
	CHECK_EQ(client_counter(fd, number, BUFTRACK_COUNTER_ALLOCS), 4);
}

static void check_records(int fd, __u64 client, pid_t pid)
{
	const struct buftrack_records query = { .space = BUFTRACK_ANY_SPACE,
						.client = client };
	struct listing l = list(fd, query, 8);
	__u32 i;

	CHECK_EQ(l.nr, 3);
	for (i = 0; i < l.nr; i++) {
		CHECK_EQ(l.records[i].pid, pid);
		CHECK_EQ(!l.records[i].comm[0], !pid);
		CHECK_EQ(l.records[i].client, client);
		CHECK(l.records[i].address);
	}
}

static void check_event(int fd, pid_t pid)
{
	struct buftrack_event event = next_event(fd);

	CHECK_EQ(event.verdict, BUFTRACK_VERDICT_STALE_FREE);
	CHECK_EQ(event.pid, pid);
	CHECK_EQ(event.target.pid, pid);
	CHECK_EQ(event.target.ended_by_pid, pid);
	CHECK_EQ(event.hit.pid, pid);
	CHECK_EQ(event.hit.ended_by_pid, 0);
	CHECK_EQ(!event.comm[0], !pid);
	CHECK_EQ(!event.target.comm[0], !pid);
	CHECK_EQ(!event.target.ended_by_comm[0], !pid);
	CHECK_EQ(!event.hit.comm[0], !pid);
	CHECK_EQ(event.hit.ended_by_comm[0], 0);
	CHECK_EQ(event.target.ended_by, event.client);
	CHECK_EQ(event.report.address, 0x2000);
}

struct inside {
	const struct fixture *f;
	int reader;
	struct checkpoint ready, seen;
	int socket;
};

static void check_hidden(void *arg)
{
	const struct inside *in = arg;
	int fd = open_reader(in->f);

	CHECK_EQ(getpid(), 1);
	check_client(fd, 1, 0);
	check_records(fd, 1, 0);
	check_event(fd, 0);
}

DEVICE_TEST(processes_outside_the_readers_namespace_are_hidden)
{
	report_all_states(f);
	in_pid_namespace(check_hidden, &(struct inside){ .f = f });
}

static void check_own(void *arg)
{
	const struct inside *in = arg;
	int fd = open_reader(in->f);

	report_all_states(in->f);
	check_client(fd, 1, 1);
	check_records(fd, 1, 1);
	check_event(fd, 1);
}

DEVICE_TEST(processes_inside_the_readers_namespace_have_their_pids_there)
{
	in_pid_namespace(check_own, &(struct inside){ .f = f });
}

/* The namespace of the caller counts, not that of the opener */
static void check_hidden_inherited(void *arg)
{
	const struct inside *in = arg;

	check_client(in->reader, 1, 0);
	check_records(in->reader, 1, 0);
	check_event(in->reader, 0);
}

DEVICE_TEST(namespace_is_that_of_the_caller)
{
	struct inside in = { .f = f, .reader = open_reader(f) };

	report_all_states(f);
	in_pid_namespace(check_hidden_inherited, &in);
	check_client(in.reader, 1, getpid());
	check_records(in.reader, 1, getpid());
	/* The event was read inside the namespace */
	check_no_event(in.reader);
	check_event(open_reader(f), getpid());
}

static void report_and_wait(void *arg)
{
	struct inside *in = arg;

	report_all_states(in->f);
	checkpoint_reach(&in->ready);
	checkpoint_wait(&in->seen);
}

/* Returns the parent of a process, or 0 if it has exited */
static pid_t parent_of(pid_t pid)
{
	char path[32], text[512] = "";
	pid_t parent = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) > 0 && strrchr(text, ')'))
		parent = atoi(strrchr(text, ')') + 4);
	close(fd);
	return parent;
}

/* Returns the only child of a process */
static pid_t child_of(pid_t parent)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	pid_t child = 0, pid;

	CHECK(proc);
	while ((entry = readdir(proc))) {
		pid = atoi(entry->d_name);
		if (pid && parent_of(pid) == parent)
			child = pid;
	}
	closedir(proc);
	CHECK(child);
	return child;
}

static void run_inside(void *arg)
{
	in_pid_namespace(report_and_wait, arg);
}

DEVICE_TEST(processes_of_inner_namespaces_have_outer_pids)
{
	struct inside in = { .f = f };
	int fd = open_reader(f);
	pid_t pid, inner;

	checkpoint_init(&in.ready);
	checkpoint_init(&in.seen);
	pid = start(run_inside, &in);
	checkpoint_wait(&in.ready);
	inner = child_of(child_of(pid));
	CHECK(inner != pid && inner != getpid());
	check_client(fd, 1, inner);
	check_records(fd, 1, inner);
	check_event(fd, inner);
	checkpoint_reach(&in.seen);
	finish(pid);
}

/* The pid and comm of an exited process remain */
DEVICE_TEST(exited_processes_keep_their_comm)
{
	int fd = open_reader(f);
	struct inside in = { .f = f };
	pid_t pid;

	checkpoint_init(&in.ready);
	checkpoint_init(&in.seen);
	checkpoint_reach(&in.seen);
	pid = start(report_and_wait, &in);
	finish(pid);
	CHECK(next_event(fd).comm[0]);
	CHECK(list_all(fd, 0).records[0].comm[0]);
}

/* Redaction is independent of namespaces: root inside still sees addresses */
static void check_uids(void *arg)
{
	const struct inside *in = arg;
	struct buftrack_client_info info;
	int fd = open_reader(in->f);

	CHECK_OK(client_info(fd, 1, &info));
	CHECK_EQ(info.pid, 0);
	CHECK_EQ(info.uid, ALICE);
	become_user(BOB);
	fd = open_reader(in->f);
	CHECK_OK(client_info(fd, 1, &info));
	CHECK_EQ(info.uid, ALICE);
}

DEVICE_TEST(uids_are_shown_across_pid_namespaces)
{
	int fd = fixture_open_as(f, ALICE);

	become_client(fd);
	in_pid_namespace(check_uids, &(struct inside){ .f = f });
}
