/*
 * Fuzz target: the VF's saved state.
 *
 * Input: patches (u16 offset, u8 value) of a valid state, or with a first byte
 * of 0xff the state itself.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "ixgbe-rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const IxgbeVfConfig config = { .queues = 2 };

static GByteArray *valid_state(Rig *rig)
{
    StateWriter w;
    uint8_t frame[60] = { 0 };

    rig_start_rx(rig, IXGBE_SRRCTL_ONE_BUFFER | 2, 16);
    rig_start_tx(rig);
    rig_start_interrupts(rig);
    rig_receive(rig, frame, sizeof(frame));
    state_writer_init(&w);
    ixgbe_function_save(rig->fn, &w);
    return g_bytes_unref_to_array(state_writer_finish(&w));
}

static void go_on(Rig *rig)
{
    uint8_t frame[60] = { 0 };
    StateWriter w;

    rig_run(rig);
    for (unsigned i = 0; i < 4; i++) {
        rig_receive(rig, frame, sizeof(frame));
        rig_write(rig, IXGBE_VFTDT(0), i);
        rig_write(rig, IXGBE_VTEIMS, 7);
        rig_advance(rig, 1000000);
    }
    state_writer_init(&w);
    ixgbe_function_save(rig->fn, &w);
    g_bytes_unref(state_writer_finish(&w));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GByteArray) state = NULL;
    StateReader r;
    Rig rig;

    rig_init(&rig, &config);
    state = valid_state(&rig);
    if (size && data[0] == 0xff) {
        g_byte_array_set_size(state, 0);
        g_byte_array_append(state, data + 1, size - 1);
    } else {
        for (; size >= 3; data += 3, size -= 3) {
            state->data[rd_le16(data) % state->len] = data[2];
        }
    }
    state_reader_init(&r, state->data, state->len);
    ixgbe_function_load(rig.fn, &r);
    state_reader_clear(&r);
    go_on(&rig);
    rig_clear(&rig);
    return 0;
}
