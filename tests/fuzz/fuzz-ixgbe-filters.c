/*
 * Fuzz target: receive filters and the flow director, any set-up, any frame.
 *
 * Input: one byte of flags, then operations: a byte that says which, and what
 * it takes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter-rig.h"

#include "spec/ixgbe_filter_regs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
    uint32_t offset;
    uint8_t count;              /* dwords */
} registers[] = {
    { IXGBE_MRQC, 1 }, { IXGBE_VT_CTL, 1 }, { IXGBE_CTRL_EXT, 1 },
    { IXGBE_VLNCTRL, 1 }, { IXGBE_EXVET, 1 }, { IXGBE_FCTRL, 1 },
    { IXGBE_MFLCN, 1 }, { IXGBE_HLREG0, 1 }, { IXGBE_MCSTCTRL, 1 },
    { IXGBE_RETA(0), 32 }, { IXGBE_RTRUP2TC, 1 }, { IXGBE_RQTC, 1 },
    { IXGBE_RXPBSIZE(0), 8 }, { IXGBE_ETQF(0), 8 }, { IXGBE_ETQS(0), 8 },
    { IXGBE_SYNQF, 1 }, { IXGBE_SAQF(0), 128 }, { IXGBE_DAQF(0), 128 },
    { IXGBE_SDPQF(0), 128 }, { IXGBE_FTQF(0), 128 },
    { IXGBE_L34TIMIR(0), 128 }, { IXGBE_FDIRCTRL, 1 },
    { IXGBE_FDIRSIPV6(0), 10 },         /* up to FDIRCMD */
    { IXGBE_FDIRFREE, 5 }, { IXGBE_FDIRHKEY, 5 }, { IXGBE_IPAV, 1 },
    { IXGBE_IP6AT(0), 4 }, { IXGBE_MRCTL(0), 4 }, { IXGBE_VMRVM(0), 8 },
};

typedef struct Input {
    const uint8_t *data;
    size_t size;
} Input;

static uint32_t take(Input *in, unsigned bytes)
{
    uint32_t value = 0;

    for (; bytes && in->size; bytes--, in->size--) {
        value = value << 8 | *in->data++;
    }
    return value;
}

static void write_register(Rig *r, Input *in)
{
    unsigned n = take(in, 1) % G_N_ELEMENTS(registers);
    unsigned i = take(in, 1) % registers[n].count;

    rig_write(r, registers[n].offset + 4 * i, take(in, 4));
    rig_read(r, registers[n].offset + 4 * i);
}

/* A frame whose addresses are those of the rig, so that it passes. */
static void frame(Rig *r, Input *in, unsigned from)
{
    size_t len = MIN(take(in, 1), in->size);
    Frame *f = rig_frame(take(in, 1) & 1 ? RIG_MAC[RIG_PF] : RIG_BCAST,
                         RIG_PEER, -1, 14 + len, 0);

    len = MIN(len, in->size);
    f->len = 12 + len > 14 ? 12 + len : 14;
    memcpy(f->data + 12, in->data, len);
    in->data += len;
    in->size -= len;
    if (from == RIG_WIRE) {
        ixgbe_adapter_wire_rx(r->adapter, f);
    } else {
        ixgbe_adapter_port_tx(r->end[from].port, 0, f, NULL);
    }
    frame_unref(f);
    rig_run(r);
}

static void command(Rig *r, Input *in)
{
    uint64_t hash = take(in, 4), cmd = take(in, 4);

    ixgbe_adapter_mmio_write(r->adapter, IXGBE_FDIRHASH, cmd << 32 | hash, 8);
    rig_read(r, IXGBE_FDIRLEN);
}

static void save_and_load(Rig *r)
{
    StateWriter w;
    StateReader reader;
    g_autoptr(GBytes) bytes = NULL;
    gconstpointer data;
    gsize size;

    state_writer_init(&w);
    ixgbe_adapter_save(r->adapter, &w);
    bytes = state_writer_finish(&w);
    data = g_bytes_get_data(bytes, &size);
    state_reader_init(&reader, data, size);
    if (!ixgbe_adapter_load(r->adapter, &reader)) {
        g_error("own state refused: %s", reader.error);
    }
    state_reader_clear(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Input in = { data, size };
    unsigned flags = take(&in, 1);
    Rig r;

    rig_init(&r);
    rig_set(&r, IXGBE_RXCTRL, IXGBE_RXCTRL_RXEN);
    rig_write(&r, IXGBE_FCTRL, IXGBE_FCTRL_BAM);
    if (flags & 1) {
        rig_program(&r);
    }
    if (flags & 2) {
        r.end[RIG_PF].room = 3;
    }
    for (unsigned n = 0; in.size && n < 300; n++) {
        switch (take(&in, 1) % 8) {
        case 0:
        case 1:
        case 2:
            write_register(&r, &in);
            break;
        case 3:
            command(&r, &in);
            break;
        case 4:
        case 5:
            frame(&r, &in, RIG_WIRE);
            break;
        case 6:
            frame(&r, &in, take(&in, 1) % (RIG_VFS + 1));
            break;
        case 7:
            if (flags & 4) {
                save_and_load(&r);
            }
            break;
        }
    }
    rig_clear(&r);
    return 0;
}
