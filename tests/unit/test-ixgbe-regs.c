/*
 * The register table: access classes, arrays, aliases, partial accesses,
 * reset kinds, saved state.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "ixgbe/regs.h"

typedef struct Owner {
    unsigned index;
    uint32_t value;
    unsigned writes;
} Owner;

static uint32_t read_hook(void *owner, unsigned index, uint32_t stored)
{
    return stored + index;
}

static void write_hook(void *owner, unsigned index, uint32_t value,
                       uint32_t *stored)
{
    Owner *o = owner;

    o->index = index;
    o->value = value;
    o->writes++;
    *stored &= ~1u;
}

static const IxgbeReg rows[] = {
    { "PLAIN", 0x0, .reset = 0x12345678, .wmask = 0xffff0000 },
    { "FIXED", 0x4, .access = IXGBE_REG_RO, .reset = 7 },
    { "CLEARS", 0x8, .access = IXGBE_REG_RC },
    { "ONES", 0xc, .access = IXGBE_REG_W1C, .reset = 0xff },
    { "QUEUE", 0x40, 2, 0x40, .read = read_hook, .write = write_hook },
    { "QUEUE", 0x100, 2, 0x40, 2, .read = read_hook, .write = write_hook },
    { "QUEUE_OLD", 0x20, 2, 4, .alias = "QUEUE" },
    { "KEPT", 0x10, .keep = IXGBE_RESET_FLR },
};

typedef struct Fixture {
    IxgbeRegMap *map;
    IxgbeRegs regs;
    Owner owner;
} Fixture;

static void setup(Fixture *f, gconstpointer data)
{
    f->map = ixgbe_regmap_new("test", rows, G_N_ELEMENTS(rows), 0x200);
    ixgbe_regs_init(&f->regs, f->map, &f->owner);
}

static void teardown(Fixture *f, gconstpointer data)
{
    ixgbe_regs_clear(&f->regs);
    ixgbe_regmap_free(f->map);
}

static void test_access(Fixture *f, gconstpointer data)
{
    IxgbeRegs *r = &f->regs;

    ixgbe_regs_write(r, 0x0, 0xabcdabcd, 4);
    g_assert_cmphex(ixgbe_regs_read(r, 0x0, 4), ==, 0xabcd5678);
    ixgbe_regs_write(r, 0x4, 0, 4);
    g_assert_cmphex(ixgbe_regs_read(r, 0x4, 4), ==, 7);
    *ixgbe_regs_at(r, 0x8) = 9;
    g_assert_cmphex(ixgbe_regs_read(r, 0x8, 4), ==, 9);
    g_assert_cmphex(ixgbe_regs_read(r, 0x8, 4), ==, 0);
    ixgbe_regs_write(r, 0xc, 0x0f, 4);
    g_assert_cmphex(ixgbe_regs_read(r, 0xc, 4), ==, 0xf0);
}

static void test_partial(Fixture *f, gconstpointer data)
{
    IxgbeRegs *r = &f->regs;

    g_assert_cmphex(ixgbe_regs_read(r, 0x1, 1), ==, 0x56);
    g_assert_cmphex(ixgbe_regs_read(r, 0x2, 2), ==, 0x1234);
    g_assert_cmphex(ixgbe_regs_read(r, 0x0, 8), ==, 0x712345678);
    g_assert_cmphex(ixgbe_regs_read(r, 0x3, 4), ==, 0x712);
    ixgbe_regs_write(r, 0x2, 0, 2);
    ixgbe_regs_write(r, 0x1, 0, 4);
    g_assert_cmphex(ixgbe_regs_read(r, 0x0, 4), ==, 0x12345678);
    g_assert_cmphex(ixgbe_regs_read(r, 0x1fc, 8), ==, 0);
    g_assert_cmphex(ixgbe_regs_read(r, UINT64_MAX, 8), ==, 0);
    ixgbe_regs_write(r, UINT64_MAX - 3, 0, 8);
}

static void test_array_and_alias(Fixture *f, gconstpointer data)
{
    IxgbeRegs *r = &f->regs;

    ixgbe_regs_write(r, 0x140, 0x11, 4);
    g_assert_cmpuint(f->owner.index, ==, 3);
    g_assert_cmphex(f->owner.value, ==, 0x11);
    g_assert_cmphex(ixgbe_regs_read(r, 0x140, 4), ==, 0x10 + 3);
    ixgbe_regs_write(r, 0x24, 0x20, 4);
    g_assert_cmphex(ixgbe_regs_read(r, 0x80, 4), ==, 0x20 + 1);
    /* between two elements nothing decodes */
    f->owner.writes = 0;
    ixgbe_regs_write(r, 0x44, 1, 4);
    g_assert_cmpuint(f->owner.writes, ==, 0);
    g_assert_cmphex(ixgbe_regs_read(r, 0x44, 4), ==, 0);
}

static void test_reset(Fixture *f, gconstpointer data)
{
    IxgbeRegs *r = &f->regs;

    ixgbe_regs_write(r, 0x10, 5, 4);
    ixgbe_regs_write(r, 0x0, 0, 4);
    ixgbe_regs_reset(r, IXGBE_RESET_FLR);
    g_assert_cmphex(ixgbe_regs_read(r, 0x10, 4), ==, 5);
    g_assert_cmphex(ixgbe_regs_read(r, 0x0, 4), ==, 0x12345678);
    ixgbe_regs_reset(r, IXGBE_RESET_POWER);
    g_assert_cmphex(ixgbe_regs_read(r, 0x10, 4), ==, 0);
}

static void test_state(Fixture *f, gconstpointer data)
{
    IxgbeRegs *r = &f->regs;
    StateWriter w;
    StateReader in;

    ixgbe_regs_write(r, 0x0, 0x55550000, 4);
    ixgbe_regs_write(r, 0x140, 0x22, 4);
    state_writer_init(&w);
    ixgbe_regs_save(r, &w);
    g_autoptr(GBytes) bytes = state_writer_finish(&w);

    ixgbe_regs_reset(r, IXGBE_RESET_POWER);
    state_reader_init(&in, g_bytes_get_data(bytes, NULL),
                      g_bytes_get_size(bytes));
    g_assert_true(ixgbe_regs_load(r, &in));
    g_assert_cmphex(ixgbe_regs_read(r, 0x0, 4), ==, 0x55555678);
    g_assert_cmphex(ixgbe_regs_read(r, 0x140, 4), ==, 0x22 + 3);
    state_reader_clear(&in);

    state_reader_init(&in, g_bytes_get_data(bytes, NULL),
                      g_bytes_get_size(bytes) - 1);
    g_assert_false(ixgbe_regs_load(r, &in));
    state_reader_clear(&in);
}

static void test_page(Fixture *f, gconstpointer data)
{
    g_autofree char *page = ixgbe_regmap_markdown(f->map, "Test");

    g_assert_nonnull(strstr(page, "| QUEUE[2..3] | 0x0100 + 0x40 n | RW |"));
}

#define TEST(name, fn) \
    g_test_add("/ixgbe/regs/" name, Fixture, NULL, setup, fn, teardown)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST("access", test_access);
    TEST("partial", test_partial);
    TEST("array-and-alias", test_array_and_alias);
    TEST("reset", test_reset);
    TEST("state", test_state);
    TEST("page", test_page);
    return g_test_run();
}
