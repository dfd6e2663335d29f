/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interfaces between the files of `buftrack run`
 *
 * The files, each using only those before it: session.c (the directory of the session
 * logs), child.c (the command), log.c (one session log), stacks.c (stacks of all
 * processes), sites.c (live bytes by site), refusal.c (allocations that failed),
 * recorder.c (the trace), judge.c (the reports and their verdicts), logs.c (all logs, in
 * the order of time), watch.c (processes without the hook), symbols.c (names of frames),
 * findings.c (what to tell), text.c, json.c and summary.c (the summary), run.c.
 */
#ifndef BUFTRACK_RUN_INTERNAL_H
#define BUFTRACK_RUN_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <uthash.h>

#include <libbuftrack.h>

#include "../hook/log.h"
#include "../offline/offline.h"
#include "run.h"

/* session.c */

/**
 * struct session - the directory of the session logs
 * @path: its path
 * @fd: the open directory
 */
struct session {
	char *path;
	int fd;
};

/* session_begin() - make the directory; returns 0, or an exit status after a message */
int session_begin(struct session *session);
void session_end(struct session *session);

/* child.c */

/**
 * struct child - the command
 * @pid: its pid; 0: it was not started
 * @signals: signalfd of the signals that run takes, SIGCHLD among them
 * @ended: it has ended
 * @status: its wait status, once it has ended
 * @began: when it was started, CLOCK_BOOTTIME in ns
 * @finished: when it ended
 */
struct child {
	pid_t pid;
	int signals;
	bool ended;
	int status;
	uint64_t began;
	uint64_t finished;
};

/**
 * child_start() - start the command with the hook
 * @child: set to the command
 * @options: the command, and what the hook shall do
 * @session: directory of the session logs
 *
 * Return: 0, or an exit status after a message: 127 if the command was not found, 126
 * if it cannot be executed.
 */
int child_start(struct child *child, const struct run_options *options,
		const struct session *session);

/* child_wait() - handle signals for at most @ms milliseconds, and the command's end */
void child_wait(struct child *child, int ms);

/* child_exit_status() - the status of the command as a shell would return it */
int child_exit_status(const struct child *child);

/* child_fini() - the signals act on run again */
void child_fini(struct child *child);

uint64_t boottime(void);

/* log.c */

#define LOG_COMM_SIZE 16

/**
 * struct log - a session log
 * @fd: the file, open for reading
 * @pid: of its process, in the pid namespace of the process
 * @comm: of its process when the log was created, printable
 * @slot: the first slot in @buffer
 * @time: time of the latest entry
 * @buffer: published entries
 * @nr: slots in @buffer
 * @at: next slot in @buffer
 * @lost: lost reports that were taken already
 * @new_lost: reports that were lost before the entries in @buffer were published
 * @lossy: not 0: a report may have been lost before each entry in @buffer
 * @consumed: slots whose memory was given back
 * @skipped: entries and slots that were skipped because nobody published them
 * @end: slots from this one on are not read
 * @ended: no process writes it
 * @damaged: it has an entry that no hook writes, and is not read further
 */
struct log {
	int fd;
	uint32_t pid;
	char comm[LOG_COMM_SIZE];
	uint64_t slot;
	uint64_t time;
	struct log_entry *buffer;
	size_t nr;
	size_t at;
	uint64_t lost;
	uint64_t new_lost;
	unsigned int lossy;
	uint64_t consumed;
	unsigned int skipped;
	uint64_t end;
	bool ended;
	bool damaged;
};

/**
 * struct log_item - an entry of a log
 * @entry: a checked copy: @op is known, @slots is in bounds
 * @payload: what follows the first slot
 * @length: bytes of @payload
 */
struct log_item {
	struct log_entry entry;
	const void *payload;
	size_t length;
};

/**
 * log_open() - open a session log
 * @log: set to the log
 * @directory: the directory
 * @name: name of the file
 *
 * Return: 0; 1 if it has no header yet; -1 if it is no log.
 */
