/*
 * The two ends of the link protocol (spec/link.h) over any byte stream.
 *
 * LinkVm is the end in a VM's QEMU process, one per hv-net or ixgbe-vf;
 * LinkHost is the end in the host process.  The owner has the stream: it
 * pushes in what it reads, in pieces of any size, and gives write().  An end
 * never calls write() except from its _flush(), so many messages make one
 * write.  Callbacks may call any function of the same end but not free it;
 * after down() the end does nothing more.
 *
 * Everything received is checked.  A message that is malformed or out of place
 * ends the connection: an ERROR is queued, down() is called once, the owner
 * flushes what it can and closes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef IOVLAB_LINK_H
#define IOVLAB_LINK_H

#include "iovlab/frame.h"
#include "iovlab/state.h"
#include "spec/link.h"

#define LINK_DEFAULT_WINDOW 256

typedef struct LinkVm LinkVm;
typedef struct LinkHost LinkHost;

/* The stream under an end. */
typedef struct LinkIo {
    /* Number of bytes written, 0 if none can be now, -1 if it is broken. */
    ssize_t (*write)(void *opaque, const void *buf, size_t len);
    /*
     * There is output.  Call _flush() soon, not from in here: from the next
     * turn of the main loop, or, if @blocked, when the stream can be written
     * again.
     */
    void (*want_flush)(void *opaque, bool blocked);
} LinkIo;

/* --- VM side ------------------------------------------------------------- */

typedef enum LinkTake {
    LINK_TAKEN,               /* in the guest's ring, or dropped by a rule */
    LINK_WAIT,                /* no room: offer again after link_vm_rx_room() */
} LinkTake;

typedef struct LinkVmOps {
    LinkIo io;
    /* WELCOME came: frames and messages flow. */
    void (*up)(void *opaque);
    /* The connection is over; @code is LINK_ERR_* or 0 (peer closed). */
    void (*down)(void *opaque, uint32_t code, const char *why);
    /* A frame for the guest.  Never called while the VM is stopped. */
    LinkTake (*frame)(void *opaque, const uint8_t *data, size_t len,
                      const IxgbeRxMeta *meta);
    /* link_vm_send_frame() accepts frames again. */
    void (*tx_room)(void *opaque);
    /*
     * All frames before a DRAIN were taken: call link_vm_drained() once the
     * guest has consumed them.
     */
    void (*drain)(void *opaque);
    /* A message of the role (LINK_NIC_*, LINK_VF_*), length checked. */
    void (*message)(void *opaque, LinkType type, const void *body, size_t len);
} LinkVmOps;

/* @vm, @index: see LinkHello.  @ops and @opaque outlive the end. */
LinkVm *link_vm_new(uint16_t role, const char *vm, uint32_t index,
                    const LinkVmOps *ops, void *opaque);
void link_vm_free(LinkVm *link);

/* The stream is connected (HELLO goes out), or was lost. */
void link_vm_connected(LinkVm *link, bool incoming);
void link_vm_disconnected(LinkVm *link);
bool link_vm_is_up(const LinkVm *link);

void link_vm_input(LinkVm *link, const void *data, size_t len);
/* Writes what it can; true if nothing is left. */
bool link_vm_flush(LinkVm *link);

/*
 * False (and later tx_room()) if the link is down or has no room: the frame
 * stays the caller's.  len is FRAME_MIN..FRAME_MAX, else it counts as sent.
 */
bool link_vm_send_frame(LinkVm *link, const void *data, size_t len);
bool link_vm_can_send_frame(const LinkVm *link);
/* A message of the role; false if the link is down. */
bool link_vm_send(LinkVm *link, LinkType type, const void *body, size_t len);

/* Offers waiting frames again. */
void link_vm_rx_room(LinkVm *link);
/* Answers drain(). */
void link_vm_drained(LinkVm *link);

/*
 * While the VM is stopped no frame is offered.  Stopping queues the ACK of all
 * that was taken and RUNSTATE.  A new end is stopped.
 */
void link_vm_set_running(LinkVm *link, bool running);

