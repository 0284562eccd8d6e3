/*
 * What drivers did to the registers of ixgbe and its VFs, done again: each file
 * of tests/qtest/sequences is a test.  A read must give what it gave when the
 * sequence was recorded.  docs/testing.md has the form of the files.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "ixgbe-rig.h"

#define MAX_LOOP 64
/* Of a longer loop (tables of 1,024 SAs) only the ends are done. */
#define MAX_ROUNDS 256u
#define ENDS 16u
/* Virtual time, in us, by which a value may come late. */
#define SLACK 2000
/* Of VFMAILBOX: a read clears. */
#define PASSING (IXGBE_VFMAILBOX_PFSTS | IXGBE_VFMAILBOX_PFACK | \
                 IXGBE_VFMAILBOX_RSTD)

typedef struct Access {
    char kind;                  /* r, w, c */
    int vf;                     /* -1: the PF */
    char name[32];
    unsigned offset, offset_step;
    unsigned value, value_step;
    unsigned size;
    bool checked;
} Access;

typedef struct Replay {
    Pf pf;
    char *file;
    unsigned line;
    bool vf_only;               /* the device is a VF of its own */
    bool sent;                  /* a ring was emptied */
    bool jumped;                /* over the middle of a loop */
    uint32_t early[VFS];        /* of VFMAILBOX: seen before it was then */
    unsigned reads;             /* that were checked */
} Replay;

/* --- files --------------------------------------------------------------- */

/* A number and, in a loop, its step: 1f, 1f+4, 1f-1. */
static bool parse_number(const char *text, unsigned *number, unsigned *step)
{
    char *end;

    *number = strtoul(text, &end, 16);
    *step = *end == '+' || *end == '-' ? strtol(end, &end, 16) : 0;
    return end != text && (*end == '\0' || *end == '/');
}

static bool parse(const char *line, Access *a)
{
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    unsigned count = g_strv_length(words);
    bool config = *line == 'c';
    const char *size;

    if (count != (config ? 4 : 5) || strlen(words[0]) != 1 ||
        !strchr("rwc", *line)) {
        return false;
    }
    *a = (Access) { .kind = *line, .vf = -1, .size = 4 };
    if (sscanf(words[1], "vf%d", &a->vf) != 1 && strcmp(words[1], "pf")) {
        return false;
    }
    g_strlcpy(a->name, config ? "config" : words[2], sizeof(a->name));
    size = strchr(words[count - 2], '/');
    a->size = size ? atoi(size + 1) : 4;
    a->checked = strcmp(words[count - 1], "?") != 0;
    return parse_number(words[count - 2], &a->offset, &a->offset_step) &&
           (!a->checked ||
            parse_number(words[count - 1], &a->value, &a->value_step));
}

/* --- accesses ------------------------------------------------------------ */

static uint64_t register_at(Replay *r, const Access *a, unsigned round)
{
    uint64_t bar = a->vf < 0 ? PF_BAR0 : VF_BAR0 + a->vf * IXGBE_VF_BAR0_SIZE;

    return bar + a->offset + round * a->offset_step;
}

static uint64_t read_at(Replay *r, uint64_t address, unsigned size)
{
    switch (size) {
    case 1:
        return qtest_readb(r->pf.qts, address);
    case 2:
        return qtest_readw(r->pf.qts, address);
    case 8:
        return qtest_readq(r->pf.qts, address);
    default:
        return qtest_readl(r->pf.qts, address);
    }
}

static void write_at(Replay *r, uint64_t address, unsigned size,
                     uint64_t value)
{
    switch (size) {
    case 1:
        qtest_writeb(r->pf.qts, address, value);
        break;
    case 2:
        qtest_writew(r->pf.qts, address, value);
        break;
    case 8:
        qtest_writeq(r->pf.qts, address, value);
        break;
    default:
        qtest_writel(r->pf.qts, address, value);
    }
}

/* The device works beside its registers, and by its clock. */
static bool comes(Replay *r, uint64_t address, unsigned size, uint64_t value)
{
    for (unsigned late = 0; late <= SLACK; late += 20) {
        if (read_at(r, address, size) == value) {
            return true;
        }
        g_usleep(200);
        qtest_clock_step(r->pf.qts, 20 * 1000);
    }
    return false;
}

