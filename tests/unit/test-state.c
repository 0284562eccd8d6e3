/*
 * Saved state: what is written is read back, and a short or wrong stream gives
 * an error and zeroes, never a read past the end.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iovlab/state.h"

static void test_round_trip(void)
{
    StateWriter w;
    StateReader r;
    size_t len;
    const uint8_t *blob;

    state_writer_init(&w);
    state_put_section(&w, "TEST", 3);
    state_put_u8(&w, 0x12);
    state_put_u64(&w, 0x1122334455667788);
    state_put_blob(&w, "abc", 3);
    g_autoptr(GBytes) bytes = state_writer_finish(&w);

    state_reader_init(&r, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    g_assert_cmpint(state_get_section(&r, "TEST", 3), ==, 3);
    g_assert_cmphex(state_get_u8(&r), ==, 0x12);
    g_assert_cmphex(state_get_u64(&r), ==, 0x1122334455667788);
    blob = state_get_blob(&r, 3, &len);
    g_assert_cmpmem(blob, len, "abc", 3);
    g_assert_true(state_ok(&r));
    g_assert_cmphex(state_get_u32(&r), ==, 0);
    g_assert_false(state_ok(&r));
    state_reader_clear(&r);
}

static void test_hostile(void)
{
    static const uint8_t huge[] = { 0xff, 0xff, 0xff, 0xff, 1, 2 };
    StateReader r;
    size_t len;

    state_reader_init(&r, huge, sizeof(huge));
    g_assert_null(state_get_blob(&r, SIZE_MAX, &len));
    g_assert_cmpuint(len, ==, 0);
    g_assert_false(state_ok(&r));
    state_reader_clear(&r);

    state_reader_init(&r, huge, sizeof(huge));
    g_assert_cmpint(state_get_section(&r, "ABCD", 1), ==, 0);
    g_assert_false(state_ok(&r));
    state_reader_clear(&r);

    state_reader_init(&r, huge, 1);
    g_assert_false(state_get_bool(&r));
    g_assert_false(state_ok(&r));
    state_reader_clear(&r);
}

/* Which versions a section may have. */
static void test_versions(void)
{
    for (unsigned version = 0; version <= 4; version++) {
        const uint8_t data[] = { 'T', 'E', 'S', 'T', version, 0 };
        StateReader r;

        state_reader_init(&r, data, sizeof(data));
        g_assert_cmpuint(state_get_section(&r, "TEST", 3), ==,
                         version <= 3 ? version : 0);
        g_assert_cmpint(state_ok(&r), ==, version >= 1 && version <= 3);
        state_reader_clear(&r);
        state_reader_init(&r, data, sizeof(data));
        g_assert_cmpint(state_get_section_only(&r, "TEST", 3), ==,
                        version == 3);
        g_assert_cmpint(state_ok(&r), ==, version == 3);
        state_reader_clear(&r);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/state/round-trip", test_round_trip);
    g_test_add_func("/state/hostile", test_hostile);
    g_test_add_func("/state/versions", test_versions);
    return g_test_run();
}
