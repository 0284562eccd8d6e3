/*
 * A VM's configuration: what it is made of, and its form on its way to
 * another host or to a file.
 *
 *   { "name": ..., "properties": { ... },
 *     "nics": [ { "index": 0, "properties": { ... } } ] }
 *
 * The properties are those of vm-props.c and nic-props.c that can be set.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host.h"

#include "base/jsonline.h"
#include "base/rundir.h"

#include <string.h>

void vm_config_init(VmConfig *config, const char *name)
{
    memset(config, 0, sizeof(*config));
    config->name = g_strdup(name);
    props_init(&vm_kind, &config->s);
}

void vm_config_clear(VmConfig *config)
{
    g_free(config->name);
    props_clear(&vm_kind, &config->s);
    for (unsigned i = 0; i < NICS_MAX; i++) {
        if (config->nic[i].present) {
            props_clear(&nic_kind, &config->nic[i]);
        }
    }
    memset(config, 0, sizeof(*config));
}

void vm_config_copy(VmConfig *to, const VmConfig *from)
{
    memset(to, 0, sizeof(*to));
    to->name = g_strdup(from->name);
    props_copy(&vm_kind, &to->s, &from->s);
    for (unsigned i = 0; i < NICS_MAX; i++) {
        if (from->nic[i].present) {
            props_copy(&nic_kind, &to->nic[i], &from->nic[i]);
        }
    }
}

JsonObject *vm_config_to_json(const VmConfig *config)
{
    JsonObject *object = iov_args("s:name", config->name, NULL);
    JsonArray *nics = json_array_new();

    json_object_set_object_member(object, "properties",
                                  props_save(&vm_kind, &config->s));
    for (unsigned i = 0; i < NICS_MAX; i++) {
        JsonObject *nic;

        if (config->nic[i].present) {
            nic = iov_args("i:index", (int)i, NULL);
            json_object_set_object_member(nic, "properties",
                                          props_save(&nic_kind,
                                                     &config->nic[i]));
            json_array_add_object_element(nics, nic);
        }
    }
    json_object_set_array_member(object, "nics", nics);
    return object;
}

static bool load_nic(VmConfig *config, unsigned place, JsonNode *node,
                     PropError *error)
{
    JsonObject *nic = JSON_NODE_HOLDS_OBJECT(node) ?
        json_node_get_object(node) : NULL;
    int64_t index = nic ? json_int(nic, "index", place) : -1;
    JsonObject *values = json_obj(nic, "properties");

    if (index < 0 || index >= NICS_MAX || config->nic[index].present) {
        return prop_fail(error, ERR_BAD_ARGUMENT, "network adapters have "
                         "numbers from 0 to %d, each once", NICS_MAX - 1);
    }
    props_init(&nic_kind, &config->nic[index]);
    config->nic[index].present = true;
    return !values || props_load(&nic_kind, &config->nic[index], values,
                                 error);
}

bool vm_config_from_json(VmConfig *config, JsonObject *object,
                         PropError *error)
{
    const char *name = json_str(object, "name", "");
    JsonObject *values = json_obj(object, "properties");
    JsonArray *nics = json_arr(object, "nics");
    bool ok = true;

    vm_config_init(config, name);
    if (!name_valid(name)) {
        ok = prop_fail(error, ERR_BAD_ARGUMENT, "'%s' is not a name for a VM: "
                       "1 to 32 letters, digits, '_' or '-'", name);
    } else if (values) {
        ok = props_load(&vm_kind, &config->s, values, error);
    }
    for (guint i = 0; ok && nics && i < json_array_get_length(nics); i++) {
        ok = load_nic(config, i, json_array_get_element(nics, i), error);
    }
    if (!ok) {
        vm_config_clear(config);
    }
    return ok;
}
