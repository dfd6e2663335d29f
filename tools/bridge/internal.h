/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interfaces between the files of the bridge, in their order (bridge.h)
 */
#ifndef BUFTRACK_BRIDGE_INTERNAL_H
#define BUFTRACK_BRIDGE_INTERNAL_H

#include <libbuftrack.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>
#include <uthash.h>

#include "../trace/addresses.h"
#include "../util/share.h"
#include "bridge.h"
#include "framing.h"
#include "output.h"
#include "wire.h"

/* Bytes read from a peer before the others have their turn */
#define TURN_BYTES 65536

/* A connection may use one in CONNECTION_SHARE of all addresses. */
#define CONNECTION_SHARE 4

/* Delay before a failed open is retried */
#define RETRY_USEC 1000000

/* Time for which a device that was not registered is not looked up by a query again */
#define ABSENT_USEC 100000

struct client;
struct config;
struct connection;
struct device;
struct member;
struct process;
struct session;
struct user;

/**
 * struct bridge - the bridge
 * @options: command-line options
 * @event: the event loop
 * @listener: event source of the listening socket
 * @pause: event source that ends a pause in accepting
 * @reserve: a file that makes room to accept and close; -1 if none
 * @is_short: the latest connection could not be accepted for lack of files or memory
 * @listening: when listening began, ns since boot
 * @config: configuration of devices
 * @devices: devices in use, by the programs' numbers
 * @users: users that have connections or processes, by uid
 * @processes: processes that have connected, by pid
 * @process_ended: called when a process ends that has connections
 * @turns: event source of the turns
 * @waiting: users that wait for a turn
 * @forgot: when a process was forgotten that had reported, ns since boot; 0: never
 * @connections: all connections
 * @served: connections that are served
 * @refused: connections that are refused
 * @files: open files of users but for refused connections
 * @clients: open clients of users
 * @addresses: bound on the addresses of all users
 * @refusals: clients that count reports as lost where a user's share has no room for one
 * @keeps: connections are kept in the descriptor store
 * @serial: number of the latest kept connection
 * @is_ending: the bridge is ending
 * @declaration: scratch declaration for new clients
 * @log: the log
 * @dumps: rate limit of dumps
 * @input: read buffer; a connection's held bytes precede the new ones
 */
struct bridge {
	const struct bridge_options *options;
	sd_event *event;
	sd_event_source *listener;
	sd_event_source *pause;
	int reserve;
	bool is_short;
	uint64_t listening;
	struct config *config;
	struct device *devices[WIRE_DEVICES];
	struct user *users;
	struct process *processes;
	void (*process_ended)(struct bridge *bridge,
			      const struct process *process);
	sd_event_source *turns;
	struct user *waiting;
	uint64_t forgot;
	struct connection *connections;
	struct share served;
	struct share refused;
	struct share files;
	struct share clients;
	struct address_pool addresses;
	struct client *refusals;
	bool keeps;
	uint64_t serial;
	bool is_ending;
	struct buftrack_declaration *declaration;
	struct log log;
	struct log dumps;
	uint8_t input[FRAMING_MAX + TURN_BYTES];
};

/* --- device.c: the kernel's device for a device number of a program
 *
 * Device 3 of a program is chip 3. It is registered by its configured name or by the
 * chip's PCI address, or as tt:3 if neither is known or allowed.
 */

/* The first five are buffer types of the protocol. */
enum space {
	SPACE_DRAM = 0,
	SPACE_L1 = 1,
	SPACE_SYSTEM = 2,
	SPACE_L1_SMALL = 3,
	SPACE_TRACE = 4,
	SPACE_CB,
	SPACE_KERNEL,
	SPACE_UNKNOWN,
	NR_SPACES,
};

/* Maximum number of a client's reports in a batch */
#define DEVICE_BATCH 1024

/* Largest size in a space of unknown capacity, as the module bounds a client */
#define MAX_SIZE (UINT64_C(1) << 50)

/* A space whose number is not known yet */
#define NO_SPACE UINT32_MAX

