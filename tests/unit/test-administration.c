/*
 * What the host's administration decides without any process: the pool of
 * addresses, the network of a migration, and who may do what.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/mac-pool.h"
#include "host/networks.h"
#include "host/roles.h"

#include <string.h>

/* --- addresses ----------------------------------------------------------- */

static bool in_use[256];

static bool used(void *opaque, const uint8_t mac[6])
{
    return in_use[mac[5]];
}

static void test_pool(void)
{
    static const uint8_t ip[4] = { 192, 168, 7, 9 };
    static const uint8_t low[6] = { 0, 0x15, 0x5d, 7, 9, 0x10 };
    static const uint8_t high[6] = { 0, 0x15, 0x5d, 7, 9, 0x12 };
    static const uint8_t far[6] = { 2, 0x15, 0x5d, 7, 9, 0x12 };
    uint8_t mac[6];
    MacPool pool, other;

    mac_pool_init(&pool, ip);
    g_assert_cmpuint(mac_pool_size(&pool), ==, 256);
    memset(in_use, 0, sizeof(in_use));
    for (unsigned i = 0; i < 256; i++) {
        g_assert_true(mac_pool_take(&pool, used, NULL, mac));
        g_assert_cmpuint(mac[3], ==, 7);
        g_assert_cmpuint(mac[4], ==, 9);
        g_assert_cmpuint(mac[5], ==, i);
        in_use[mac[5]] = true;
    }
    g_assert_false(mac_pool_take(&pool, used, NULL, mac));
    /* In turn: what is free again comes when its turn comes. */
    in_use[0x80] = in_use[0x20] = false;
    g_assert_true(mac_pool_take(&pool, used, NULL, mac));
    g_assert_cmpuint(mac[5], ==, 0x20);
    in_use[0x20] = false;
    g_assert_true(mac_pool_take(&pool, used, NULL, mac));
    g_assert_cmpuint(mac[5], ==, 0x80);
    /* A range of one's own. */
    memset(in_use, 0, sizeof(in_use));
    other = pool;
    g_assert_true(mac_pool_set(&pool, low, high));
    g_assert_cmpuint(mac_pool_size(&pool), ==, 3);
    g_assert_true(mac_pool_take(&pool, used, NULL, mac));
    g_assert_cmpuint(mac[5], ==, 0x10);
    g_assert_false(mac_pool_set(&pool, high, low));
    g_assert_false(mac_pool_set(&pool, low, far));
    g_assert_cmpuint(mac_pool_size(&pool), ==, 3);
    g_assert_true(mac_pool_overlap(&pool, &other));
    g_assert_true(mac_pool_has(&pool, high));
    g_assert_false(mac_pool_has(&pool, far));
    mac_pool_init(&other, (const uint8_t[4]) { 10, 0, 7, 8 });
    g_assert_false(mac_pool_overlap(&pool, &other));
}

/* --- networks ------------------------------------------------------------ */

static HostNetworks parse(const char *text)
{
    g_autofree char *error = NULL;
    g_autofree char *back = NULL;
    HostNetworks networks;

    g_assert_true(networks_parse(text, &networks, &error));
    back = networks_format(&networks);
    g_assert_cmpstr(back, ==, text);
    return networks;
}

static void test_networks(void)
{
    static const char *const wrong[] = {
        "lan", "lan=", "lan=10.0.0.1", "lan=10.0.0.1/0", "=10.0.0.1/8",
        "lan=10.0.0.1/31", "lan=10.0.0.300/8", "a=10.0.0.1/8,a=10.1.0.1/8",
        "a=10.0.0.1/8,", "a=1.0.0.1/8,b=2.0.0.1/8,c=3.0.0.1/8,d=4.0.0.1/8,"
        "e=5.0.0.1/8,f=6.0.0.1/8,g=7.0.0.1/8,h=8.0.0.1/8,i=9.0.0.1/8",
    };
    HostNetworks a = parse("lan=10.0.0.1/16,backup=10.5.0.1/16");
    HostNetworks good = parse("lan=10.0.0.2/16,store=10.9.0.2/24");
    HostNetworks bad = parse("store=10.9.0.2/24,lan=10.0.0.2/16");
    HostNetworks apart = parse("store=10.9.0.2/24");
    char *order[] = { (char *)"none", (char *)"lan", NULL };
    NetworkChoice choice;

    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *error = NULL;
        HostNetworks same = a;

        g_assert_false(networks_parse(wrong[i], &same, &error));
        g_assert_nonnull(error);
        g_assert_cmpuint(same.count, ==, 2);
    }
    choice = networks_choose(&good, NULL, &a);
    g_assert_cmpstr(choice.here->name, ==, "lan");
    g_assert_true(choice.there == &a.network[0]);
    choice = networks_choose(&bad, NULL, &a);
    g_assert_null(choice.here);
    g_assert_cmpstr(choice.would->name, ==, "lan");
    choice = networks_choose(&bad, order, &a);
    g_assert_cmpstr(choice.here->name, ==, "lan");
    choice = networks_choose(&apart, NULL, &a);
    g_assert_null(choice.here);
    g_assert_null(choice.would);
}

