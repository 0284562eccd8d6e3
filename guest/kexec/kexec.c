/*
 * Loads a kernel that the running one then boots, without firmware between:
 * for tests of what devices go through then.
 *
 *     iovlab-kexec [--crash] KERNEL INITRD COMMAND-LINE
 *
 * Without --crash the kernel is booted at once; with it, when the running one
 * panics.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_file(const char *path)
{
    int fd = open(path, O_RDONLY);

    if (fd < 0) {
        fprintf(stderr, "iovlab-kexec: %s: %s\n", path, strerror(errno));
    }
    return fd;
}

int main(int argc, char **argv)
{
    unsigned long flags = 0;
    int kernel, initrd;

    if (argc > 1 && !strcmp(argv[1], "--crash")) {
        flags = KEXEC_FILE_ON_CRASH;
        argv++;
        argc--;
    }
    if (argc != 4) {
        fprintf(stderr, "Usage: iovlab-kexec [--crash] KERNEL INITRD "
                "COMMAND-LINE\n");
        return 2;
    }
    kernel = open_file(argv[1]);
    initrd = open_file(argv[2]);
    if (kernel < 0 || initrd < 0) {
        return 1;
    }
    if (syscall(SYS_kexec_file_load, kernel, initrd, strlen(argv[3]) + 1,
                argv[3], flags)) {
        fprintf(stderr, "iovlab-kexec: kexec_file_load: %s\n",
                strerror(errno));
        return 1;
    }
    if (!flags) {
        sync();
        syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
                LINUX_REBOOT_CMD_KEXEC, NULL);
        fprintf(stderr, "iovlab-kexec: reboot: %s\n", strerror(errno));
        return 1;
    }
    return 0;
}