/* What the PF says may come earlier than it did, and is then gone. */
static void do_mailbox(Replay *r, const Access *a, uint64_t address,
                       uint32_t value)
{
    uint32_t got = r->early[a->vf];

    for (unsigned late = 0; late <= SLACK; late += 20) {
        got = (got & PASSING) | read_at(r, address, 4);
        if (!((got ^ value) & ~(PASSING | IXGBE_VFMAILBOX_PFU)) &&
            !(value & PASSING & ~got)) {
            r->early[a->vf] = got & ~value & PASSING;
            return;
        }
        g_usleep(200);
        qtest_clock_step(r->pf.qts, 20 * 1000);
    }
    g_error("%s:%u: VFMAILBOX is 0x%x, not 0x%x", r->file, r->line, got,
            value);
}

static void do_read(Replay *r, const Access *a, unsigned round)
{
    uint64_t address = register_at(r, a, round);
    uint64_t value = a->value + round * a->value_step;
    uint64_t got;

    r->reads += a->checked && !r->jumped;
    if (!strcmp(a->name, "VFMAILBOX") && a->vf < VFS) {
        do_mailbox(r, a, address, value);
        return;
    }
    got = read_at(r, address, a->size);
    if (a->checked && !r->jumped && got != value &&
        !comes(r, address, a->size, value)) {
        g_error("%s:%u: %s (0x%x) is 0x%" PRIx64 ", not 0x%" PRIx64,
                r->file, r->line, a->name,
                a->offset + round * a->offset_step, got, value);
    }
}

/* Descriptors up to a new tail: frames of 60 bytes, in the old form. */
static void fill_ring(Replay *r, uint64_t ring, unsigned tail)
{
    uint64_t base = qtest_readl(r->pf.qts, ring) |
                    (uint64_t)qtest_readl(r->pf.qts, ring + 4) << 32;
    unsigned count = qtest_readl(r->pf.qts, ring + 8) / 16;
    unsigned at = qtest_readl(r->pf.qts, ring + 0x18);
    uint8_t desc[16];

    g_assert_cmpuint(tail, <, count);
    for (; at != tail; at = (at + 1) % count) {
        wr_le64(desc, BUFFER);
        wr_le32(desc + 8, 60 | IXGBE_TXD_EOP | IXGBE_TXD_IFCS | IXGBE_TXD_RS);
        wr_le32(desc + 12, 0);
        qtest_memwrite(r->pf.qts, base + at * 16, desc, sizeof(desc));
    }
}

static void do_tail(Replay *r, const Access *a, unsigned round)
{
    uint64_t address = register_at(r, a, round);
    uint64_t ring = address - 0x18;
    unsigned tail = a->value + round * a->value_step;

    if (qtest_readl(r->pf.qts, address) == tail ||
        qtest_readl(r->pf.qts, ring + 8) == 0) {
        /* No new descriptor: a ring is set up, or taken away. */
        write_at(r, address, a->size, tail);
        return;
    }
    fill_ring(r, ring, tail);
    write_at(r, address, a->size, tail);
    if (!comes(r, ring + 0x10, 4, tail)) {
        g_error("%s:%u: the ring is not emptied: TDH %u, TDT %u", r->file,
                r->line, qtest_readl(r->pf.qts, ring + 0x10), tail);
    }
    r->sent = true;
}

static void do_config(Replay *r, const Access *a, unsigned round)
{
    unsigned devfn = a->vf < 0 || r->vf_only ? 0 : vf_devfn(a->vf);
    unsigned offset = a->offset + round * a->offset_step;
    unsigned value = a->value + round * a->value_step;

    if (offset == PCI_COMMAND) {
        value |= PCI_COMMAND_MEMORY;
    }
    write_at(r, config_at(1, devfn, offset), a->size, value);
    if (offset == PCIE + PCI_EXP_DEVCTL && devfn == 0 &&
        (value & PCI_EXP_DEVCTL_BCR_FLR)) {
        /* The driver's own addresses are not in the file. */
        (r->vf_only ? set_vf_bars : set_bars)(&r->pf);
    }
}

