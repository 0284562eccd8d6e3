/*
 * The register table: see regs.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "ixgbe/regs.h"

#include "iovlab-trace.h"

#define STATE_VERSION 1
#define NO_ROW 0xffff

struct IxgbeRegMap {
    const char *name;
    const IxgbeReg *rows;
    size_t count;
    uint32_t size;
    uint16_t *row_of;           /* by dword of the BAR */
    uint16_t *target;           /* row whose values a row uses */
    uint32_t *base;             /* first value of a row */
    uint32_t *value_of;         /* value, by dword of the BAR */
    uint32_t values;
};

static unsigned row_count(const IxgbeReg *row)
{
    return MAX(row->count, 1);
}

static unsigned row_stride(const IxgbeReg *row)
{
    return row->stride ? row->stride : 4;
}

static uint32_t row_wmask(const IxgbeReg *row)
{
    return row->wmask ? row->wmask : UINT32_MAX;
}

static void map_place(IxgbeRegMap *map, size_t n)
{
    const IxgbeReg *row = &map->rows[n];

    for (unsigned i = 0; i < row_count(row); i++) {
        uint32_t offset = row->offset + i * row_stride(row);

        if (offset % 4 || !iov_in_range(offset, 4, map->size) ||
            map->row_of[offset / 4] != NO_ROW) {
            g_error("register table %s: row %s misplaced at 0x%x", map->name,
                    row->name, offset);
        }
        map->row_of[offset / 4] = n;
    }
}

static void map_resolve(IxgbeRegMap *map, size_t n)
{
    const IxgbeReg *row = &map->rows[n];

    map->target[n] = n;
    if (!row->alias) {
        map->base[n] = map->values;
        map->values += row_count(row);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (!map->rows[i].alias && !strcmp(map->rows[i].name, row->alias) &&
            map->rows[i].first == row->first &&
            row_count(&map->rows[i]) >= row_count(row)) {
            map->target[n] = i;
            return;
        }
    }
    g_error("register table %s: row %s is an alias of nothing above it",
            map->name, row->name);
}

static void map_values(IxgbeRegMap *map, size_t n)
{
    const IxgbeReg *row = &map->rows[n];

    for (unsigned i = 0; i < row_count(row); i++) {
        uint32_t offset = row->offset + i * row_stride(row);

        map->value_of[offset / 4] = map->base[map->target[n]] + i;
    }
}

IxgbeRegMap *ixgbe_regmap_new(const char *name, const IxgbeReg *rows,
                              size_t count, uint32_t size)
{
    IxgbeRegMap *map = g_new0(IxgbeRegMap, 1);

    map->name = name;
    map->rows = rows;
    map->count = count;
    map->size = size;
    map->row_of = g_new(uint16_t, size / 4);
    map->target = g_new0(uint16_t, count);
    map->base = g_new0(uint32_t, count);
    map->value_of = g_new(uint32_t, size / 4);
    memset(map->row_of, 0xff, size / 4 * sizeof(*map->row_of));
    memset(map->value_of, 0xff, size / 4 * sizeof(*map->value_of));
    for (size_t n = 0; n < count; n++) {
        map_place(map, n);
        map_resolve(map, n);
        map_values(map, n);
    }
    return map;
}

void ixgbe_regmap_free(IxgbeRegMap *map)
{
    if (map) {
        g_free(map->row_of);
        g_free(map->target);
        g_free(map->base);
        g_free(map->value_of);
        g_free(map);
    }
}

uint32_t ixgbe_regmap_size(const IxgbeRegMap *map)
{
    return map->size;
}

/* The row that decodes @offset and, for an alias, the row behind it. */
static const IxgbeReg *map_lookup(const IxgbeRegMap *map, uint32_t offset,
                                  const IxgbeReg **decoded, unsigned *element)
{
    uint16_t n;

    if (offset >= map->size || map->row_of[offset / 4] == NO_ROW) {
        return NULL;
    }
    n = map->row_of[offset / 4];
    *decoded = &map->rows[n];
    *element = ((offset & ~3u) - map->rows[n].offset) /
               row_stride(&map->rows[n]);
    return &map->rows[map->target[n]];
}

const IxgbeReg *ixgbe_regmap_find(const IxgbeRegMap *map, uint32_t offset,
                                  unsigned *index)
{
    const IxgbeReg *decoded;
    unsigned element;

    if (!map_lookup(map, offset, &decoded, &element)) {
        return NULL;
    }
    *index = decoded->first + element;
    return decoded;
}