int log_open(struct log *log, int directory, const char *name);
void log_close(struct log *log);

/**
 * log_peek() - look at the next entry
 * @log: the log
 * @until: clamp for the times of entries
 * @item: set to the entry
 *
 * Return: false if nothing more is published yet. The times of a log never decrease.
 */
bool log_peek(struct log *log, uint64_t until, struct log_item *item);

/* log_next() - go on to the entry after the one that log_peek() returned */
void log_next(struct log *log);

/**
 * log_take_lost() - tell whether reports may have been lost before the next entry
 * @log: the log
 * @lost: set to the number of those that were not taken yet
 *
 * Return: true if some may have been.
 */
bool log_take_lost(struct log *log, uint64_t *lost);

/* log_is_written() - true while a process may write to it */
bool log_is_written(const struct log *log);

/* log_stop() - do not read what is reserved after this call */
void log_stop(struct log *log);

/* log_drop_read() - give the memory of what was read back to the file system */
void log_drop_read(struct log *log);

/* log_text() - the text of an item, NUL-terminated in @text, printable */
void log_text(const struct log_item *item, size_t offset, char *text,
	      size_t size);

/* stacks.c */

/**
 * struct module_file - a file that was mapped for execution
 * @build_id: @build_id_size bytes
 * @path: printable
 */
struct module_file {
	const uint8_t *build_id;
	size_t build_id_size;
	const char *path;
};

/**
 * struct frame - a frame of a stack
 * @module: native code: its file; NULL: unknown
 * @offset: native code: offset in the file of the instruction after the call, or its
 *	    address where the file is unknown
 * @function: Python code: qualified name; NULL: native code
 * @file: Python code: its file
 * @line: Python code: 0: unknown
 */
struct frame {
	const struct module_file *module;
	uint64_t offset;
	const char *function;
	const char *file;
	unsigned int line;
};

/**
 * struct stack - a stack, from the innermost frame outwards
 * @id: number from 1
 * @nr: number of frames
 * @frames: the frames
 * @site: number of the stack that stands for it in sums
 * @truncated: the walk ended early
 * @no_python: the thread did not hold the lock of the interpreter
 */
struct stack {
	uint32_t id;
	uint32_t site;
	unsigned int nr;
	const struct frame *const *frames;
	bool truncated;
	bool no_python;
};

/*
 * Stacks of all processes: two stacks are the same if their frames are, whatever their
 * addresses. The memory is bounded; a stack beyond the bound gets number 0.
 */
struct stacks;
struct stacks *stacks_new(void);
void stacks_free(struct stacks *stacks);
const struct stack *stacks_get(const struct stacks *stacks, uint32_t id);

/*
 * stacks_site() - the stack that stands for a stack in sums: its Python frames if it has
 *		   any, since the frames of the runtime below them vary
 */
uint32_t stacks_site(const struct stacks *stacks, uint32_t id);

/* stacks_full() - true if stacks were left out */
bool stacks_full(const struct stacks *stacks);

/* What a log says about the memory and code of its process */
struct process_map;
struct process_map *process_map_new(struct stacks *stacks);
void process_map_free(struct process_map *map);

/* process_map_add() - take an entry: LOG_OP_STACK, LOG_OP_MODULE or LOG_OP_CODE */
void process_map_add(struct process_map *map, const struct log_item *item);

/* process_map_stack() - number in stacks of a stack of the log; 0: unknown */
uint32_t process_map_stack(const struct process_map *map, uint32_t stack);

/* sites.c */

/**
 * struct site_use - the live buffers of a site in a space
 * @hh: in its space, by @site
 * @site: the site; 0: unknown
 * @buffers: number of live buffers
 * @bytes: sum of their sizes
 * @peak_buffers: @buffers at the peak of the space of number @peak
 * @peak_bytes: @bytes then
 * @peak: number of the peak
 * @left_buffers: buffers that were live when their client ended
 * @left_bytes: sum of their sizes
 */
