/*
 * Background processes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int ready_fd = -1;

/* Waits for the child's word; never returns. */
static void G_GNUC_NORETURN parent_wait(int fd)
{
    g_autoptr(GString) text = g_string_new(NULL);
    char buf[512];
    ssize_t n;

    while ((n = read(fd, buf, sizeof(buf))) > 0 || (n < 0 && errno == EINTR)) {
        if (n > 0) {
            g_string_append_len(text, buf, n);
        }
    }
    if (g_str_equal(text->str, "ready")) {
        _exit(0);
    }
    fprintf(stderr, "iovlab: %s\n", text->len ? text->str :
            "the process ended before it was ready; see its log");
    _exit(2);
}

bool daemon_start(const char *log, GError **error)
{
    int fds[2];
    int out, null;
    pid_t pid;

    out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (out < 0 || pipe2(fds, O_CLOEXEC) != 0) {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno),
                    "%s: %s", log, g_strerror(errno));
        if (out >= 0) {
            close(out);
        }
        return false;
    }
    fflush(NULL);
    pid = fork();
    if (pid < 0) {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno),
                    "fork: %s", g_strerror(errno));
        close(out);
        close(fds[0]);
        close(fds[1]);
        return false;
    }
    if (pid > 0) {
        close(fds[1]);
        parent_wait(fds[0]);
    }
    close(fds[0]);
    ready_fd = fds[1];
    setsid();
    null = open("/dev/null", O_RDWR);
    dup2(null, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    close(null);
    close(out);
    return true;
}

static void tell(const char *text)
{
    if (ready_fd >= 0) {
        if (write(ready_fd, text, strlen(text)) < 0) {
            /* The starter is gone: nobody to tell. */
        }
        close(ready_fd);
        ready_fd = -1;
    }
}

void daemon_ready(void)
{
    tell("ready");
}

void daemon_failed(const char *fmt, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    fprintf(stderr, "iovlab: %s\n", text);
    tell(text);
    exit(2);
}

void daemon_log(const char *fmt, ...)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *stamp = g_date_time_format(now, "%H:%M:%S");
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    fprintf(stderr, "%s.%03d %s\n", stamp,
            g_date_time_get_microsecond(now) / 1000, text);
}
