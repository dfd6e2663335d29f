// SPDX-License-Identifier: GPL-2.0
/*
 * cli-tty COMMAND: runs it with sh -c on a terminal and copies its output
 */
#include <err.h>
#include <pty.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const struct winsize size = { .ws_row = 24, .ws_col = 80 };
	char buffer[4096];
	ssize_t got;
	pid_t child;
	int fd, status;

	if (argc != 2)
		errx(2, "usage: cli-tty COMMAND");
	child = forkpty(&fd, NULL, NULL, &size);
	if (child < 0)
		err(1, "forkpty");
	if (!child) {
		setenv("TERM", "xterm", 1);
		execl("/bin/sh", "sh", "-c", argv[1], NULL);
		err(127, "sh");
	}
	/* Reading fails once the other side is closed. */
	while ((got = read(fd, buffer, sizeof(buffer))) > 0)
		if (write(STDOUT_FILENO, buffer, got) != got)
			err(1, "write");
	if (waitpid(child, &status, 0) < 0)
		err(1, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