struct site_use {
	UT_hash_handle hh;
	uint32_t site;
	uint64_t buffers;
	uint64_t bytes;
	uint64_t peak_buffers;
	uint64_t peak_bytes;
	uint64_t peak;
	uint64_t left_buffers;
	uint64_t left_bytes;
};

/**
 * struct space_use - the live buffers of a space
 * @bytes: sum of their sizes
 * @peak_bytes: the highest @bytes so far
 * @peak_time: when that was reached
 * @peak: number of peaks so far
 * @sites: by site
 */
struct space_use {
	uint64_t bytes;
	uint64_t peak_bytes;
	uint64_t peak_time;
	uint64_t peak;
	struct site_use *sites;
};

void space_use_add(struct space_use *use, uint32_t site, uint64_t size,
		   uint64_t time);
void space_use_remove(struct space_use *use, uint32_t site, uint64_t size);

/* space_use_leave() - a buffer was live when its client ended: it remains */
void space_use_leave(struct space_use *use, uint32_t site, uint64_t size);
void space_use_free(struct space_use *use);

/**
 * struct site_sum - buffers of a site, for a table
 */
struct site_sum {
	uint32_t site;
	uint64_t buffers;
	uint64_t bytes;
};

/**
 * space_use_at_peak() - what was live at the peak, largest first
 * @use: the space
 * @nr: set to the number of sites
 *
 * Return: an array for free(), or NULL if there is nothing.
 */
struct site_sum *space_use_at_peak(const struct space_use *use, size_t *nr);

/* space_use_left() - likewise, what remained */
struct site_sum *space_use_left(const struct space_use *use, size_t *nr);

/* site_sums_sort() - largest first */
void site_sums_sort(struct site_sum *sums, size_t nr);

/**
 * struct holding - the live buffers of a client, to know the site of one that ends
 *
 * It follows the verdicts of the books.
 */
struct holding;

struct held {
	uint64_t id;
	uint64_t size;
	uint32_t site;
};

struct holding *holding_new(void);
void holding_free(struct holding *holding);
size_t holding_nr(const struct holding *holding);
void holding_add(struct holding *holding, unsigned int space, uint64_t address,
		 const struct held *held);

/**
 * holding_take() - take a buffer out
 * @holding: the buffers
 * @space: its space
 * @address: its address
 * @id: its id; 0: the latest at the address, or without @any_id the one with id 0
 * @any_id: an id of 0 is none
 * @held: set to the buffer
 *
 * Return: false if there is none.
 */
bool holding_take(struct holding *holding, unsigned int space, uint64_t address,
		  uint64_t id, bool any_id, struct held *held);

/* holding_take_any() - take some buffer out; false: there is none */
bool holding_take_any(struct holding *holding, unsigned int *space,
		      struct held *held);

/* judge.c */

/* A site in the books: the stack, and the thread */
#define SITE(stack, tid) ((uint64_t)(tid) << 32 | (stack))
#define SITE_STACK(site) ((uint32_t)(site))
#define SITE_TID(site) ((uint32_t)((site) >> 32))

/**
 * struct run_space - a space of a device
 * @name: its name
 * @use: its live buffers
 */
struct run_space {
	char name[BUFTRACK_SPACE_NAME_SIZE];
	struct space_use use;
};

/**
 * struct run_device - a device of the session
 * @next: the next device
 * @books: its books
 * @name: its name
 * @number: its number
 * @nr_spaces: number of spaces
 * @spaces: the spaces, by their number in the books
 * @bytes: sum of the live sizes
 * @peak_bytes: the highest @bytes so far
 * @peak_time: when that was reached
 */
