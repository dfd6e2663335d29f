/* SPDX-License-Identifier: GPL-2.0 */
/* Processes, threads, users and files for tests */
#ifndef HELPER_H
#define HELPER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <linux/types.h>

/* Unprivileged users */
#define ALICE 1001
#define BOB 1002

#define PARAMETER_DIR "/sys/module/buftrack/parameters"

/* First argument of this program when a test runs it as a helper process */
#define HELPER_ARGUMENT "--helper"
int helper_main(int argc, char **argv);

void read_file(const char *path, char *text, size_t size);
void write_file(const char *path, const char *text);
void get_parameter(const char *name, char *value, size_t size);
void set_parameter(const char *name, const char *value);

/* Processes: run() is called in a child, where a failed check fails the test */
pid_t start(void (*run)(void *arg), void *arg);
void finish(pid_t pid);
void end(pid_t pid, int signal);
void in_child(void (*run)(void *arg), void *arg);
void in_child_as(uid_t uid, void (*run)(void *arg), void *arg);
void become_user(uid_t uid);
void drop_admin(void);

pthread_t start_thread(void *(*run)(void *arg), void *arg);
void finish_thread(pthread_t thread);

/* Binds this process and its future children to one processor */
void pin_to_one_cpu(void);

/* Interrupts this process with a handled signal, once a millisecond */
void signal_every_ms(void);

/* Memory shared with child processes */
void *shared_memory(size_t size);

/* A point that one process reaches and another one waits for */
struct checkpoint {
	int fd;
};

void checkpoint_init(struct checkpoint *point);
void checkpoint_reach(struct checkpoint *point);
void checkpoint_wait(struct checkpoint *point);

void send_file(int socket, int fd);
int receive_file(int socket);

/* Time limit of a wait: far more than the slowest machine needs, less than a hang */
#define WAIT_SECONDS 240

/* Waits until a condition is true, and does not evaluate it again */
#define WAIT_UNTIL(_condition)                                             \
	do {                                                               \
		__u64 deadline_ = now_ns() + WAIT_SECONDS * 1000000000ULL; \
                                                                           \
		while (!(_condition)) {                                    \
			if (now_ns() > deadline_)                          \
				test_failed(__FILE__, __LINE__,            \
					    "%s: false for %d seconds",    \
					    #_condition, WAIT_SECONDS);    \
			usleep(1000);                                      \
		}                                                          \
	} while (0)

__u64 now_ns(void);

/* Returns a value of /proc/meminfo, such as "SUnreclaim:" */
__u64 meminfo_kb(const char *name);

/* Waits until /proc shows a process in this state, such as 'S' for sleeping */
void wait_for_state(pid_t pid, char state);

/* A kernel with KASAN, lockdep and kmemleak: slow, and it uses more memory */
bool is_debug_kernel(void);

#endif /* HELPER_H */