/**
 * struct device - a device in use
 * @bridge: the bridge
 * @id: device number of the programs
 * @number: n of /dev/buftrack/n
 * @name: name it is registered by
 * @file: its node, open for everything but reports; NULL if not open
 * @spaces: numbers of its spaces, or NO_SPACE
 * @reports: pending reports of one client
 * @reporter: that client, NULL if none
 * @has_capacities: @capacities are known
 * @capacities: capacities of its spaces, 0 if unknown
 * @has_reported: a client has reported on it
 * @retry: time before which it is not opened again, by the event loop's clock
 * @absent: time before which a query takes it for not registered, likewise
 * @logged: latest errno in the log
 */
struct device {
	struct bridge *bridge;
	int32_t id;
	unsigned int number;
	char name[BUFTRACK_DEVICE_NAME_SIZE];
	struct buftrack_device *file;
	unsigned int spaces[NR_SPACES];
	struct buftrack_reports *reports;
	struct client *reporter;
	bool has_capacities;
	uint64_t capacities[NR_SPACES];
	bool has_reported;
	uint64_t retry;
	uint64_t absent;
	int logged;
};

const char *bridge_space_name(enum space space);

/**
 * device_get() - get a device for reports, registering it if needed
 * @bridge: the bridge
 * @id: device number of the program, below WIRE_DEVICES
 *
 * Return: the device, or NULL if it cannot be opened now.
 */
struct device *device_get(struct bridge *bridge, int32_t id);

/**
 * device_fits() - true if a buffer can have this size
 * @bridge: the bridge
 * @id: device number of the program, below WIRE_DEVICES
 * @space: the space
 * @size: the size
 *
 * It must not exceed the capacity of the space, or MAX_SIZE if that is unknown.
 */
bool device_fits(struct bridge *bridge, int32_t id, enum space space,
		 uint64_t size);

/* devices_count() - the highest device that has reported, plus 1 */
uint32_t devices_count(const struct bridge *bridge);

/**
 * device_lookup() - get a device for a query, without registering it
 * @bridge: the bridge
 * @id: any number
 *
 * Return: the device, or NULL if it is not registered.
 */
struct device *device_lookup(struct bridge *bridge, int32_t id);

/* device_space() - get the number of a space, adding it if needed; 0 or -1, errno */
int device_space(struct device *device, enum space space, unsigned int *number);

/* device_close() - close a device that was removed; the next user registers it */
void device_close(struct device *device);

/* device_log() - log an errno unless it is the latest one logged */
void device_log(struct device *device, const char *what, int error);

void devices_free(struct bridge *bridge);

/* --- user.c: the share of a user */

/**
 * struct user - a user
 * @bridge: the bridge
 * @uid: the uid that the sockets were connected with
 * @nr_refs: number of connections and processes that have it
 * @nr_connections: number of connections, served or refused
 * @nr_served: number of those that are served
 * @nr_refused: number of those that are refused
 * @nr_files: open files but for refused connections
 * @nr_clients: open clients
 * @prev: previous user that waits for a turn; NULL if it does not wait
 * @next: next user that waits for a turn
 * @waiting: its connections that wait for a turn
 * @addresses: its part of the addresses
 * @refusals: clients that count the reports of refused connections as lost
 * @refused_pid: latest process in the log that was refused
 * @hh: in the bridge's table
 */
struct user {
	struct bridge *bridge;
	uid_t uid;
	unsigned int nr_refs;
	unsigned int nr_connections;
	uint64_t nr_served;
	uint64_t nr_refused;
	uint64_t nr_files;
	uint64_t nr_clients;
	struct user *prev;
	struct user *next;
	struct connection *waiting;
	struct address_pool addresses;
	struct client *refusals;
	pid_t refused_pid;
	UT_hash_handle hh;
};

/* user_get() - the user with a uid, for user_put(); NULL when out of memory */
struct user *user_get(struct bridge *bridge, uid_t uid);
void user_put(struct user *user);