struct run_device {
	struct run_device *next;
	struct offline_device *books;
	const char *name;
	unsigned int number;
	unsigned int nr_spaces;
	struct run_space spaces[BUFTRACK_MAX_SPACES];
	uint64_t bytes;
	uint64_t peak_bytes;
	uint64_t peak_time;
};

/**
 * struct problem_key - what the reports of one problem have in common
 * @verdict: the verdict
 * @device: number of the device
 * @space: number of the space
 * @site: site of the report
 * @allocated: site at which the target was allocated
 * @freed: site at which the target was freed
 * @hit: site at which the other live buffer was allocated
 */
struct problem_key {
	uint32_t verdict;
	uint32_t device;
	uint32_t space;
	uint32_t site;
	uint32_t allocated;
	uint32_t freed;
	uint32_t hit;
};

/**
 * struct problem - wrong reports of the same sites
 * @hh: among the problems, by @key
 * @key: what they have in common
 * @device: the device
 * @count: number of reports
 * @bytes: sum of the sizes of their targets
 * @flags: enum log_flag of the first of them
 * @first: the first of them, whose sites are SITE()
 */
struct problem {
	UT_hash_handle hh;
	struct problem_key key;
	const struct run_device *device;
	uint64_t count;
	uint64_t bytes;
	unsigned int flags;
	struct buftrack_event first;
};

/**
 * struct refusal - allocations of one site that failed for lack of memory
 * @next: the next refusal
 * @device: the device
 * @space: number of the space
 * @site: site of the allocation
 * @stack: its stack
 * @count: number of refused allocations; all that follows is about the first
 * @time: when it was refused
 * @size: its size
 * @span: bytes of address space that it needed; 0: unknown
 * @largest: bytes of the largest free piece, as the runtime says; 0: unknown
 * @message: what the runtime said
 * @pid: the process
 * @comm: its name
 * @live: what was live in the space, largest first, @nr_live sites
 * @nr_live: length of @live
 * @gap: the largest gap between two live buffers; its @end is 0 if there is none
 * @eviction: the cheapest run of neighbours that would have to go; its @end is 0 if
 *	      their extents are not known, or if all of them would not do
 */
struct refusal {
	struct refusal *next;
	const struct run_device *device;
	unsigned int space;
	uint32_t site;
	uint32_t stack;
	uint64_t count;
	uint64_t time;
	uint64_t size;
	uint64_t span;
	uint64_t largest;
	char message[256];
	uint32_t pid;
	char comm[LOG_COMM_SIZE];
	struct site_sum *live;
	size_t nr_live;
	struct refusal_gap {
		uint64_t start;
		uint64_t end;
		uint32_t below;
		uint32_t above;
	} gap;
	struct refusal_eviction {
		uint64_t start;
		uint64_t end;
		uint64_t buffers;
		uint64_t bytes;
		struct site_sum *sites;
		size_t nr_sites;
	} eviction;
};

/**
 * struct note - a line about what was not seen
 * @hh: among the notes, by @text
 * @count: number of processes that wrote it
 * @text: the line
 */
struct note {
	UT_hash_handle hh;
	uint64_t count;
	char text[];
};

/**
 * struct judge - the books of a session
 * @books: the devices
 * @stacks: the stacks
 * @devices: the devices, by number
 * @last: where to append the next one
 * @nr_devices: number of devices
 * @problems: wrong reports by site
 * @more_problems: wrong reports of sites beyond the bound on @problems
 * @swallowed: second frees that the runtime ignored, by site
 * @refusals: refused allocations by site, oldest first
 * @nr_refused: number of refused allocations
 * @recorder: gets each event; NULL: there is no trace
 * @nr_clients: number of clients so far
 * @notes: what was not seen, as the hooks and run itself say
 * @nr_processes: processes that reported
 * @nr_damaged: logs that a hook cannot have written
 * @nr_lost: reports that are known to be lost
 */
