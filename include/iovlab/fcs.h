/*
 * The frame check sequence of Ethernet (IEEE 802.3, 3.2.9): CRC-32.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef IOVLAB_FCS_H
#define IOVLAB_FCS_H

#include "iovlab/bytes.h"

#define FRAME_FCS_LEN 4

/* Of the bytes in front of it; it is sent in little-endian order. */
uint32_t frame_fcs(const uint8_t *frame, size_t len);

#endif
