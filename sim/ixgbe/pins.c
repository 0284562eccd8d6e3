/*
 * Software definable pins and LEDs, 3.5 and 8.2.3.1.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"
#include "iovlab-trace.h"
#include "ixgbe/rows.h"
#include "spec/ixgbe_board_regs.h"

/* Levels of the input pins; what is not wired reads 0. */
static uint32_t inputs(const IxgbeAdapter *a)
{
    return ixgbe_sfp_present(a) ? IXGBE_ESDP_DATA(IXGBE_SDP_MODULE) : 0;
}

static uint32_t read_esdp(void *owner, unsigned index, uint32_t stored)
{
    uint32_t outputs = stored >> 8 & IXGBE_ESDP_PINS;

    return (stored & ~IXGBE_ESDP_PINS) | (stored & outputs) |
           (inputs(owner) & ~outputs);
}

static void write_esdp(void *owner, unsigned index, uint32_t value,
                       uint32_t *stored)
{
    ixgbe_link_update(owner);
}

bool ixgbe_link_laser_off(const IxgbeAdapter *a)
{
    const uint32_t driven = IXGBE_ESDP_DATA(IXGBE_SDP_TX_DISABLE) |
                            IXGBE_ESDP_DIR(IXGBE_SDP_TX_DISABLE);

    return (reg(a, IXGBE_ESDP) & driven) == driven;
}

void ixgbe_adapter_set_module(IxgbeAdapter *a, IxgbeModuleKind module)
{
    bool was = ixgbe_sfp_present(a);

    a->config.module = module;
    ixgbe_sfp_insert(a);
    if (was != ixgbe_sfp_present(a)) {
        a->ops->cause(a->opaque, IXGBE_EICR_SDP(IXGBE_SDP_MODULE));
    }
    ixgbe_link_update(a);
}

IxgbeModuleKind ixgbe_adapter_module(const IxgbeAdapter *a)
{
    return a->config.module;
}

/* --- LEDs ------------------------------------------------------------------ */

static bool led_on(const IxgbeAdapter *a, unsigned mode)
{
    uint32_t speed = ixgbe_link_links(a) & IXGBE_LINKS_SPEED_MASK;

    switch (mode) {
    case IXGBE_LED_LINK_UP:
    case IXGBE_LED_LINK_ACTIVE:
        return a->link_up;
    case IXGBE_LED_LINK_10G:
        return a->link_up && speed == IXGBE_LINKS_SPEED_10G;
    case IXGBE_LED_LINK_1G:
        return a->link_up && speed == IXGBE_LINKS_SPEED_1G;
    case IXGBE_LED_ON:
        return true;
    default:
        return false;
    }
}

IxgbeLed ixgbe_adapter_led(const IxgbeAdapter *a, unsigned led)
{
    uint32_t ctl = reg(a, IXGBE_LEDCTL);

    if (led >= IXGBE_LEDS || !led_on(a, ctl >> (8 * led) & 0xf)) {
        return IXGBE_LED_STATE_OFF;
    }
    return ctl & IXGBE_LEDCTL_BLINK(led) ? IXGBE_LED_STATE_BLINKS
                                         : IXGBE_LED_STATE_LIT;
}

static void write_ledctl(void *owner, unsigned index, uint32_t value,
                         uint32_t *stored)
{
    const IxgbeAdapter *a = owner;

    trace_ixgbe_leds(ixgbe_adapter_led(a, 0), ixgbe_adapter_led(a, 1),
                     ixgbe_adapter_led(a, 2), ixgbe_adapter_led(a, 3));
}

static const IxgbeReg rows[] = {
    ONE("ESDP", IXGBE_ESDP, "8.2.3.1", "pins; SDP2 in: a module is there, "
        "SDP3 out: its laser is off", .read = read_esdp,
        .write = write_esdp),
    ONE("LEDCTL", IXGBE_LEDCTL, "8.2.3.1", "LEDs; after reset as in the NVM",
        .write = write_ledctl),
};

ROW_BLOCK(ixgbe_rows_pins, rows);