/* --- roles --------------------------------------------------------------- */

static const char policy[] =
    "# two tenants, and one who looks after all\n"
    "role Tenant = ViewVirtualMachineConfiguration StartVirtualMachine\n"
    "role All = *\n"
    "\n"
    "scope red = web db\n"
    "scope blue = mail   # only one\n"
    "assign user 1001 role Tenant scope red\n"
    "assign user 1002 role Tenant scope blue\n"
    "assign group 50 role All\n";

static bool allowed(const Roles *roles, uid_t uid, Operation op,
                    const char *vm, const char *expected_scope)
{
    const Caller caller = { .uid = uid };
    const char *scope;
    bool ok = roles_allow(roles, &caller, op, vm, &scope);

    g_assert_cmpstr(scope, ==, expected_scope);
    return ok;
}

static void test_roles(void)
{
    static const gid_t groups[] = { 7, 50 };
    const Caller member = { .uid = 5, .groups = groups, .n_groups = 2 };
    g_autofree char *error = NULL;
    Roles *roles = roles_parse(policy, &error);

    g_assert_nonnull(roles);
    g_assert_true(allowed(roles, 1001, OP_VIEW_VM, "web", "red"));
    g_assert_true(allowed(roles, 1001, OP_START_VM, "db", "red"));
    g_assert_false(allowed(roles, 1001, OP_CHECKPOINT_VM, "web", "red"));
    g_assert_false(allowed(roles, 1001, OP_VIEW_VM, "mail", "blue"));
    g_assert_false(allowed(roles, 1001, OP_VIEW_VM, "other", "host"));
    g_assert_false(allowed(roles, 1001, OP_VIEW_HOST, NULL, "host"));
    g_assert_true(allowed(roles, 1002, OP_VIEW_VM, "mail", "blue"));
    g_assert_false(allowed(roles, 1003, OP_VIEW_VM, "web", "red"));
    g_assert_true(roles_allow(roles, &member, OP_CONFIGURE_HOST, NULL, NULL));
    g_assert_true(roles_allow(roles, &member, OP_DELETE_VM, "web", NULL));
    roles_free(roles);
}

static void test_policy_errors(void)
{
    static const struct {
        const char *text, *line;
    } wrong[] = {
        { "\nrule a = *", "line 2:" },
        { "role a", "line 1:" },
        { "role a = Fly", "line 1:" },
        { "role a = *\nrole a = *", "line 2:" },
        { "role a = *\n\nassign user 1 role b", "line 3:" },
        { "role a = *\nassign user 1 role a scope s", "line 2:" },
        { "role a = *\nassign user no-such-user-here role a", "line 2:" },
        { "role a = *\nassign users 1 role a", "line 2:" },
        { "scope s = ../x", "line 1:" },
        { "scope host = x", "line 1:" },
        { "role a = \xff\xfe", "line 1:" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *error = NULL;

        g_assert_null(roles_parse(wrong[i].text, &error));
        g_assert_true(g_str_has_prefix(error, wrong[i].line));
        g_assert_null(strchr(error, '\n'));
    }
}

static void test_operations(void)
{
    for (unsigned i = 0; i < OPERATIONS; i++) {
        g_assert_nonnull(operation_name((Operation)i));
        g_assert_nonnull(operation_text((Operation)i));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/administration/pool", test_pool);
    g_test_add_func("/administration/networks", test_networks);
    g_test_add_func("/administration/roles", test_roles);
    g_test_add_func("/administration/policy_errors", test_policy_errors);
    g_test_add_func("/administration/operations", test_operations);
    return g_test_run();
}
