/*
 * The pcapng writer.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/pcapng.h"

#include <errno.h>
#include <gio/gio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    BLOCK_SHB = 0x0a0d0d0a,
    BLOCK_IDB = 1,
    BLOCK_EPB = 6,
    BYTE_ORDER_MAGIC = 0x1a2b3c4d,
    LINKTYPE_ETHERNET = 1,
    OPT_IF_NAME = 2,
    OPT_IF_TSRESOL = 9,
    OPT_EPB_FLAGS = 2,
    TSRESOL_NANOSECONDS = 9,
};

struct Pcapng {
    FILE *file;
    char *path;
    int failed;             /* errno of the first block that was lost, or 0 */
    GByteArray *block;
};

static void put32(Pcapng *p, uint32_t v)
{
    g_byte_array_append(p->block, (const guint8 *)&v, 4);
}

static void put16(Pcapng *p, uint16_t v)
{
    g_byte_array_append(p->block, (const guint8 *)&v, 2);
}

/* Bytes, padded to 32 bits. */
static void put_padded(Pcapng *p, const void *data, size_t len)
{
    static const guint8 zero[4];

    g_byte_array_append(p->block, data, len);
    g_byte_array_append(p->block, zero, -len & 3);
}

static void put_option(Pcapng *p, uint16_t code, const void *data,
                       uint16_t len)
{
    put16(p, code);
    put16(p, len);
    put_padded(p, data, len);
}

static void block_begin(Pcapng *p, uint32_t type)
{
    g_byte_array_set_size(p->block, 0);
    put32(p, type);
    put32(p, 0);
}

static void block_end(Pcapng *p)
{
    uint32_t total = p->block->len + 4;

    put32(p, total);
    memcpy(p->block->data + 4, &total, 4);
    if (fwrite(p->block->data, 1, p->block->len, p->file) != p->block->len &&
        !p->failed) {
        p->failed = errno;
    }
}

static void set_error(const Pcapng *p, GError **error)
{
    g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "%s: %s",
                p->path, g_strerror(errno));
}

/* @file is taken; NULL with errno: it could not be opened. */
static Pcapng *pcapng_new(FILE *file, const char *path, const char *interface,
                          GError **error)
{
    const uint8_t resolution = TSRESOL_NANOSECONDS;
    Pcapng *p;

    if (!file) {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno),
                    "%s: %s", path, g_strerror(errno));
        return NULL;
    }
    p = g_new0(Pcapng, 1);
    p->file = file;
    p->path = g_strdup(path);
    p->block = g_byte_array_new();

    block_begin(p, BLOCK_SHB);
    put32(p, BYTE_ORDER_MAGIC);
    put16(p, 1);
    put16(p, 0);
    put32(p, UINT32_MAX);       /* section length unknown: -1 in 64 bits */
    put32(p, UINT32_MAX);
    block_end(p);

    block_begin(p, BLOCK_IDB);
    put16(p, LINKTYPE_ETHERNET);
    put16(p, 0);
    put32(p, 0);                /* no snap length */
    put_option(p, OPT_IF_NAME, interface, strlen(interface));
    put_option(p, OPT_IF_TSRESOL, &resolution, 1);
    put32(p, 0);
    block_end(p);
    if (fflush(p->file) != 0) {
        set_error(p, error);
        pcapng_close(p, NULL);
        return NULL;
    }
    return p;
}

Pcapng *pcapng_open(const char *path, const char *interface, GError **error)
{
    return pcapng_new(fopen(path, "wbe"), path, interface, error);
}

Pcapng *pcapng_open_fd(int fd, const char *path, const char *interface,
                       GError **error)
{
    FILE *file = fdopen(fd, "wb");
    int saved = errno;

    if (!file) {
        close(fd);
        errno = saved;
    }
    return pcapng_new(file, path, interface, error);
}

void pcapng_write(Pcapng *p, PcapngDirection direction, const void *frame,
                  size_t len)
{
    uint32_t flags = direction;
    struct timespec ts;
    uint64_t ns;

    clock_gettime(CLOCK_REALTIME, &ts);
    ns = ts.tv_sec * G_GUINT64_CONSTANT(1000000000) + ts.tv_nsec;
    block_begin(p, BLOCK_EPB);
    put32(p, 0);
    put32(p, ns >> 32);
    put32(p, ns);
    put32(p, len);
    put32(p, len);
    put_padded(p, frame, len);
    put_option(p, OPT_EPB_FLAGS, &flags, 4);
    put32(p, 0);
    block_end(p);
}

bool pcapng_close(Pcapng *p, GError **error)
{
    bool closed = fclose(p->file) == 0;

    errno = p->failed ? p->failed : errno;
    if (p->failed || !closed) {
        set_error(p, error);
        closed = false;
    }
    g_byte_array_unref(p->block);
    g_free(p->path);
    g_free(p);
    return closed;
}
