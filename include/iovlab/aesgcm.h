/*
 * AES-128 in Galois/Counter mode (NIST SP 800-38D), as IPsec uses it: a nonce
 * of 12 bytes and a tag of 16.  The cipher is Nettle's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef IOVLAB_AESGCM_H
#define IOVLAB_AESGCM_H

#include "iovlab/bytes.h"

#define AESGCM_KEY_LEN 16
#define AESGCM_NONCE_LEN 12
#define AESGCM_TAG_LEN 16

/* Encrypts @len bytes in place and writes the tag; @aad is authenticated. */
void aesgcm_encrypt(const uint8_t key[AESGCM_KEY_LEN],
                    const uint8_t nonce[AESGCM_NONCE_LEN],
                    const uint8_t *aad, size_t aad_len,
                    uint8_t *data, size_t len, uint8_t tag[AESGCM_TAG_LEN]);

/*
 * Decrypts in place and compares the tag.  If it is wrong the bytes are as
 * before and the result is false.
 */
bool aesgcm_decrypt(const uint8_t key[AESGCM_KEY_LEN],
                    const uint8_t nonce[AESGCM_NONCE_LEN],
                    const uint8_t *aad, size_t aad_len,
                    uint8_t *data, size_t len,
                    const uint8_t tag[AESGCM_TAG_LEN]);

#endif
