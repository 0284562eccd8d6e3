/*
 * The QEMU command line of a VM.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host.h"

#include <string.h>
#include <unistd.h>

enum { RECONNECT_MS = 200 };

char *vm_find_qemu(char **error)
{
    const char *env = g_getenv("IOVLAB_QEMU");
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *dir = self ? g_path_get_dirname(self) : NULL;
    g_autofree char *path = NULL;
    static const char *const places[] = {
        "qemu-system-x86_64", "../qemu-system-x86_64",
        "../../build/qemu-system-x86_64", NULL,
    };

    if (env && *env) {
        if (access(env, X_OK) == 0) {
            return g_strdup(env);
        }
        *error = g_strdup_printf("IOVLAB_QEMU: no program '%s'", env);
        return NULL;
    }
    for (const char *const *p = places; dir && *p; p++) {
        g_free(path);
        path = g_build_filename(dir, *p, NULL);
        if (access(path, X_OK) == 0) {
            return g_canonicalize_filename(path, NULL);
        }
    }
    *error = g_strdup("no QEMU with iovlab's devices: run scripts/build-qemu, "
                      "or set IOVLAB_QEMU");
    return NULL;
}

static void add(GPtrArray *args, const char *option, const char *fmt, ...)
    G_GNUC_PRINTF(3, 4);

static void add(GPtrArray *args, const char *option, const char *fmt, ...)
{
    va_list ap;

    g_ptr_array_add(args, g_strdup(option));
    if (fmt) {
        va_start(ap, fmt);
        g_ptr_array_add(args, g_strdup_vprintf(fmt, ap));
        va_end(ap);
    }
}

/* Commas in values of QEMU's options are doubled. */
static char *escape(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);

    return g_strjoinv(",,", parts);
}

static void add_serial(GPtrArray *args, const Vm *vm, const char *id)
{
    g_autofree char *sock = vm_path(vm, NULL);
    g_autofree char *dir = escape(sock);

    add(args, "-chardev", "socket,id=%s,path=%s/%s.sock,server=on,wait=off,"
        "logfile=%s/%s.log,logappend=on", id, dir, id, dir, id);
    add(args, "-serial", "chardev:%s", id);
}

/* The instance follows the address: it must be the same elsewhere. */
char *nic_instance(const VmNic *nic)
{
    const uint8_t *mac = nic->config->mac;

    return g_strdup_printf("f8615163-%04x-1000-2000-%02x%02x%02x%02x%02x%02x",
                           nic->index, mac[0], mac[1], mac[2], mac[3], mac[4],
                           mac[5]);
}

static void add_nic(GPtrArray *args, const VmNic *nic)
{
    g_autofree char *path = host_path(nic->vm->host, "link.sock");
    g_autofree char *link = escape(path);
    g_autofree char *mac = mac_format(nic->config->mac);
    g_autofree char *instance = nic_instance(nic);

    add(args, "-chardev", "socket,id=nic%u,path=%s,reconnect-ms=%d",
        nic->index, link, RECONNECT_MS);
    add(args, "-device", "hv-net,id=net%u,link=nic%u,vm=%s,nic=%u,mac=%s,"
        "instance-id=%s", nic->index, nic->index, nic->vm->config.name,
        nic->index, mac, instance);
}

static void add_boot(GPtrArray *args, const VmSettings *s)
{
    if (*s->kernel) {
        add(args, "-kernel", "%s", s->kernel);
        add(args, "-append", "%s", s->append);
    }
    if (*s->initrd) {
        add(args, "-initrd", "%s", s->initrd);
    }
    if (*s->disk) {
        g_autofree char *disk = escape(s->disk);

        add(args, "-drive", "file=%s,if=virtio", disk);
    }
}

static void add_options(GPtrArray *args, const char *text)
{
    g_auto(GStrv) argv = NULL;

    if (g_shell_parse_argv(text, NULL, &argv, NULL)) {
        for (char **p = argv; *p; p++) {
            add(args, *p, NULL);
        }
    }
}

GStrv vm_args(Vm *vm, bool incoming, char **error)
{
    const VmSettings *s = &vm->config.s;
    g_autofree char *qemu = vm_find_qemu(error);
    g_autofree char *dir = NULL;
    g_autofree char *sock = NULL;
    GPtrArray *args;

    if (!qemu) {
        return NULL;
    }
    args = g_ptr_array_new();
    dir = vm_path(vm, NULL);
    sock = escape(dir);
    add(args, qemu, NULL);
    add(args, "-name", "%s", vm->config.name);
    add(args, "-machine", "q35");
    add(args, "-accel", "tcg");
    add(args, "-m", "%" PRIu64, s->memory_mb);
    add(args, "-smp", "%" PRIu64, s->smp);
    add(args, "-nodefaults", NULL);
    add(args, "-no-user-config", NULL);
    add(args, "-display", "none");
    add(args, "-chardev", "socket,id=qmp,path=%s/qmp.sock,server=on,wait=off",
        sock);
    add(args, "-mon", "chardev=qmp,mode=control");
    add_serial(args, vm, "console");
    add_serial(args, vm, "agent");
    add(args, "-device", "hv-vmbus,id=vmbus");
    add(args, "-device", "vtd-iommu,owner=hypervisor");
    VM_FOR_EACH_NIC(vm, nic) {
        add_nic(args, nic);
    }
    add_boot(args, s);
    if (incoming) {
        add(args, "-incoming", "defer");
    }
    add_options(args, s->options);
    g_ptr_array_add(args, NULL);
    return (GStrv)g_ptr_array_free(args, FALSE);
}