/* Which frames the guest has: session and sequence number. */
void link_vm_save(const LinkVm *link, StateWriter *w);
bool link_vm_load(LinkVm *link, StateReader *r);

/* --- host side ----------------------------------------------------------- */

typedef struct LinkHostOps {
    LinkIo io;
    /*
     * HELLO came.  Returns 0, and WELCOME goes out, or LINK_ERR_*; *why may be
     * set to a constant text for a person.
     */
    uint32_t (*hello)(void *opaque, const LinkHello *hello, const char **why);
    void (*down)(void *opaque, uint32_t code, const char *why);
    /*
     * A frame of the guest; take a reference to keep it.  False: no room, it
     * comes again after link_host_tx_room().
     */
    bool (*tx)(void *opaque, Frame *frame);
    /* The same of a VM that leaves: the frame does not come again. */
    void (*tx_last)(void *opaque, Frame *frame);
    /* link_host_send_frame() accepts frames again. */
    void (*room)(void *opaque);
    /* The VM stopped or started; @last is all 0 unless state was loaded. */
    void (*runstate)(void *opaque, bool running, const LinkLast *last);
    /* The guest consumed all that was sent before link_host_drain(). */
    void (*drained)(void *opaque);
    /*
     * Answers link_host_recall().  The frames that the VM had not taken are
     * in @frames, in order; the callee moves them or they are dropped.
     */
    void (*recalled)(void *opaque, FrameQueue *frames);
    /* Answers link_host_ping(). */
    void (*pong)(void *opaque, uint64_t cookie);
    void (*message)(void *opaque, LinkType type, const void *body, size_t len);
    /* A device of another version, which is refused.  May be NULL. */
    void (*other_version)(void *opaque, const LinkHello *hello);
} LinkHostOps;

/* @session: not 0, not used before by any host. */
LinkHost *link_host_new(uint64_t session, uint16_t rx_window,
                        uint16_t tx_window, const LinkHostOps *ops,
                        void *opaque);
/* Frames that the VM had not taken are dropped: take them before. */
void link_host_free(LinkHost *link);

void link_host_input(LinkHost *link, const void *data, size_t len);
bool link_host_flush(LinkHost *link);
/* The stream was lost: calls down(). */
void link_host_disconnected(LinkHost *link);
/* Ends the connection for a reason (LINK_ERR_*) that the VM is told. */
void link_host_close(LinkHost *link, uint32_t code, const char *why);
bool link_host_is_up(const LinkHost *link);
bool link_host_running(const LinkHost *link);
uint64_t link_host_session(const LinkHost *link);

/*
 * Takes a reference.  False (and later room()) if the window is full, the VM is
 * stopped, or a RECALL is under way: the frame stays the caller's.
 */
bool link_host_send_frame(LinkHost *link, Frame *frame,
                          const IxgbeRxMeta *meta);
bool link_host_can_send_frame(const LinkHost *link);
/* A message of the role, with a body as spec/link.h says. */
bool link_host_send(LinkHost *link, LinkType type, const void *body,
                    size_t len);
/* Offers waiting frames to tx() again. */
void link_host_tx_room(LinkHost *link);
/*
 * The VM leaves, and what it sends from its next place shall come behind all
 * it has sent here: gives the waiting frames to tx_last().  When the connection
 * ends this is done before down().
 */
void link_host_tx_last(LinkHost *link);
/* One at a time, else false. */
bool link_host_drain(LinkHost *link);
bool link_host_recall(LinkHost *link);
bool link_host_ping(LinkHost *link, uint64_t cookie);

/* Frames sent and not acknowledged. */
uint32_t link_host_unacked(const LinkHost *link);
/*
 * After down(), or from a VM that stopped: appends the frames it did not take
 * to @to, in order, tagged with their sequence numbers.  On an end that is
 * still up nothing can be sent afterwards; close it.
 */
void link_host_take_frames(LinkHost *link, FrameQueue *to);
/*
 * Drops from the head of @frames, which came from session @session, what the
 * VM says it took.  Returns the number of frames dropped.
 */
uint32_t link_trim_taken(FrameQueue *frames, uint64_t session,
                         const LinkLast *last);

#endif
