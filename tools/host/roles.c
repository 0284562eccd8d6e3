/*
 * Roles, scopes and assignments: see roles.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/roles.h"

#include "base/rundir.h"

#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <string.h>

static const struct {
    const char *name, *text;
} operations[OPERATIONS] = {
    [OP_VIEW_HOST] = { "ReadServiceConfiguration",
        "see the host, its adapters, switches and events" },
    [OP_CONFIGURE_HOST] = { "ReconfigureService",
        "change the host's settings, end the host" },
    [OP_CREATE_SWITCH] = { "CreateVirtualSwitch", "make a switch" },
    [OP_DELETE_SWITCH] = { "DeleteVirtualSwitch", "remove a switch" },
    [OP_CONFIGURE_SWITCH] = { "ModifySwitchSettings", "change a switch" },
    [OP_CONFIGURE_ADAPTER] = { "ModifyPhysicalAdapter",
        "change, add or remove a physical adapter" },
    [OP_CAPTURE] = { "CaptureTraffic", "capture the frames of a port" },
    [OP_CREATE_VM] = { "CreateVirtualMachine", "make a VM" },
    [OP_DELETE_VM] = { "DeleteVirtualMachine", "remove a VM" },
    [OP_VIEW_VM] = { "ViewVirtualMachineConfiguration",
        "see a VM and its events" },
    [OP_CONFIGURE_VM] = { "ReconfigureVirtualMachine",
        "change a VM's settings" },
    [OP_CONFIGURE_VM_ADAPTER] = { "ReconfigureVirtualMachineAdapter",
        "change, add or remove a VM's network adapter, give it a VF" },
    [OP_START_VM] = { "StartVirtualMachine", "start a VM" },
    [OP_STOP_VM] = { "StopVirtualMachine", "power a VM off" },
    [OP_PAUSE_VM] = { "PauseAndRestartVirtualMachine",
        "pause, resume or reset a VM" },
    [OP_SAVE_VM] = { "SaveVirtualMachine", "save a VM, restore one" },
    [OP_CHECKPOINT_VM] = { "CheckpointVirtualMachine",
        "make, apply or remove a checkpoint" },
    [OP_MIGRATE_VM] = { "MigrateVirtualMachine",
        "move a VM to another host, take one from there" },
    [OP_CONSOLE] = { "AllowInputToVirtualMachine",
        "send keys and questions to a VM's QMP monitor" },
};

const char *operation_name(Operation op)
{
    return operations[op].name;
}

const char *operation_text(Operation op)
{
    return operations[op].text;
}

typedef struct Role {
    char *name;
    uint64_t operations;        /* a bit each */
} Role;

typedef struct Scope {
    char *name;
    GStrv vms;
} Scope;

typedef struct Assignment {
    bool group;
    uint32_t id;
    const Role *role;
    const Scope *scope;         /* NULL: the host with everything */
} Assignment;

struct Roles {
    GPtrArray *roles;
    GPtrArray *scopes;
    GPtrArray *assignments;
};

static void role_free(gpointer data)
{
    Role *role = data;

    g_free(role->name);
    g_free(role);
}

static void scope_free(gpointer data)
{
    Scope *scope = data;

    g_free(scope->name);
    g_strfreev(scope->vms);
    g_free(scope);
}

static Roles *roles_new(void)
{
    Roles *roles = g_new0(Roles, 1);

    roles->roles = g_ptr_array_new_with_free_func(role_free);
    roles->scopes = g_ptr_array_new_with_free_func(scope_free);
    roles->assignments = g_ptr_array_new_with_free_func(g_free);
    return roles;
}

void roles_free(Roles *roles)
{
    if (roles) {
        g_ptr_array_unref(roles->roles);
        g_ptr_array_unref(roles->scopes);
        g_ptr_array_unref(roles->assignments);
        g_free(roles);
    }
}

/* --- reading ------------------------------------------------------------- */

static Role *find_role(const Roles *roles, const char *name)
{
    for (guint i = 0; i < roles->roles->len; i++) {
        Role *role = roles->roles->pdata[i];

        if (g_str_equal(role->name, name)) {
            return role;
        }
    }
    return NULL;
}

static Scope *find_scope(const Roles *roles, const char *name)
{
    for (guint i = 0; i < roles->scopes->len; i++) {
        Scope *scope = roles->scopes->pdata[i];

        if (g_str_equal(scope->name, name)) {
            return scope;
        }
    }
    return NULL;
}

static char *read_role(Roles *roles, char **word)
{
    g_autofree Role *role = NULL;

    if (g_strv_length(word) < 4 || !g_str_equal(word[2], "=")) {
        return g_strdup("role NAME = OPERATION... is needed");
    }
    if (!name_valid(word[1]) || find_role(roles, word[1])) {
        return g_strdup_printf("'%s' is %s", word[1], name_valid(word[1]) ?
                               "a role already" : "not a name");
    }
    role = g_new0(Role, 1);
    for (char **w = word + 3; *w; w++) {
        unsigned op = 0;

        if (g_str_equal(*w, "*")) {
            role->operations = ~UINT64_C(0);
            continue;
        }
        while (op < OPERATIONS && !g_str_equal(operations[op].name, *w)) {
            op++;
        }
        if (op == OPERATIONS) {
            return g_strdup_printf("there is no operation '%s'", *w);
        }
        role->operations |= UINT64_C(1) << op;
    }
    role->name = g_strdup(word[1]);
    g_ptr_array_add(roles->roles, g_steal_pointer(&role));
    return NULL;
}

