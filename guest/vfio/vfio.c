/*
 * Drives -device vtd-test-endpoint through VFIO, as a program with a device
 * of its own does: what it mapped is reached, what it did not, or no longer
 * does, is not; interrupts arrive.
 *
 *     iovlab-vfio GROUP ADDRESS [ROUNDS]
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "iommu/vtd-test-endpoint.h"

#define PAGES 16
#define PAGE 4096
#define IOVA 0x123400000ULL
#define LARGE (2UL << 20)

static volatile uint32_t *bar;

static int failed(const char *what)
{
    fprintf(stderr, "iovlab-vfio: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int wrong(const char *what, unsigned long value)
{
    fprintf(stderr, "iovlab-vfio: %s (0x%lx)\n", what, value);
    exit(1);
}

static uint32_t act(uint32_t command, uint64_t address, uint32_t length)
{
    bar[VTE_ADDRESS / 4] = address;
    bar[VTE_ADDRESS / 4 + 1] = address >> 32;
    bar[VTE_LENGTH / 4] = length;
    bar[VTE_COMMAND / 4] = command;
    return bar[VTE_STATUS / 4];
}

/* Container, group, device. */
static int open_device(const char *group_number, const char *address,
                       int *container)
{
    struct vfio_group_status status = { .argsz = sizeof(status) };
    char path[64];
    int group, device;

    snprintf(path, sizeof(path), "/dev/vfio/%s", group_number);
    *container = open("/dev/vfio/vfio", O_RDWR);
    group = open(path, O_RDWR);
    if (*container < 0 || group < 0) {
        failed(path);
    }
    if (ioctl(group, VFIO_GROUP_GET_STATUS, &status) ||
        !(status.flags & VFIO_GROUP_FLAGS_VIABLE)) {
        wrong("the group is not viable", status.flags);
    }
    if (ioctl(group, VFIO_GROUP_SET_CONTAINER, container) ||
        ioctl(*container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU)) {
        failed("VFIO_SET_IOMMU");
    }
    device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, address);
    if (device < 0) {
        failed("VFIO_GROUP_GET_DEVICE_FD");
    }
    return device;
}

static void map_bar(int device)
{
    struct vfio_region_info info = {
        .argsz = sizeof(info), .index = VFIO_PCI_BAR0_REGION_INDEX,
    };
    struct vfio_region_info config = {
        .argsz = sizeof(config), .index = VFIO_PCI_CONFIG_REGION_INDEX,
    };
    uint16_t command = 6;       /* memory, bus master */

    if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &info) ||
        ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &config) ||
        pwrite(device, &command, 2, config.offset + 4) != 2) {
        failed("VFIO_DEVICE_GET_REGION_INFO");
    }
    bar = mmap(NULL, info.size, PROT_READ | PROT_WRITE, MAP_SHARED, device,
               info.offset);
    if (bar == MAP_FAILED) {
        failed("mmap of BAR 0");
    }
    if (bar[VTE_ID / 4] != VTE_ID_VALUE) {
        wrong("this is no vtd-test-endpoint", bar[VTE_ID / 4]);
    }
}

static void map(int container, void *memory, uint64_t iova, size_t size,
                uint32_t flags)
{
    struct vfio_iommu_type1_dma_map m = {
        .argsz = sizeof(m), .flags = flags, .vaddr = (uintptr_t)memory,
        .iova = iova, .size = size,
    };

    if (ioctl(container, VFIO_IOMMU_MAP_DMA, &m)) {
        failed("VFIO_IOMMU_MAP_DMA");
    }
}

static void unmap(int container, uint64_t iova, size_t size)
{
    struct vfio_iommu_type1_dma_unmap m = {
        .argsz = sizeof(m), .iova = iova, .size = size,
    };

    if (ioctl(container, VFIO_IOMMU_UNMAP_DMA, &m)) {
        failed("VFIO_IOMMU_UNMAP_DMA");
    }
}

static void *memory_new(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

    if (memory == MAP_FAILED) {
        failed("mmap");
    }
    return memory;
}

