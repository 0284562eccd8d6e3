/*
 * Registers of -device vtd-test-endpoint, in BAR 0: for its tests.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_IOVLAB_VTD_TEST_ENDPOINT_H
#define HW_IOVLAB_VTD_TEST_ENDPOINT_H

#define VTE_VENDOR 0x1234
#define VTE_DEVICE 0x5644
#define VTE_ID_VALUE 0x76746531         /* "vte1" */

/* 32 bits each; those marked 64 have an upper half behind them. */
enum {
    VTE_ID = 0x00,
    VTE_COMMAND = 0x04,                 /* writing does it */
    VTE_ADDRESS = 0x08,                 /* 64 */
    VTE_LENGTH = 0x10,                  /* bytes, at most the buffer's size */
    VTE_FLAGS = 0x14,
    VTE_PASID = 0x18,
    VTE_REQUESTER = 0x1c,               /* with VTE_FORGED */
    VTE_DATA = 0x20,                    /* of a message */
    VTE_GROUP = 0x24,                   /* of a page request */
    VTE_STATUS = 0x28,                  /* of the last command */
    VTE_RESULT = 0x30,                  /* 64: translated address */
    VTE_MASK = 0x38,                    /* 64: size of what was translated */
    VTE_RIGHTS = 0x40,                  /* bit 0 read, bit 1 write */
    VTE_INVALIDATIONS = 0x44,           /* of its TLB, so far */
    VTE_RESPONSES = 0x48,               /* to page requests, so far */
    VTE_LAST_RESPONSE = 0x4c,           /* group in 31:16, code in 15:0 */
    VTE_HELD = 0x50,                    /* invalidations not answered */
    VTE_BUFFER = 0x1000,
    VTE_BUFFER_SIZE = 0x2000,
    VTE_BAR_SIZE = 0x4000,
};

enum {
    VTE_READ = 1,                       /* memory to buffer */
    VTE_WRITE = 2,                      /* buffer to memory */
    VTE_MESSAGE = 3,                    /* DATA to ADDRESS, an interrupt */
    VTE_TRANSLATE = 4,                  /* ATS: fills the TLB */
    VTE_REQUEST_PAGE = 5,
    VTE_COMMIT = 6,                     /* makes the deferred access */
    VTE_ANSWER = 7,                     /* to a held invalidation */
    VTE_INTERRUPT = 8,                  /* MSI, as the driver set it up */
    VTE_ANSWER_UNASKED = 9,             /* to an invalidation that is none */
};

enum {
    VTE_HAS_PASID = 1U << 0,
    VTE_PRIVILEGED = 1U << 1,
    VTE_TRANSLATED = 1U << 2,           /* through its TLB only */
    VTE_FORGED = 1U << 3,
    VTE_DEFERRED = 1U << 4,             /* translate now, access at COMMIT */
    VTE_FOR_WRITE = 1U << 5,            /* of TRANSLATE and REQUEST_PAGE */
    VTE_LAST = 1U << 6,                 /* of a group of page requests */
    VTE_HOLD = 1U << 7,                 /* do not answer invalidations */
    VTE_ZERO_LENGTH = 1U << 8,
    VTE_RAW_TRANSLATED = 1U << 9,       /* claims ADDRESS was translated */
};

enum {
    VTE_OK = 0,
    VTE_BLOCKED = 1,
    VTE_UNSUPPORTED = 2,                /* completion of ATS */
    VTE_TLB_MISS = 3,
    VTE_NO_UNIT = 4,
};

#endif
