/*
 * iovlab-registers: writes or checks the register pages in docs/.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>

#include "iovlab/ixgbe_adapter.h"
#include "iovlab/ixgbe_function.h"
#include "iovlab/vtd_unit.h"

static const struct {
    const char *file;
    char *(*page)(void);
} pages[] = {
    { "registers-ixgbe-pf.md", ixgbe_adapter_register_page },
    { "registers-ixgbe-queues.md", ixgbe_pf_register_page },
    { "registers-ixgbe-vf.md", ixgbe_vf_register_page },
    { "registers-vtd-iommu.md", vtd_unit_register_page },
};

static bool check_page(const char *path, const char *page)
{
    g_autofree char *old = NULL;

    if (g_file_get_contents(path, &old, NULL, NULL) && !strcmp(old, page)) {
        return true;
    }
    fprintf(stderr, "%s is not what the register table says: run "
            "build/tools/iovlab-registers --write docs\n", path);
    return false;
}

static bool write_page(const char *path, const char *page)
{
    g_autoptr(GError) error = NULL;

    if (!g_file_set_contents(path, page, -1, &error)) {
        fprintf(stderr, "%s\n", error->message);
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    bool write = argc == 3 && !strcmp(argv[1], "--write");
    bool ok = true;

    if (argc != 3 || (!write && strcmp(argv[1], "--check"))) {
        fprintf(stderr, "Usage: iovlab-registers --check|--write DOCS\n");
        return 2;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(pages); i++) {
        g_autofree char *path = g_build_filename(argv[2], pages[i].file, NULL);
        g_autofree char *page = pages[i].page();

        ok &= write ? write_page(path, page) : check_page(path, page);
    }
    return ok ? 0 : 1;
}