void ixgbe_regs_init(IxgbeRegs *regs, const IxgbeRegMap *map, void *owner)
{
    regs->map = map;
    regs->owner = owner;
    regs->values = g_new0(uint32_t, map->values);
    regs->value_of = map->value_of;
    regs->size = map->size;
    ixgbe_regs_reset(regs, IXGBE_RESET_POWER);
}

void ixgbe_regs_clear(IxgbeRegs *regs)
{
    g_clear_pointer(&regs->values, g_free);
}

void ixgbe_regs_reset(IxgbeRegs *regs, IxgbeResetKind kind)
{
    const IxgbeRegMap *map = regs->map;

    for (size_t n = 0; n < map->count; n++) {
        const IxgbeReg *row = &map->rows[n];

        if (row->alias || (row->keep & kind)) {
            continue;
        }
        for (unsigned i = 0; i < row_count(row); i++) {
            regs->values[map->base[n] + i] = row->reset;
        }
    }
}

static uint32_t *row_value(const IxgbeRegs *regs, const IxgbeReg *row,
                           unsigned element)
{
    return &regs->values[regs->map->base[row - regs->map->rows] + element];
}

uint32_t *ixgbe_regs_missing(const IxgbeRegs *regs, uint32_t offset)
{
    g_error("register table %s: no register at 0x%x", regs->map->name, offset);
}

static uint32_t read_dword(IxgbeRegs *regs, uint32_t offset)
{
    const IxgbeReg *decoded;
    unsigned element;
    const IxgbeReg *row = map_lookup(regs->map, offset, &decoded, &element);
    uint32_t *stored;
    uint32_t value;

    if (!row) {
        trace_ixgbe_reg_read_unknown(regs->map->name, offset);
        return 0;
    }
    stored = row_value(regs, row, element);
    value = row->access == IXGBE_REG_WO ? 0 : *stored;
    if (row->read) {
        value = row->read(regs->owner, row->first + element, value);
    }
    if (row->access == IXGBE_REG_RC || row->access == IXGBE_REG_RCW ||
        row->access == IXGBE_REG_RC_W1C) {
        *stored = 0;
    }
    trace_ixgbe_reg_read(regs->map->name, decoded->name,
                         decoded->first + element, value);
    return value;
}

static void write_dword(IxgbeRegs *regs, uint32_t offset, uint32_t value)
{
    const IxgbeReg *decoded;
    unsigned element;
    const IxgbeReg *row = map_lookup(regs->map, offset, &decoded, &element);
    uint32_t *stored;
    uint32_t mask;

    if (!row) {
        trace_ixgbe_reg_write_unknown(regs->map->name, offset, value);
        return;
    }
    trace_ixgbe_reg_write(regs->map->name, decoded->name,
                          decoded->first + element, value);
    mask = row_wmask(row);
    stored = row_value(regs, row, element);
    switch (row->access) {
    case IXGBE_REG_RO:
    case IXGBE_REG_RC:
        return;
    case IXGBE_REG_W1C:
    case IXGBE_REG_RC_W1C:
        *stored &= ~(value & mask);
        break;
    case IXGBE_REG_W1S:
        *stored |= value & mask;
        break;
    default:
        *stored = (*stored & ~mask) | (value & mask);
        break;
    }
    if (row->write) {
        row->write(regs->owner, row->first + element, value, stored);
    }
}

uint64_t ixgbe_regs_read(IxgbeRegs *regs, uint64_t offset, unsigned size)
{
    uint64_t value;
    unsigned shift = (offset & 3) * 8;

    if (!iov_in_range(offset, size, regs->map->size)) {
        return 0;
    }
    value = read_dword(regs, offset);
    if (shift + size * 8 > 32) {
        value |= (uint64_t)read_dword(regs, (offset & ~3ull) + 4) << 32;
    }
    value >>= shift;
    return size < 8 ? value & ((1ull << (size * 8)) - 1) : value;
}

void ixgbe_regs_write(IxgbeRegs *regs, uint64_t offset, uint64_t value,
                      unsigned size)
{
    if (!iov_in_range(offset, size, regs->map->size)) {
        return;
    }
    if (offset % 4 || size % 4) {
        trace_ixgbe_reg_write_partial(regs->map->name, offset, size);
        return;
    }
    for (unsigned i = 0; i < size; i += 4) {
        write_dword(regs, offset + i, value >> (i * 8));
    }
}