/* Maps, writes every page by the device, unmaps, tries again. */
static void round_trip(int container, uint32_t *memory, unsigned round)
{
    const uint32_t rw = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE;
    uint32_t mark = 0x5a000000 + round;

    memset(memory, 0, PAGES * PAGE);
    map(container, memory, IOVA, PAGES * PAGE, rw);
    bar[VTE_BUFFER / 4] = mark;
    for (unsigned i = 0; i < PAGES; i++) {
        if (act(VTE_WRITE, IOVA + i * PAGE + 8, 4) != VTE_OK ||
            memory[i * PAGE / 4 + 2] != mark) {
            wrong("a mapped page was not written", i);
        }
    }
    memory[3] = ~mark;
    if (act(VTE_READ, IOVA + 12, 4) != VTE_OK ||
        bar[VTE_BUFFER / 4] != ~mark) {
        wrong("a mapped page was not read", bar[VTE_BUFFER / 4]);
    }
    if (act(VTE_WRITE, IOVA + PAGES * PAGE, 4) != VTE_BLOCKED) {
        wrong("the page behind the mapping was written", round);
    }
    unmap(container, IOVA, PAGES * PAGE);
    for (unsigned i = 0; i < PAGES; i++) {
        if (act(VTE_WRITE, IOVA + i * PAGE + 8, 4) != VTE_BLOCKED ||
            memory[i * PAGE / 4 + 2] != mark) {
            wrong("an unmapped page was written", i);
        }
    }
    map(container, memory, IOVA, PAGE, VFIO_DMA_MAP_FLAG_READ);
    if (act(VTE_READ, IOVA, 4) != VTE_OK ||
        act(VTE_WRITE, IOVA + 8, 4) != VTE_BLOCKED) {
        wrong("a read-only page", bar[VTE_STATUS / 4]);
    }
    unmap(container, IOVA, PAGE);
}

/* A large mapping, of which a page is reached at each end. */
static void large(int container)
{
    char *memory = memory_new(2 * LARGE);
    size_t size = LARGE;
    char *start = (char *)(((uintptr_t)memory + LARGE - 1) & ~(LARGE - 1));

    map(container, start, IOVA & ~(LARGE - 1), size,
        VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE);
    bar[VTE_BUFFER / 4] = 0x11223344;
    if (act(VTE_WRITE, IOVA & ~(LARGE - 1), 4) != VTE_OK ||
        act(VTE_WRITE, (IOVA & ~(LARGE - 1)) + size - 4, 4) != VTE_OK ||
        *(uint32_t *)start != 0x11223344 ||
        *(uint32_t *)(start + size - 4) != 0x11223344) {
        wrong("a large mapping", bar[VTE_STATUS / 4]);
    }
    unmap(container, IOVA & ~(LARGE - 1), size);
    munmap(memory, 2 * LARGE);
}

static void interrupts(int device)
{
    char raw[sizeof(struct vfio_irq_set) + sizeof(int32_t)];
    struct vfio_irq_set *set = (struct vfio_irq_set *)raw;
    int32_t fd = eventfd(0, EFD_CLOEXEC);

    *set = (struct vfio_irq_set) {
        .argsz = sizeof(raw),
        .flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
        .index = VFIO_PCI_MSI_IRQ_INDEX,
        .count = 1,
    };
    memcpy(set->data, &fd, sizeof(fd));
    if (fd < 0 || ioctl(device, VFIO_DEVICE_SET_IRQS, set)) {
        failed("VFIO_DEVICE_SET_IRQS");
    }
    for (unsigned i = 0; i < 20; i++) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        uint64_t count;

        bar[VTE_COMMAND / 4] = VTE_INTERRUPT;
        if (poll(&p, 1, 5000) != 1 || read(fd, &count, 8) != 8) {
            wrong("an interrupt did not arrive", i);
        }
    }
}

int main(int argc, char **argv)
{
    unsigned rounds = argc > 3 ? atoi(argv[3]) : 20;
    int container, device;
    uint32_t *memory;

    if (argc < 3) {
        fprintf(stderr, "Usage: iovlab-vfio GROUP ADDRESS [ROUNDS]\n");
        return 2;
    }
    device = open_device(argv[1], argv[2], &container);
    map_bar(device);
    memory = memory_new(PAGES * PAGE);
    for (unsigned i = 0; i < rounds; i++) {
        round_trip(container, memory, i);
    }
    large(container);
    interrupts(device);
    printf("iovlab-vfio: %u rounds, large page, interrupts: all well\n",
           rounds);
    return 0;
}