static void do_access(Replay *r, const Access *a, unsigned round)
{
    if (a->kind == 'c') {
        do_config(r, a, round);
    } else if (a->kind == 'r') {
        do_read(r, a, round);
    } else if (!strcmp(a->name, a->vf < 0 ? "TDT" : "VFTDT")) {
        do_tail(r, a, round);
    } else {
        write_at(r, register_at(r, a, round), a->size,
                 a->value + round * a->value_step);
    }
}

/* --- a test -------------------------------------------------------------- */

static void need_line(Replay *r, bool good)
{
    if (!good) {
        g_error("%s:%u: not a line of a sequence", r->file, r->line);
    }
}

static void begin(Replay *r, const char *device)
{
    r->vf_only = g_str_has_prefix(device, "ixgbe-vf");
    start(&r->pf, "hubport,id=n0,hubid=0", device, "");
    qtest_memset(r->pf.qts, BUFFER, 0x55, 60);
    (r->vf_only ? set_vf_bars : set_bars)(&r->pf);
}

/* Runs the line, or the loop that begins there; the number of lines. */
static unsigned step(Replay *r, char **lines)
{
    Access block[MAX_LOOP];
    unsigned rounds = 1, length = 1, us, first = 0;

    if (sscanf(lines[0], "t %u", &us) == 1) {
        qtest_clock_step(r->pf.qts, us * 1000ll);
        return 1;
    }
    if (sscanf(lines[0], "loop %u %u", &rounds, &length) == 2) {
        need_line(r, length <= MAX_LOOP && length <= g_strv_length(lines) - 1);
        first = 1;
    }
    for (unsigned i = 0; i < length; i++) {
        need_line(r, parse(lines[first + i], &block[i]));
    }
    for (unsigned round = 0; round < rounds; round++) {
        if (rounds > MAX_ROUNDS && round == ENDS) {
            round = rounds - ENDS;
        }
        /* What the round before wrote was not written. */
        r->jumped = rounds > MAX_ROUNDS && round == rounds - ENDS;
        for (unsigned i = 0; i < length; i++) {
            do_access(r, &block[i], round);
        }
    }
    return first + length;
}

static void test_sequence(gconstpointer data)
{
    Replay r = { .file = (char *)data };
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    unsigned at = 0;

    g_assert_true(g_file_get_contents(data, &text, NULL, NULL));
    lines = g_strsplit(g_strchomp(text), "\n", -1);
    while (lines[at] && lines[at][0] == '#') {
        at++;
    }
    r.line = at + 1;
    need_line(&r, lines[at] && g_str_has_prefix(lines[at], "device "));
    begin(&r, lines[at] + strlen("device "));
    for (at++; lines[at];) {
        r.line = at + 1;
        at += step(&r, lines + at);
    }
    g_test_message("%u reads were as recorded", r.reads);
    g_assert_cmpuint(r.reads, >, 10);
    g_assert_true(r.sent);
    qpci_free_pc(r.pf.bus);
    qtest_quit(r.pf.qts);
}

int main(int argc, char **argv)
{
    const char *where = g_getenv("IOVLAB_SEQUENCES") ?:
                        "tests/qtest/sequences";
    GDir *dir = g_dir_open(where, 0, NULL);
    const char *name;

    g_test_init(&argc, &argv, NULL);
    while (dir && (name = g_dir_read_name(dir))) {
        if (g_str_has_suffix(name, ".txt")) {
            g_autofree char *base = g_strndup(name, strlen(name) - 4);
            g_autofree char *path = g_strdup_printf(
                "/iovlab/ixgbe-sequences/%s", base);

            g_test_add_data_func_full(path, g_build_filename(where, name,
                                                             NULL),
                                      test_sequence, g_free);
        }
    }
    if (!dir) {
        g_printerr("no directory %s\n", where);
        return 1;
    }
    g_dir_close(dir);
    return g_test_run();
}