/*
 * The functions that take a place return false if the share of the user has no room
 *
 * user_take_memory() - take a place for the pidfd of a process without connections
 */
bool user_take_memory(struct user *user);
void user_give_file(struct user *user);

/* user_take_refused() - take the place of a connection that is refused */
bool user_take_refused(struct user *user);
void user_give_refused(struct user *user);

/* user_take_connection() - take the places of a connection that is served */
bool user_take_connection(struct user *user);
void user_give_connection(struct user *user);

/* user_take_client() - take the places of a client of the kernel */
bool user_take_client(struct user *user);
void user_give_client(struct user *user);

/* user_force_connection(), user_force_client() - likewise, of a restored one */
void user_force_connection(struct user *user);
void user_force_client(struct user *user);

/* --- identity.c: the process at the other end of a socket */

/* now_boot() - ns since boot, the clock of process start times */
uint64_t now_boot(void);

/* No user */
#define NO_UID ((uid_t)-1)

/**
 * struct identity - the identity of a peer
 * @process: the process, NULL for a client that is nobody's
 * @pid: its pid, 0 if it is in no namespace of ours
 * @uid: its user when it connected, NO_UID if it is in no namespace of ours
 * @name: its name, printable, "" if it has ended
 * @claimed: pid that its messages claim, 0 if none
 * @is_late: it may have made allocations that were not reported
 * @has_reported: it has reported through this connection
 */
struct identity {
	struct process *process;
	pid_t pid;
	uid_t uid;
	const char *name;
	int32_t claimed;
	bool is_late;
	bool has_reported;
};

/* Causes of log lines about a process; each is logged once */
enum cause {
	CAUSE_INVALID,
	CAUSE_SIZE,
	CAUSE_TYPE,
	CAUSE_ADDRESSES,
	CAUSE_FORGOTTEN,
	CAUSE_CLIENTS,
	CAUSE_ANSWER,
	CAUSE_UNREAD,
	CAUSE_RESTART,
};

/**
 * identity_get() - identify the process that has connected
 * @identity: filled in
 * @bridge: the bridge
 * @fd: the socket
 *
 * When the process ends, bridge->process_ended() is called. The identity is late if
 * the process is older than the listening socket, has reported through another
 * connection before, has an ancestor that reported before it was forked, or has an
 * unknown start time.
 *
 * Return: 0, or -1 with errno.
 */
int identity_get(struct identity *identity, struct bridge *bridge, int fd);

/**
 * identity_is_own_pid() - true if a message of the peer itself would claim this pid
 * @identity: the peer
 * @pid: pid from a message, as the peer's pid namespace has it; 0 if none
 */
bool identity_is_own_pid(const struct identity *identity, int32_t pid);

/**
 * identity_get_child() - identify a process that uses the socket of another
 * @identity: filled in; late, since a child inherits buffers
 * @parent: the peer
 * @pid: the pid that its messages claim
 *
 * If the pid is that of a child of the peer in our pid namespace and with the peer's
 * user, the identity is the child's; else the peer's with a claim.
 */
void identity_get_child(struct identity *identity,
			const struct identity *parent, int32_t pid);

/* identity_copy() - another user of the same identity */
void identity_copy(struct identity *identity, const struct identity *from);

/* identity_put() - a user of the identity has ended */
void identity_put(struct identity *identity);

/**
 * identity_log() - log something about a process, unless it was logged before
 * @identity: the process
 * @bridge: the bridge
 * @cause: why
 * @format: the text after "process 12 (python3): "
 */
