/*
 * AES-GCM: see iovlab/aesgcm.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iovlab/aesgcm.h"

#include <nettle/gcm.h>
#include <nettle/memops.h>

static void begin(struct gcm_aes128_ctx *ctx, const uint8_t *key,
                  const uint8_t *nonce, const uint8_t *aad, size_t aad_len)
{
    gcm_aes128_set_key(ctx, key);
    gcm_aes128_set_iv(ctx, AESGCM_NONCE_LEN, nonce);
    gcm_aes128_update(ctx, aad_len, aad);
}

void aesgcm_encrypt(const uint8_t key[AESGCM_KEY_LEN],
                    const uint8_t nonce[AESGCM_NONCE_LEN],
                    const uint8_t *aad, size_t aad_len,
                    uint8_t *data, size_t len, uint8_t tag[AESGCM_TAG_LEN])
{
    struct gcm_aes128_ctx ctx;

    begin(&ctx, key, nonce, aad, aad_len);
    gcm_aes128_encrypt(&ctx, len, data, data);
    gcm_aes128_digest(&ctx, AESGCM_TAG_LEN, tag);
}

bool aesgcm_decrypt(const uint8_t key[AESGCM_KEY_LEN],
                    const uint8_t nonce[AESGCM_NONCE_LEN],
                    const uint8_t *aad, size_t aad_len,
                    uint8_t *data, size_t len,
                    const uint8_t tag[AESGCM_TAG_LEN])
{
    struct gcm_aes128_ctx ctx;
    uint8_t found[AESGCM_TAG_LEN];

    begin(&ctx, key, nonce, aad, aad_len);
    gcm_aes128_decrypt(&ctx, len, data, data);
    gcm_aes128_digest(&ctx, AESGCM_TAG_LEN, found);
    if (memeql_sec(found, tag, AESGCM_TAG_LEN)) {
        return true;
    }
    /* Counter mode is its own inverse. */
    begin(&ctx, key, nonce, aad, aad_len);
    gcm_aes128_encrypt(&ctx, len, data, data);
    return false;
}