struct judge {
	struct offline *books;
	struct stacks *stacks;
	struct run_device *devices;
	struct run_device **last;
	unsigned int nr_devices;
	struct problem *problems;
	uint64_t more_problems;
	struct problem *swallowed;
	struct refusal *refusals;
	uint64_t nr_refused;
	struct recorder *recorder;
	uint64_t nr_clients;
	struct note *notes;
	unsigned int nr_processes;
	unsigned int nr_damaged;
	uint64_t nr_lost;
};

/* refusal_explain() - fill in what was live when an allocation was refused, and where */
void refusal_explain(struct refusal *refusal, const struct stacks *stacks);
void refusal_free(struct refusal *refusal);

void judge_begin(struct judge *judge);
void judge_end(struct judge *judge);

/* judge_note() - add a line to the notes, unless they have it */
void judge_note(struct judge *judge, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A process, as its log tells it */
struct process;
struct process *process_new(struct judge *judge, const struct log *log);

/* process_take() - take the next entry of its log */
void process_take(struct process *process, const struct log_item *item);

/* process_lost() - reports may have been lost before the next entry, @count at least */
void process_lost(struct process *process, uint64_t count, uint64_t time);

/* process_end() - close its clients, if it has ended, and free it */
void process_end(struct process *process, bool ended, uint64_t time);

/* logs.c */

/**
 * struct logs - the session logs
 * @session: their directory
 * @judge: takes their entries
 * @list: the logs, by name
 * @nr_running: once finished: processes that had not ended
 */
struct logs {
	const struct session *session;
	struct judge *judge;
	struct log_source *list;
	unsigned int nr_running;
};

/**
 * logs_drain() - find new logs, and judge what is published, in the order of time
 * @logs: the logs
 *
 * Return: true if it stopped early, after a bounded number of entries.
 */
bool logs_drain(struct logs *logs);

/* logs_finish() - judge the rest, and close the logs; the command has ended */
void logs_finish(struct logs *logs);

/* watch.c */

/**
 * struct watch - looks for processes of the command that the hook is not in
 * @judge: gets the notes
 * @command: pid of the command
 * @enabled: there is a hook
 * @due: when to look again
 * @round: number of looks so far
 * @processes: the processes below the command
 */
struct watch {
	struct judge *judge;
	pid_t command;
	bool enabled;
	uint64_t due;
	unsigned int round;
	struct watched *processes;
};

void watch_begin(struct watch *watch, struct judge *judge,
		 const struct child *child, const char *name);

/* watch_look() - look, if it is time */
void watch_look(struct watch *watch);
void watch_end(struct watch *watch);

/* symbols.c */

/**
 * struct symbol - a position in native code
 * @function: its name; NULL: unknown
 * @file: the source file; NULL: unknown
 * @line: the line; 0: unknown
 */
struct symbol {
	const char *function;
	const char *file;
	unsigned int line;
};

typedef void (*symbol_fn)(void *context, const struct symbol *symbol);

struct symbols;
struct symbols *symbols_new(void);
void symbols_free(struct symbols *symbols);

/**
 * symbols_resolve() - name a native frame
 * @symbols: the symbols
 * @frame: the frame
 * @take: called for each inlined call from the innermost one on, and for the function;
 *	  at least once
 * @context: first argument of @take
 */
void symbols_resolve(struct symbols *symbols, const struct frame *frame,
		     symbol_fn take, void *context);

/* findings.c, text.c, summary.c */

/**
 * struct summary - what there is to tell at the end
 * @options: the options
 * @judge: the books
 * @child: the command
 * @logs: the logs, finished
 * @condition: the condition of --fail-on holds
 * @symbols: names of native frames, while it is printed
 */
struct summary {
	const struct run_options *options;
	const struct judge *judge;
	const struct child *child;
	const struct logs *logs;
	bool condition;
	struct symbols *symbols;
};

/* summary_print() - returns 0, or an exit status after a message */
int summary_print(struct summary *summary);

#endif /* BUFTRACK_RUN_INTERNAL_H */
