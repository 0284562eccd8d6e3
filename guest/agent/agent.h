/*
 * The guest's traffic agent: a small static program that an initramfs carries.
 *
 * It sends and receives the sequence-numbered streams and the TCP transfer of
 * spec/stream.h, and answers requests, a number and a command on a line each,
 * on a serial port with one line of JSON each.  It is a user of the guest's
 * network, nothing more: kernel and drivers are the distribution's own.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGENT_H
#define AGENT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "../../traffic/tracker.h"
#include "spec/stream.h"

#define AGENT_STREAMS 16
#define AGENT_TICK_NS 1000000           /* pacing of all senders */
#define AGENT_BURST 64                  /* frames a sender may be behind */

uint64_t agent_now_ns(void);

/* streams.c: both directions of the UDP streams, one socket. */
int streams_open(void);                 /* file descriptor, -1 on error */
bool streams_start(uint32_t id, const char *address, unsigned rate,
                   unsigned size);
bool streams_stop(uint32_t id);
void streams_tick(uint64_t now_ns);
void streams_receive(void);
void streams_report(FILE *out);

/* transfer.c: the TCP transfer, both directions at once. */
bool transfer_start(const char *address, unsigned port, unsigned kbytes_per_s,
                    uint64_t seed_out, uint64_t seed_in);
void transfer_finish(void);             /* no more to send: half-close */
int transfer_fd(void);                  /* -1 while there is none */
bool transfer_wants_read(void);
bool transfer_wants_write(void);
void transfer_tick(uint64_t now_ns);
void transfer_io(bool readable, bool writable);
void transfer_report(FILE *out);

/* netdev.c: what `ethtool -S` says of each interface, as JSON. */
void netdev_report(FILE *out);

/* qdisc.c: frames that an interface's queueing disciplines dropped. */
uint32_t qdisc_drops(int ifindex);

/* raw.c: NIC HEX [COUNT [RATE]], an exit status. */
int raw_send(int argc, char **argv);

/* freeze.c: keeps every CPU from running the kernel's workers. */
bool freeze_start(unsigned seconds);
void freeze_tick(uint64_t now_ns);

#endif
