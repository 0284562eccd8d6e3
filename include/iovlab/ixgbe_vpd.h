/*
 * Vital product data of a card, as PCI 3.0 appendix I lays it out.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef IOVLAB_IXGBE_VPD_H
#define IOVLAB_IXGBE_VPD_H

#include <glib.h>
#include <stdint.h>

/* With a serial number made from the address.  Unref with g_bytes_unref(). */
GBytes *ixgbe_vpd_new(const uint8_t mac[6]);

#endif
