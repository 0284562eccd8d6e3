/*
 * Reads a register of one device on all processors but the first, which
 * meanwhile closes and opens the memory window of a bridge to other devices:
 * what the register says must not depend on that.
 *
 *     iovlab-map BRIDGE-CONFIG RESOURCE OFFSET TIMES
 *
 * Both files are sysfs's.  Prints how often each was done and how many reads
 * were wrong.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PCI_COMMAND 4
#define PCI_COMMAND_MEMORY 2
#define PAGE 4096
/* Between two accesses: up to this many steps, so that the processors meet in
 * every phase of a change. */
#define PAUSE 128

static volatile uint32_t *reg;
static uint32_t expected;
static atomic_bool done;
static atomic_ulong reads, wrong;

static int failed(const char *what)
{
    fprintf(stderr, "iovlab-map: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void run_on(int cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof(set), &set)) {
        failed("processor");
    }
}

static void pause_for(unsigned *seed)
{
    for (volatile int left = rand_r(seed) % PAUSE; left > 0; left--) {
    }
}

static void *reader(void *argument)
{
    int cpu = (intptr_t)argument;
    unsigned seed = cpu;

    run_on(cpu);
    while (!done) {
        uint32_t value = *reg;

        reads++;
        if (value != expected && !wrong++) {
            printf("read %x, not %x\n", value, expected);
        }
        pause_for(&seed);
    }
    return NULL;
}

static void set_command(int config, uint16_t command, unsigned *seed)
{
    if (pwrite(config, &command, sizeof(command), PCI_COMMAND) !=
        sizeof(command)) {
        failed("command register");
    }
    pause_for(seed);
}

int main(int argc, char **argv)
{
    int cpus = sysconf(_SC_NPROCESSORS_ONLN), config, resource;
    unsigned seed = 0;
    unsigned long times;
    uint16_t command;
    pthread_t *threads;
    void *bar;

    if (argc != 5 || cpus < 2) {
        fprintf(stderr, "usage: iovlab-map BRIDGE-CONFIG RESOURCE OFFSET "
                "TIMES, with two processors or more\n");
        return 2;
    }
    config = open(argv[1], O_RDWR);
    resource = open(argv[2], O_RDWR);
    bar = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, resource, 0);
    if (config < 0 || bar == MAP_FAILED ||
        pread(config, &command, sizeof(command), PCI_COMMAND) < 0) {
        failed(config < 0 ? argv[1] : argv[2]);
    }
    reg = (void *)((char *)bar + strtoul(argv[3], NULL, 0) % PAGE);
    times = strtoul(argv[4], NULL, 0);
    expected = *reg;
    run_on(0);
    threads = calloc(cpus, sizeof(*threads));
    for (int cpu = 1; cpu < cpus; cpu++) {
        if (pthread_create(&threads[cpu], NULL, reader,
                           (void *)(intptr_t)cpu)) {
            failed("thread");
        }
    }
    for (unsigned long i = 0; i < times; i++) {
        set_command(config, command & ~PCI_COMMAND_MEMORY, &seed);
        set_command(config, command | PCI_COMMAND_MEMORY, &seed);
    }
    done = true;
    for (int cpu = 1; cpu < cpus; cpu++) {
        pthread_join(threads[cpu], NULL);
    }
    printf("%lu changes, %lu reads, %lu wrong\n", 2 * times, reads, wrong);
    return wrong != 0;
}
