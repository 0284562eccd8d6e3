/*
 * Two ends of a link and the stream between them, for tests: the stream is cut
 * into pieces of random size, and can be lost at any byte.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_LINK_PAIR_H
#define TESTS_LINK_PAIR_H

#include "iovlab/link.h"

typedef struct LinkPair {
    GRand *rand;
    GByteArray *to_vm;          /* written by the host, not yet read */
    GByteArray *to_host;
    size_t stream_room;         /* bytes a stream holds */
    LinkVm *vm;
    LinkHost *host;
    uint64_t session;

    /* the device and its guest */
    GArray *guest;              /* uint32_t: numbers of frames in the ring */
    unsigned ring_room;
    bool drain_asked;
    unsigned vm_up, vm_down;
    uint32_t vm_down_code;
    unsigned tx_rooms;

    /* the host's port */
    FrameQueue port;            /* to the VM, not yet sent */
    uint64_t port_session;      /* of tagged frames in port */
    GArray *from_guest;         /* uint32_t: numbers received */
    unsigned tx_room;           /* frames that the switch takes */
    uint32_t refuse;            /* answer to HELLO */
    unsigned host_down;
    uint32_t host_down_code;
    unsigned drained, recalled;
    unsigned pongs;
    uint16_t last_message;
    bool running;
} LinkPair;

void link_pair_init(LinkPair *p, uint32_t seed);
void link_pair_clear(LinkPair *p);
/* Makes a stream and a host end; the VM says HELLO. */
void link_pair_connect(LinkPair *p, bool incoming);
/* The stream breaks here: bytes under way are lost. */
void link_pair_break(LinkPair *p);
/* Moves bytes until both sides are quiet, or at most @bytes. */
void link_pair_run(LinkPair *p, size_t bytes);
/* The switch has a frame with this number for the VM. */
void link_pair_deliver(LinkPair *p, uint32_t number);
bool link_pair_guest_sends(LinkPair *p, uint32_t number);
/* Asserts that @numbers is 0, 1, .. count - 1. */
void link_pair_expect(const GArray *numbers, unsigned count);

#endif
