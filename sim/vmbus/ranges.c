/*
 * Page range lists, as GPADLs and GPA-direct packets carry them: one run of
 * bytes spread over guest pages.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vmbus-internal.h"

#define RANGE_HEADER sizeof(VmbusGpaRangeHeader)

typedef struct Range {
    uint32_t bytes;
    uint32_t offset;
    uint64_t pages;
    const uint8_t *pfns;
} Range;

/* The range at @list; NULL if malformed, else where the next one starts. */
static const uint8_t *range_next(const uint8_t *list, const uint8_t *end,
                                 Range *range)
{
    size_t left = end - list;

    if (left < RANGE_HEADER) {
        return NULL;
    }
    range->bytes = rd_le32(list);
    range->offset = rd_le32(list + 4);
    range->pfns = list + RANGE_HEADER;
    if (range->offset >= HV_PAGE_SIZE) {
        return NULL;
    }
    range->pages = ((uint64_t)range->offset + range->bytes + HV_PAGE_SIZE - 1)
                   >> HV_PAGE_SHIFT;
    if (range->pages > (left - RANGE_HEADER) / 8) {
        return NULL;
    }
    return range->pfns + range->pages * 8;
}

bool vmbus_ranges_size(const uint8_t *list, size_t list_len, uint32_t count,
                       uint64_t *size)
{
    const uint8_t *end = list + list_len;
    Range range;

    *size = 0;
    /* Each range has at least its header, which bounds the loop. */
    for (uint32_t i = 0; i < count; i++) {
        list = range_next(list, end, &range);
        if (!list) {
            return false;
        }
        *size += range.bytes;
    }
    return true;
}

static bool range_access(VmbusBus *bus, const Range *range, uint32_t offset,
                         uint8_t *buf, size_t len, bool write)
{
    while (len) {
        uint64_t at = (uint64_t)range->offset + offset;
        size_t n = MIN(len, HV_PAGE_SIZE - at % HV_PAGE_SIZE);
        uint64_t pfn = rd_le64(range->pfns + (at >> HV_PAGE_SHIFT) * 8);
        uint64_t gpa;

        if (pfn > UINT64_MAX >> HV_PAGE_SHIFT) {
            return false;
        }
        gpa = (pfn << HV_PAGE_SHIFT) + at % HV_PAGE_SIZE;
        if (write ? !bus->ops->mem_write(bus->opaque, gpa, buf, n)
                  : !bus->ops->mem_read(bus->opaque, gpa, buf, n)) {
            return false;
        }
        offset += n;
        buf += n;
        len -= n;
    }
    return true;
}

bool vmbus_ranges_access(VmbusBus *bus, const uint8_t *list, size_t list_len,
                         uint32_t count, uint64_t offset, void *buf,
                         size_t len, bool write)
{
    const uint8_t *end = list + list_len;
    uint8_t *p = buf;
    Range range;

    for (uint32_t i = 0; i < count && len; i++) {
        list = range_next(list, end, &range);
        if (!list) {
            return false;
        }
        if (offset < range.bytes) {
            size_t n = MIN(len, range.bytes - offset);

            if (!range_access(bus, &range, offset, p, n, write)) {
                return false;
            }
            p += n;
            len -= n;
            offset = 0;
        } else {
            offset -= range.bytes;
        }
    }
    return len == 0;
}
