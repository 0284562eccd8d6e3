/*
 * A VM's configuration, and the QEMU command line made of it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host.h"

#include "base/jsonline.h"
#include "base/rundir.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    MEMORY_MIN = 64, MEMORY_MAX = 1024 * 1024, MEMORY_DEFAULT = 512,
    SMP_MAX = 64,
    IOV_WEIGHT_MAX = 100,
    RECONNECT_MS = 200,
};

char *mac_format(const uint8_t mac[6])
{
    return g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
                           mac[2], mac[3], mac[4], mac[5]);
}

/* Six hexadecimal bytes with ':' or '-' between; a unicast address. */
bool mac_parse(const char *text, uint8_t mac[6])
{
    unsigned b[6];
    char end;

    if (strlen(text) != 17 ||
        strspn(text, "0123456789abcdefABCDEF:-") != 17) {
        return false;
    }
    if (sscanf(text, "%2x%*1[:-]%2x%*1[:-]%2x%*1[:-]%2x%*1[:-]%2x%*1[:-]%2x%c",
               &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &end) != 6) {
        return false;
    }
    for (int i = 0; i < 6; i++) {
        mac[i] = b[i];
    }
    return !(mac[0] & 1) && (b[0] | b[1] | b[2] | b[3] | b[4] | b[5]);
}

void vm_config_clear(VmConfig *config)
{
    g_free(config->name);
    g_free(config->kernel);
    g_free(config->initrd);
    g_free(config->append);
    g_free(config->disk);
    g_strfreev(config->extra);
    memset(config, 0, sizeof(*config));
}

void vm_config_copy(VmConfig *to, const VmConfig *from)
{
    *to = *from;
    to->name = g_strdup(from->name);
    to->kernel = g_strdup(from->kernel);
    to->initrd = g_strdup(from->initrd);
    to->append = g_strdup(from->append);
    to->disk = g_strdup(from->disk);
    to->extra = g_strdupv(from->extra);
}

static void set_text(JsonObject *object, const char *name, const char *text)
{
    if (text) {
        json_object_set_string_member(object, name, text);
    }
}

JsonObject *vm_config_to_json(const VmConfig *config)
{
    JsonObject *object = iov_args("s:name", config->name,
                                  "i:memory", (int)config->memory_mb,
                                  "i:smp", (int)config->smp, NULL);
    JsonArray *nics = json_array_new();
    JsonArray *extra = json_array_new();

    set_text(object, "kernel", config->kernel);
    set_text(object, "initrd", config->initrd);
    set_text(object, "append", config->append);
    set_text(object, "disk", config->disk);
    for (unsigned i = 0; i < config->nics; i++) {
        g_autofree char *mac = mac_format(config->mac[i]);

        json_array_add_object_element(nics,
            iov_args("s:mac", mac, "i:iov-weight",
                     (int)config->iov_weight[i], NULL));
    }
    json_object_set_array_member(object, "nics", nics);
    for (char **p = config->extra; p && *p; p++) {
        json_array_add_string_element(extra, *p);
    }
    json_object_set_array_member(object, "extra", extra);
    return object;
}

static char *check_file(const char *what, const char *path)
{
    if (path && access(path, R_OK) != 0) {
        return g_strdup_printf("%s: no readable file '%s'", what, path);
    }
    return NULL;
}

static char *parse_nics(VmConfig *config, JsonArray *nics)
{
    unsigned count = nics ? json_array_get_length(nics) : 0;

    if (count < 1 || count > NICS_MAX) {
        return g_strdup_printf("a VM has 1 to %d network adapters", NICS_MAX);
    }
    config->nics = count;
    for (unsigned i = 0; i < count; i++) {
        JsonNode *node = json_array_get_element(nics, i);
        JsonObject *nic = JSON_NODE_HOLDS_OBJECT(node) ?
            json_node_get_object(node) : NULL;
        const char *mac = nic ? json_str(nic, "mac", NULL) : NULL;
        int64_t weight = nic ? json_int(nic, "iov-weight", 100) : 100;

        if (mac && !mac_parse(mac, config->mac[i])) {
            return g_strdup_printf("'%s' is not a MAC address of a station",
                                   mac);
        }
        if (weight < 0 || weight > IOV_WEIGHT_MAX) {
            return g_strdup_printf("IovWeight is 0 to %d", IOV_WEIGHT_MAX);
        }
        config->iov_weight[i] = weight;
    }
    return NULL;
}