void identity_log(const struct identity *identity, struct bridge *bridge,
		  enum cause cause, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* identity_note_lost() - an alloc of the process was lost, on any connection */
void identity_note_lost(struct identity *identity);
bool identity_has_lost(const struct identity *identity);

/* identity_note_refused() - likewise, of a connection that is refused */
void identity_note_refused(struct bridge *bridge, int fd);

/* identity_members() - what the process reports through, on all connections */
struct member **identity_members(const struct identity *identity);

/* identity_has_ended() - true if the process has ended */
bool identity_has_ended(const struct identity *identity);

/* identity_note_report() - it reports; later connections of the process are late */
void identity_note_report(struct identity *identity);

/* identity_text() - "python3", or "python3 (says pid 7)" if it claims another pid */
void identity_text(const struct identity *identity,
		   char text[BUFTRACK_CLAIMED_NAME_SIZE]);

void processes_free(struct bridge *bridge);

/* --- client.c: the kernel's client for a connection on a device
 *
 * A client is opened by the first report and closed with the connection. Errors of
 * the kernel do not reach the program: reports that fail are counted, and reported
 * as lost when the kernel accepts that.
 */

/**
 * struct client - a client of the kernel
 * @next: next client of the connection
 * @id: device number of the program
 * @user: the user whose share it has a place of, NULL if none
 * @device: the device, NULL if it could not be opened yet
 * @file: the open node; NULL if none
 * @number: number of the client
 * @kept: number of the client in the descriptor store, 0 if none
 * @claimed: pid of the process that uses the peer's socket, 0 for the peer itself
 * @was_open: an earlier client was closed, so the next one is late
 * @has_gap: reports were lost
 * @lost: lost reports that the kernel does not know of
 * @retry: time before which it is not opened again, by the event loop's clock
 */
struct client {
	struct client *next;
	int32_t id;
	struct user *user;
	struct device *device;
	struct buftrack_device *file;
	uint64_t number;
	uint64_t kept;
	int32_t claimed;
	bool was_open;
	bool has_gap;
	uint64_t lost;
	uint64_t retry;
};

/**
 * client_report() - queue a report
 * @client: the client
 * @bridge: the bridge
 * @identity: the peer
 * @space: space of the report
 * @report: the report without its space
 *
 * Return: 0, or -1 if the report is lost already.
 */
int client_report(struct client *client, struct bridge *bridge,
		  const struct identity *identity, enum space space,
		  struct buftrack_report *report);

/* client_lose() - count a lost report */
void client_lose(struct client *client, struct bridge *bridge,
		 const struct identity *identity);

/* client_flush() - submit the pending reports */
void client_flush(struct client *client);

/* client_close() - submit the pending reports and end the client */
void client_close(struct client *client);

/**
 * client_lose_refused() - count lost reports that no client was opened for
 * @user: the user who made them
 * @id: device number of the program
 * @count: number of reports
 */
void client_lose_refused(struct user *user, int32_t id, uint64_t count);

/* refusals_free() - end the clients that count lost reports of a user, or of all */
void refusals_free(struct client **refusals);

/* --- fdstore.c: connections kept across a restart
 *
 * systemd's file descriptor store holds each connection's socket, the files of its
 * clients, and a page with the position in the stream. If the bridge ends for
 * whatever reason, programs stay connected and clients stay open, and the next
 * bridge resumes. It learns addresses from the kernel's records, and those with several
 * references from counts that follow the page.
 *
 * Names in the store: SERIAL.socket, SERIAL.state, and SERIAL.DEVICE.CLIENT.PID for
 * each client; PID is 0 for the peer itself.
 */

#define FDSTORE_VERSION 2

/**
 * struct fdstore_page - state of a kept connection
 * @version: FDSTORE_VERSION
 * @is_busy: input was read and not reported yet, so the position is unknown
 * @is_incomplete: a count of references could not be kept
 * @is_late: from struct identity
 * @claimed: from struct identity
 * @size: from struct framing
 * @is_early: from struct framing
 * @nr_held: from struct framing
 * @held: from struct framing
 */
struct fdstore_page {
	uint32_t version;
	uint32_t is_busy;
	uint32_t is_incomplete;
	uint32_t is_late;
	int32_t claimed;
	uint32_t size;
	uint32_t is_early;
	uint32_t nr_held;
	uint8_t held[FRAMING_MAX];
};

/**
 * struct fdstore_slot - a connection in the store
 * @serial: its number in the store, 0 if it is not kept
 * @page: its state
 * @fd: memfd of the page and the counts
 * @nr_counts: number of places for counts
 * @unused: an unused place, which has the number of the next; 0 if none
 */
struct fdstore_slot {
	uint64_t serial;
	struct fdstore_page *page;
	int fd;
	uint32_t nr_counts;
	uint32_t unused;
};

/**
 * struct fdstore_file - a file from the store
 * @serial: number of its connection
 * @kind: what it is
 * @device: device number of the client
 * @client: number of the client
 * @claimed: from struct client
 * @fd: the file
 */
struct fdstore_file {
	uint64_t serial;
	enum { FDSTORE_SOCKET, FDSTORE_STATE, FDSTORE_CLIENT } kind;
	int device;
	uint64_t client;
	int32_t claimed;
	int fd;
};

/**
 * struct fdstore_connection - a connection from the store
 * @slot: its place in the store
 * @socket: its socket
 * @clients: files of its clients
 * @nr_clients: number of clients, at least 1
 */
struct fdstore_connection {
	struct fdstore_slot slot;
	int socket;
	const struct fdstore_file *clients;
	unsigned int nr_clients;
};

/* fdstore_mark_busy() - input is about to be read */
void fdstore_mark_busy(struct fdstore_slot *slot);

/* fdstore_save() - save the position: all input is reported or held */
void fdstore_save(struct fdstore_slot *slot, const struct framing *framing);

/**
 * fdstore_keep_client() - keep an open client, and with the first its connection
 * @slot: the connection's place
 * @bridge: the bridge
 * @socket: the connection's socket
 * @identity: the peer
 * @client: the client
 */
void fdstore_keep_client(struct fdstore_slot *slot, struct bridge *bridge,
			 int socket, const struct identity *identity,
			 struct client *client);

/* fdstore_drop_client() - remove a client that ends */
void fdstore_drop_client(struct fdstore_slot *slot, const struct bridge *bridge,
			 struct client *client);

/* fdstore_drop() - remove a connection that ends */
void fdstore_drop(struct fdstore_slot *slot, const struct bridge *bridge,
		  int socket);

/**
 * fdstore_restore() - take over the previous bridge's connections
 * @bridge: the bridge
 * @fds: files from systemd
 * @names: their names
 * @nr: number of files
 * @restore: called for each connection; owns the socket, and on success the clients
 *	     and the slot. Returns 0, or -1 if there is no such connection
 */
void fdstore_restore(struct bridge *bridge, const int *fds, char *const *names,
		     unsigned int nr,
		     int (*restore)(struct bridge *bridge,
				    const struct fdstore_connection *kept));

/**
 * fdstore_keep_count() - keep the references of an address, for addresses_watch()
 * @slot: the connection's place
 * @claimed: process of the count, from struct client
 * @place: where the count was kept before, or 0
 * @count: the count; one of 0 needs no place
 *
 * Return: where it is kept, 0 if it is not.
 */
uint32_t fdstore_keep_count(struct fdstore_slot *slot, int32_t claimed,
			    uint32_t place, const struct address_count *count);

/**
 * fdstore_restore_counts() - take over the counts of a restored connection
 * @slot: the connection's place
 * @restore: called for each; keeps it again. Returns 0 or -1
 * @context: passed to @restore
 *
 * Return: 0, or -1 if some are missing.
 */
int fdstore_restore_counts(struct fdstore_slot *slot,
			   int (*restore)(void *context, int32_t claimed,
					  const struct address_count *count),
			   void *context);

/**
 * fdstore_relearn() - learn a restored client's addresses from the kernel's records
 * @addresses: receives the addresses
 * @client: the client
 *
 * Return: 0, or -1 if some could not be learned.
 */
int fdstore_relearn(struct addresses *addresses, const struct client *client);

/* --- query.c: answers and dumps, from the kernel's counters and records */

/* query_allocated() - fill in the live bytes of a device */
void query_allocated(struct bridge *bridge, struct wire_answer *answer);

/* query_device() - fill in the properties of a device, or the number of devices */
void query_device(struct bridge *bridge, struct wire_answer *answer);

/**
 * query_dump() - print live buffers, and those that remained after their clients
 * ended
 * @bridge: the bridge
 * @kernels_only: only the space KERNEL
 */
void query_dump(struct bridge *bridge, bool kernels_only);

/* --- echo.c: lines of the original server on standard output, for --verbose */

/* echo_alloc() - an alloc that left this number of references */
void echo_alloc(const struct bridge *bridge, const struct wire_message *message,
		enum space space, uint32_t references);

/* echo_free() - a free; allocs and frees in CB and KERNEL print nothing */
void echo_free(const struct bridge *bridge, const struct wire_message *message,
	       const struct address_free *what);

/* --- session.c: requests of a peer */

/**
 * struct member - a process that reports through a connection
 * @next: next member of the session
 * @peer_prev: previous member of the process
 * @peer_next: next member of the process
 * @session: the session
 * @identity: the process
 * @claimed: pid in its messages, 0 for the peer itself
 * @clients: its clients, latest used first
 * @addresses: its addresses, NULL if none yet
 *
 * Beside the peer, which has connected, its children may use the socket.
 */
struct member {
	struct member *next;
	struct member *peer_prev;
	struct member *peer_next;
	struct session *session;
	struct identity identity;
	int32_t claimed;
	struct client *clients;
	struct addresses *addresses;
};

/**
 * struct session - the requests and reports of a peer
 * @bridge: the bridge
 * @user: the user who connected
 * @fd: the socket
 * @is_refused: the user's share has no room: reports count as lost
 * @device: latest device of a report that was refused, -1 if none
 * @has_lost: its process was told that its reports were lost
 * @identity: the peer
 * @members: the processes that report, latest used first
 * @nr_members: their number
 * @slot: its place in the descriptor store
 * @output: answers that it has not read
 */
struct session {
	struct bridge *bridge;
	struct user *user;
	int fd;
	bool is_refused;
	int32_t device;
	bool has_lost;
	struct identity identity;
	struct member *members;
	unsigned int nr_members;
	struct fdstore_slot slot;
	struct output output;
};

/**
 * session_handle() - handle a message
 * @session: the session
 * @bytes: the message
 * @size: size of its messages, and of the answer
 *
 * Return: 0, or -1 if the connection must end.
 */
int session_handle(struct session *session, const uint8_t *bytes, size_t size);

/* session_lose() - count a lost report; its first @length bytes are known */
void session_lose(struct session *session, const uint8_t *bytes, size_t length);

/* session_flush() - submit the pending reports */
void session_flush(struct session *session);

/* session_close_clients() - end all clients and drop their addresses */
void session_close_clients(struct session *session);

/* session_has_process() - true if a process is the peer or reports through it */
bool session_has_process(const struct session *session,
			 const struct process *process);

/* session_end_process() - end the clients of a process that has ended */
void session_end_process(struct session *session,
			 const struct process *process);

/* session_restore() - resume a kept session; false if a client cannot resume */
bool session_restore(struct session *session,
		     const struct fdstore_connection *kept);

/* --- connection.c: a peer's socket in the event loop */

/**
 * connection_new() - serve an accepted socket
 * @bridge: the bridge
 * @fd: the socket
 *
 * If the share of its user has no room, it is refused: it gets its answers and its
 * reports count as lost until there is room. Without room even for that, it is closed.
 *
 * Return: 0, or -1 with the socket closed.
 */
int connection_new(struct bridge *bridge, int fd);

/* connection_restore() - resume a kept connection; for fdstore_restore() */
int connection_restore(struct bridge *bridge,
		       const struct fdstore_connection *kept);

/* connections_start() - begin to give turns; 0 or a negative errno */
int connections_start(struct bridge *bridge);

/* connections_end_process() - end the connections of a process that has ended */
void connections_end_process(struct bridge *bridge,
			     const struct process *process);

void connections_free(struct bridge *bridge);

#endif /* BUFTRACK_BRIDGE_INTERNAL_H */
