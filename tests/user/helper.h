/* SPDX-License-Identifier: GPL-2.0 */
/* Processes, threads, users and files for tests */
#ifndef HELPER_H
#define HELPER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <linux/types.h>

/* Users without rights */
#define ALICE 1001
#define BOB 1002

#define PARAMETER_DIR "/sys/module/buftrack/parameters"

/* The first argument of this program when a test runs it to do something */
#define HELPER_ARGUMENT "--helper"
int helper_main(int argc, char **argv);

void read_file(const char *path, char *text, size_t size);
void write_file(const char *path, const char *text);
void get_parameter(const char *name, char *value, size_t size);
void set_parameter(const char *name, const char *value);

/* Processes: @run with @arg in a child; a failed check there fails the test */
pid_t start(void (*run)(void *arg), void *arg);
void finish(pid_t pid);
void end(pid_t pid, int signal);
void in_child(void (*run)(void *arg), void *arg);
void in_child_as(uid_t uid, void (*run)(void *arg), void *arg);
void become_user(uid_t uid);
void drop_admin(void);

pthread_t start_thread(void *(*run)(void *arg), void *arg);
void finish_thread(pthread_t thread);

/* This process and those that it starts run on one processor, in turns */
void pin_to_one_cpu(void);

/* Memory that processes share */
void *shared_memory(size_t size);

/* A place in the work of one process that another one waits for */
struct checkpoint {
	int fd;
};

void checkpoint_init(struct checkpoint *post);
void checkpoint_reach(struct checkpoint *post);
void checkpoint_wait(struct checkpoint *post);

void send_file(int socket, int fd);
int receive_file(int socket);

/* Wait for what has to come in the end; checks that it does */
#define WAIT_UNTIL(_condition)                         \
	do {                                           \
		unsigned int ms_ = 0;                  \
                                                       \
		while (!(_condition) && ms_++ < 60000) \
			usleep(1000);                  \
		CHECK(_condition);                     \
	} while (0)

__u64 now_ns(void);

/* A kernel that looks at itself: slow, and its memory is not what it seems */
bool is_debug_kernel(void);

#endif /* HELPER_H */