static void parse_extra(VmConfig *config, JsonArray *extra)
{
    GPtrArray *list = g_ptr_array_new();

    for (guint i = 0; extra && i < json_array_get_length(extra); i++) {
        JsonNode *node = json_array_get_element(extra, i);

        if (JSON_NODE_HOLDS_VALUE(node) &&
            json_node_get_value_type(node) == G_TYPE_STRING) {
            g_ptr_array_add(list, g_strdup(json_node_get_string(node)));
        }
    }
    g_ptr_array_add(list, NULL);
    config->extra = (GStrv)g_ptr_array_free(list, FALSE);
}

bool vm_config_from_json(VmConfig *config, JsonObject *object, char **error)
{
    const char *name = json_str(object, "name", "");
    int64_t memory = json_int(object, "memory", MEMORY_DEFAULT);
    int64_t smp = json_int(object, "smp", 1);

    memset(config, 0, sizeof(*config));
    config->kernel = g_strdup(json_str(object, "kernel", NULL));
    config->initrd = g_strdup(json_str(object, "initrd", NULL));
    config->append = g_strdup(json_str(object, "append", NULL));
    config->disk = g_strdup(json_str(object, "disk", NULL));
    config->name = g_strdup(name);
    parse_extra(config, json_arr(object, "extra"));
    if (!name_valid(name)) {
        *error = g_strdup_printf("'%s' is not a name for a VM: 1 to 32 "
                                 "letters, digits, '_' or '-'", name);
    } else if (memory < MEMORY_MIN || memory > MEMORY_MAX) {
        *error = g_strdup_printf("memory is %d to %d MiB", MEMORY_MIN,
                                 MEMORY_MAX);
    } else if (smp < 1 || smp > SMP_MAX) {
        *error = g_strdup_printf("a VM has 1 to %d processors", SMP_MAX);
    } else {
        config->memory_mb = memory;
        config->smp = smp;
        *error = parse_nics(config, json_arr(object, "nics"));
    }
    if (!*error) {
        *error = check_file("kernel", config->kernel);
    }
    if (!*error) {
        *error = check_file("initrd", config->initrd);
    }
    if (!*error) {
        *error = check_file("disk", config->disk);
    }
    if (*error) {
        vm_config_clear(config);
    }
    return !*error;
}

/* --- the command line -------------------------------------------------- */

/* $IOVLAB_QEMU, or the one beside the program, or scripts/qemu's. */
static char *find_qemu(char **error)
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

static void add_nic(GPtrArray *args, const Vm *vm, unsigned index)
{
    const uint8_t *mac = vm->config.mac[index];
    g_autofree char *path = host_path(vm->host, "link.sock");
    g_autofree char *link = escape(path);
    g_autofree char *text = mac_format(mac);

    add(args, "-chardev", "socket,id=nic%u,path=%s,reconnect-ms=%d", index,
        link, RECONNECT_MS);
    /* The instance follows the address: it must be the same elsewhere. */
    add(args, "-device", "hv-net,id=net%u,link=nic%u,vm=%s,nic=%u,mac=%s,"
        "instance-id=f8615163-%04x-1000-2000-%02x%02x%02x%02x%02x%02x",
        index, index, vm->config.name, index, text, index, mac[0], mac[1],
        mac[2], mac[3], mac[4], mac[5]);
}

GStrv vm_args(const Vm *vm, bool incoming, char **error)
{
    const VmConfig *c = &vm->config;
    g_autofree char *qemu = find_qemu(error);
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
    add(args, "-name", "%s", c->name);
    add(args, "-machine", "q35");
    add(args, "-accel", "tcg");
    add(args, "-m", "%u", c->memory_mb);
    add(args, "-smp", "%u", c->smp);
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
    for (unsigned i = 0; i < c->nics; i++) {
        add_nic(args, vm, i);
    }
    if (c->kernel) {
        add(args, "-kernel", "%s", c->kernel);
    }
    if (c->initrd) {
        add(args, "-initrd", "%s", c->initrd);
    }
    if (c->kernel) {
        add(args, "-append", "%s", c->append ? c->append : "console=ttyS0");
    }
    if (c->disk) {
        g_autofree char *disk = escape(c->disk);

        add(args, "-drive", "file=%s,if=virtio", disk);
    }
    if (incoming) {
        add(args, "-incoming", "defer");
    }
    for (char **p = c->extra; p && *p; p++) {
        add(args, *p, NULL);
    }
    g_ptr_array_add(args, NULL);
    return (GStrv)g_ptr_array_free(args, FALSE);
}