static char *read_scope(Roles *roles, char **word)
{
    Scope *scope;

    if (g_strv_length(word) < 4 || !g_str_equal(word[2], "=")) {
        return g_strdup("scope NAME = VM... is needed");
    }
    if (!name_valid(word[1]) || find_scope(roles, word[1]) ||
        g_str_equal(word[1], "host")) {
        return g_strdup_printf("'%s' is %s", word[1], name_valid(word[1]) ?
                               "a scope already" : "not a name");
    }
    for (char **w = word + 3; *w; w++) {
        if (!name_valid(*w)) {
            return g_strdup_printf("'%s' is not a name of a VM", *w);
        }
    }
    scope = g_new0(Scope, 1);
    scope->name = g_strdup(word[1]);
    scope->vms = g_strdupv(word + 3);
    g_ptr_array_add(roles->scopes, scope);
    return NULL;
}

static bool find_id(bool group, const char *name, uint32_t *id)
{
    guint64 number;

    if (g_ascii_string_to_unsigned(name, 10, 0, UINT32_MAX - 1, &number,
                                   NULL)) {
        *id = number;
        return true;
    }
    if (group) {
        const struct group *entry = getgrnam(name);

        *id = entry ? entry->gr_gid : 0;
        return entry != NULL;
    } else {
        const struct passwd *entry = getpwnam(name);

        *id = entry ? entry->pw_uid : 0;
        return entry != NULL;
    }
}

static char *read_assignment(Roles *roles, char **word)
{
    unsigned count = g_strv_length(word);
    bool group = count > 1 && g_str_equal(word[1], "group");
    Assignment a = { .group = group };
    bool scoped = count == 7;

    if ((count != 5 && count != 7) ||
        !(group || g_str_equal(word[1], "user")) ||
        !g_str_equal(word[3], "role") ||
        (scoped && !g_str_equal(word[5], "scope"))) {
        return g_strdup("assign user|group WHO role ROLE [scope SCOPE] is "
                        "needed");
    }
    a.role = find_role(roles, word[4]);
    a.scope = scoped ? find_scope(roles, word[6]) : NULL;
    if (!a.role || (scoped && !a.scope)) {
        return g_strdup_printf("there is no %s '%s' above", a.role ? "scope" :
                               "role", a.role ? word[6] : word[4]);
    }
    if (!find_id(group, word[2], &a.id)) {
        return g_strdup_printf("there is no %s '%s'", group ? "group" :
                               "user", word[2]);
    }
    g_ptr_array_add(roles->assignments, g_memdup2(&a, sizeof(a)));
    return NULL;
}

static char *read_line(Roles *roles, char *line)
{
    static const struct {
        const char *word;
        char *(*read)(Roles *roles, char **word);
    } statements[] = {
        { "role", read_role }, { "scope", read_scope },
        { "assign", read_assignment },
    };
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    char *comment = strchr(line, '#');

    if (comment) {
        *comment = '\0';
    }
    for (char *w = strtok(line, " \t\r"); w; w = strtok(NULL, " \t\r")) {
        g_ptr_array_add(words, w);
    }
    g_ptr_array_add(words, NULL);
    if (!words->pdata[0]) {
        return NULL;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(statements); i++) {
        if (g_str_equal(words->pdata[0], statements[i].word)) {
            return statements[i].read(roles, (char **)words->pdata);
        }
    }
    return g_strdup_printf("'%s': role, scope or assign is needed",
                           (char *)words->pdata[0]);
}

Roles *roles_parse(const char *text, char **error)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    Roles *roles = roles_new();

    for (unsigned i = 0; lines[i]; i++) {
        g_autofree char *why = g_utf8_validate(lines[i], -1, NULL) ?
            read_line(roles, lines[i]) : g_strdup("this is no UTF-8 text");

        if (why) {
            *error = g_strdup_printf("line %u: %s", i + 1, why);
            roles_free(roles);
            return NULL;
        }
    }
    return roles;
}

Roles *roles_load(const char *path, char **error)
{
    g_autoptr(GError) gerror = NULL;
    g_autofree char *text = NULL;
    g_autofree char *why = NULL;
    Roles *roles;

    if (!g_file_get_contents(path, &text, NULL, &gerror)) {
        *error = g_strdup(gerror->message);
        return NULL;
    }
    roles = roles_parse(text, &why);
    if (!roles) {
        *error = g_strdup_printf("%s, %s", path, why);
    }
    return roles;
}

/* --- asking -------------------------------------------------------------- */

static bool is_for(const Assignment *a, const Caller *caller)
{
    if (!a->group) {
        return a->id == caller->uid;
    }
    for (unsigned i = 0; i < caller->n_groups; i++) {
        if (a->id == caller->groups[i]) {
            return true;
        }
    }
    return false;
}

bool roles_allow(const Roles *roles, const Caller *caller, Operation op,
                 const char *vm, const char **scope)
{
    const char *seen = NULL;
    bool allowed = false;

    for (guint i = 0; i < roles->scopes->len && vm && !seen; i++) {
        const Scope *s = roles->scopes->pdata[i];

        seen = g_strv_contains((const char *const *)s->vms, vm) ? s->name :
            NULL;
    }
    for (guint i = 0; i < roles->assignments->len && !allowed; i++) {
        const Assignment *a = roles->assignments->pdata[i];

        if (!is_for(a, caller) || !(a->role->operations >> op & 1)) {
            continue;
        }
        if (!a->scope) {
            allowed = true;
        } else if (vm && g_strv_contains((const char *const *)a->scope->vms,
                                         vm)) {
            allowed = true;
            seen = a->scope->name;
        }
    }
    if (scope) {
        *scope = seen ? seen : "host";
    }
    return allowed;
}