void ixgbe_regs_save(const IxgbeRegs *regs, StateWriter *w)
{
    const IxgbeRegMap *map = regs->map;
    uint32_t rows = 0;

    for (size_t n = 0; n < map->count; n++) {
        rows += !map->rows[n].alias;
    }
    state_put_section(w, "REGS", STATE_VERSION);
    state_put_u32(w, rows);
    for (size_t n = 0; n < map->count; n++) {
        const IxgbeReg *row = &map->rows[n];

        if (row->alias) {
            continue;
        }
        state_put_u32(w, row->offset);
        state_put_u16(w, row_count(row));
        for (unsigned i = 0; i < row_count(row); i++) {
            state_put_u32(w, regs->values[map->base[n] + i]);
        }
    }
}

static bool load_row(IxgbeRegs *regs, StateReader *r)
{
    const IxgbeRegMap *map = regs->map;
    uint32_t offset = state_get_u32(r);
    unsigned count = state_get_u16(r);
    const IxgbeReg *decoded;
    unsigned element;
    const IxgbeReg *row = map_lookup(map, offset, &decoded, &element);
    uint32_t fixed;

    if (!row || row != decoded || row->offset != offset ||
        row_count(row) != count) {
        state_fail(r, "%s has no array of %u registers at 0x%x", map->name,
                   count, offset);
        return false;
    }
    fixed = row->access == IXGBE_REG_RW && !row->write ? ~row_wmask(row) : 0;
    for (unsigned i = 0; i < count; i++) {
        uint32_t value = state_get_u32(r);

        *row_value(regs, row, i) = (value & ~fixed) | (row->reset & fixed);
    }
    return state_ok(r);
}

bool ixgbe_regs_load(IxgbeRegs *regs, StateReader *r)
{
    uint32_t rows;

    if (!state_get_section(r, "REGS", STATE_VERSION)) {
        return false;
    }
    ixgbe_regs_reset(regs, IXGBE_RESET_POWER);
    rows = state_get_u32_max(r, regs->map->count, "number of register rows");
    while (rows-- && load_row(regs, r)) {
    }
    return state_ok(r);
}

static const char *access_name(uint8_t access)
{
    static const char *const names[] = {
        [IXGBE_REG_RW] = "RW", [IXGBE_REG_RO] = "RO", [IXGBE_REG_WO] = "WO",
        [IXGBE_REG_RC] = "RC", [IXGBE_REG_RCW] = "RC, W",
        [IXGBE_REG_W1C] = "W1C", [IXGBE_REG_W1S] = "W1S",
        [IXGBE_REG_RC_W1C] = "RC, W1C",
    };

    return names[access];
}

static void markdown_row(GString *s, const IxgbeReg *row)
{
    g_string_append_printf(s, "| %s", row->name);
    if (row_count(row) > 1) {
        g_string_append_printf(s, "[%u..%u]", row->first,
                               row->first + row_count(row) - 1);
    }
    g_string_append_printf(s, " | 0x%04x", row->offset);
    if (row_count(row) > 1) {
        g_string_append_printf(s, " + 0x%x n", row_stride(row));
    }
    if (row->alias) {
        g_string_append_printf(s, " | as %s | | ", row->alias);
    } else {
        g_string_append_printf(s, " | %s | 0x%08x | 0x%08x",
                               access_name(row->access), row->reset,
                               row->access == IXGBE_REG_RO ||
                               row->access == IXGBE_REG_RC ? 0 :
                               row_wmask(row));
    }
    g_string_append_printf(s, " | %s | %s |\n", row->section,
                           row->text ? row->text : "");
}

static gint row_compare(gconstpointer a, gconstpointer b)
{
    const IxgbeReg *x = *(const IxgbeReg *const *)a;
    const IxgbeReg *y = *(const IxgbeReg *const *)b;

    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

char *ixgbe_regmap_markdown(const IxgbeRegMap *map, const char *title)
{
    GString *s = g_string_new(NULL);
    g_autoptr(GPtrArray) rows = g_ptr_array_new();

    for (size_t n = 0; n < map->count; n++) {
        g_ptr_array_add(rows, (gpointer)&map->rows[n]);
    }
    g_ptr_array_sort(rows, row_compare);
    g_string_append_printf(s, "# %s\n\n", title);
    g_string_append(s, "Generated from the register table: do not edit.  "
                    "Sections are those of the 82599\ndatasheet; W1C: a "
                    "written one clears, W1S: sets, RC: a read clears.\n\n"
                    "| Register | Offset | Access | Reset | Writable | "
                    "Section | Meaning here |\n"
                    "|---|---|---|---|---|---|---|\n");
    for (guint n = 0; n < rows->len; n++) {
        markdown_row(s, g_ptr_array_index(rows, n));
    }
    return g_string_free(s, FALSE);
}
