/*
 * The switch port of a VM adapter: VLANs and ACLs as text, and what a VF cannot
 * have.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/port-settings.h"

#include <string.h>

static void vlan_ok(const char *text, PortVlanMode mode, unsigned vid,
                    unsigned count)
{
    g_autofree char *error = NULL;
    uint64_t vids[64] = { 0 };
    unsigned seen = 0;
    PortVlan vlan;

    g_assert_true(port_vlan_parse(text, &vlan, &error));
    g_assert_cmpint(vlan.mode, ==, mode);
    g_assert_cmpuint(vlan.vid, ==, vid);
    port_vlan_collect(&vlan, vids);
    for (unsigned i = 0; i < 4096; i++) {
        seen += vids[i / 64] >> (i % 64) & 1;
    }
    g_assert_cmpuint(seen, ==, count);
}

static void test_vlan(void)
{
    static const char *const wrong[] = {
        "", "Access", "Access:0", "Access:4095", "Access:x", "Trunk:",
        "Trunk:9-3", "Trunk:1,", "Isolated:10:10", "Isolated:10",
        "Untagged:1", "Promiscuous:10", "Nothing:1",
    };

    vlan_ok("untagged", PORT_VLAN_UNTAGGED, 0, 0);
    vlan_ok("access:10", PORT_VLAN_ACCESS, 10, 1);
    vlan_ok("Trunk:5,1-3,4,4094", PORT_VLAN_TRUNK, 0, 6);
    vlan_ok("Trunk:7:8", PORT_VLAN_TRUNK, 8, 2);
    vlan_ok("Isolated:10:20", PORT_VLAN_ISOLATED, 10, 2);
    vlan_ok("Community:10:20", PORT_VLAN_COMMUNITY, 10, 2);
    vlan_ok("Promiscuous:10:20,30", PORT_VLAN_PROMISCUOUS, 10, 3);
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *error = NULL;
        PortVlan vlan = { .mode = PORT_VLAN_ACCESS, .vid = 3 };

        g_assert_false(port_vlan_parse(wrong[i], &vlan, &error));
        g_assert_null(strchr(error, '\n'));
        g_assert_cmpuint(vlan.vid, ==, 3);
    }
}

static void acl_ok(const char *text, const char *back)
{
    g_autofree VswitchAcl *acls = NULL;
    g_autofree char *error = NULL;
    GString *all = g_string_new(NULL);
    unsigned count;

    g_assert_true(port_acls_parse(text, &acls, &count, &error));
    for (unsigned i = 0; i < count; i++) {
        g_autofree char *entry = port_acl_format(&acls[i]);

        g_string_append_printf(all, "%s%s", i ? ";" : "", entry);
    }
    g_assert_cmpstr(all->str, ==, back);
    g_string_free(all, TRUE);
}

static void test_acls(void)
{
    static const char *const wrong[] = {
        "drop:both", "deny:out", "deny:both:remote=10.0.0.0/33",
        "deny:both:remote=here", "deny:both:remoteport=80",
        "deny:both:weight=0", "meter:both:weight=1",
        "deny:both:weight=1,remoteport=80-70", "deny:both:what=1",
        "deny:both;allow",
    };

    acl_ok("", "");
    acl_ok("deny:outbound:remote=10.1.2.3/8",
           "Deny:Outbound:local=ANY,remote=10.0.0.0/8");
    acl_ok("Meter:Both;allow:inbound:local=02:00:00:00:00:0A,"
           "remote=fe80::1/10", "Meter:Both:local=ANY,remote=ANY;"
           "Allow:Inbound:local=02-00-00-00-00-0A,remote=fe80::/10");
    acl_ok("deny:both:weight=5,protocol=tcp,remoteport=1-80",
           "Deny:Both:local=ANY,remote=ANY,weight=5,protocol=6,"
           "remoteport=1-80");
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree VswitchAcl *acls = NULL;
        g_autofree char *error = NULL;
        unsigned count;

        g_assert_false(port_acls_parse(wrong[i], &acls, &count, &error));
        g_assert_null(strchr(error, '\n'));
    }
}

static unsigned reasons(PortProps props)
{
    ReasonList *list = reasons_new();
    unsigned count;

    props.vlan = props.vlan ? props.vlan : (char *)"Untagged";
    props.acls = props.acls ? props.acls : (char *)"";
    port_settings_reasons(&props, list);
    count = list->len;
    reasons_free(list);
    return count;
}

static void test_reasons(void)
{
    g_assert_cmpuint(reasons((PortProps) { 0 }), ==, 0);
    g_assert_cmpuint(reasons((PortProps) { .mac_spoofing = 1,
        .allow_teaming = 1, .priority_tag = 1, .maximum_bandwidth = 11000000,
        .vlan = (char *)"Access:5" }), ==, 0);
    g_assert_cmpuint(reasons((PortProps) { .router_guard = 1 }), ==, 1);
    g_assert_cmpuint(reasons((PortProps) { .dhcp_guard = 1,
        .router_guard = 1, .mirroring = 2, .storm_limit = 1,
        .minimum_weight = 1, .maximum_bandwidth = 8,
        .acls = (char *)"Deny:Both", .vlan = (char *)"Trunk:1" }), ==, 8);
}

static void test_policy(void)
{
    PortProps props = {
        .router_guard = 1, .mirroring = VSWITCH_MIRROR_SOURCE,
        .maximum_bandwidth = 80, .vlan = (char *)"Promiscuous:10:20",
        .acls = (char *)"Deny:Both;Meter:Both",
    };
    VswitchPortConfig config = { 0 };
    PortSettings s;

    port_settings_make(&props, &s);
    port_settings_config(&props, &s, &config);
    g_assert_true(s.policy.router_guard);
    g_assert_false(s.policy.dhcp_guard);
    g_assert_cmpuint(s.policy.n_acls, ==, 2);
    g_assert_cmpint(config.pvlan, ==, VSWITCH_PVLAN_PROMISCUOUS);
    g_assert_cmpuint(config.access_vid, ==, 10);
    g_assert_true(config.vids[0] >> 20 & 1);
    port_settings_clear(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/port-settings/vlan", test_vlan);
    g_test_add_func("/port-settings/acls", test_acls);
    g_test_add_func("/port-settings/reasons", test_reasons);
    g_test_add_func("/port-settings/policy", test_policy);
    return g_test_run();
}
