/*
 * Properties of a VM adapter's switch port, as text.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/port-settings.h"

static void expect(PortSettings *s, const char *name, const char *value,
                   const char *back)
{
    g_autofree char *error = NULL;
    g_autofree char *got = NULL;

    g_assert_true(port_setting_set(s, name, value, NULL, &error));
    got = port_setting_get(s, name);
    g_assert_cmpstr(got, ==, back);
}

static void refuse(PortSettings *s, const char *name, const char *value)
{
    g_autofree char *before = port_setting_get(s, name);
    g_autofree char *after = NULL;
    g_autofree char *error = NULL;

    g_assert_false(port_setting_set(s, name, value, NULL, &error));
    g_assert_nonnull(error);
    g_assert_null(strchr(error, '\n'));
    after = port_setting_get(s, name);
    g_assert_cmpstr(before, ==, after);
}

static void test_values(void)
{
    PortSettings s = { 0 };

    expect(&s, "routerguard", "on", "On");
    expect(&s, "RouterGuard", "Off", "Off");
    expect(&s, "PortMirroring", "source", "Source");
    expect(&s, "MaximumBandwidth", "80000000", "80000000");
    expect(&s, "MinimumBandwidthWeight", "100", "100");
    refuse(&s, "RouterGuard", "yes");
    refuse(&s, "PortMirroring", "");
    refuse(&s, "MaximumBandwidth", "9");
    refuse(&s, "MaximumBandwidth", "-8");
    refuse(&s, "MaximumBandwidth", "1e9");
    refuse(&s, "MinimumBandwidthWeight", "101");
    refuse(&s, "StormLimit", "4294967296");
    port_settings_clear(&s);
}

static void test_unknown(void)
{
    PortSettings s = { 0 };
    g_autofree char *error = NULL;
    bool known = true;

    g_assert_false(port_setting_set(&s, "Nothing", "1", &known, &error));
    g_assert_false(known);
    g_assert_null(port_setting_get(&s, "Nothing"));
    g_assert_null(port_setting_help("Nothing"));
    for (unsigned i = 0; port_setting_name(i); i++) {
        g_assert_nonnull(port_setting_help(port_setting_name(i)));
    }
}

static void test_vlan(void)
{
    PortSettings s = { 0 };

    expect(&s, "Vlan", "access:10", "Access:10");
    expect(&s, "Vlan", "Trunk:5,1-3,4,4094", "Trunk:1-5,4094:0");
    expect(&s, "Vlan", "Trunk:7:7", "Trunk:7:7");
    expect(&s, "Vlan", "Isolated:10:20", "Isolated:10:20");
    expect(&s, "Vlan", "Promiscuous:10:20,30", "Promiscuous:10:20,30");
    refuse(&s, "Vlan", "Access");
    refuse(&s, "Vlan", "Access:0");
    refuse(&s, "Vlan", "Access:4095");
    refuse(&s, "Vlan", "Trunk:");
    refuse(&s, "Vlan", "Trunk:9-3");
    refuse(&s, "Vlan", "Isolated:10:10");
    refuse(&s, "Vlan", "Untagged:1");
    refuse(&s, "Vlan", "");
    expect(&s, "Vlan", "Untagged", "Untagged");
    port_settings_clear(&s);
}

static void test_acl_text(void)
{
    PortSettings s = { 0 };

    expect(&s, "Acls", "deny:outbound:remote=10.1.2.3/8",
           "Deny:Outbound:local=ANY,remote=10.0.0.0/8");
    expect(&s, "Acls", "Meter:Both;allow:inbound:local=02:00:00:00:00:0A,"
           "remote=fe80::1/10", "Meter:Both:local=ANY,remote=ANY;"
           "Allow:Inbound:local=02-00-00-00-00-0A,remote=fe80::/10");
    expect(&s, "Acls", "deny:both:weight=5,protocol=tcp,remoteport=1-80",
           "Deny:Both:local=ANY,remote=ANY,weight=5,protocol=6,"
           "remoteport=1-80");
    refuse(&s, "Acls", "drop:both");
    refuse(&s, "Acls", "deny:both:remote=10.0.0.0/33");
    refuse(&s, "Acls", "deny:both:remote=here");
    refuse(&s, "Acls", "deny:both:remoteport=80");
    refuse(&s, "Acls", "deny:both:weight=0");
    refuse(&s, "Acls", "meter:both:weight=1");
    refuse(&s, "Acls", "deny:both:weight=1,remoteport=80-70");
    refuse(&s, "Acls", "deny:both:what=1");
    expect(&s, "Acls", "", "");
    port_settings_clear(&s);
}

static void test_json(void)
{
    PortSettings s = { 0 }, t = { 0 };
    g_autofree char *error = NULL;
    g_autofree char *vlan = NULL;
    JsonObject *object;

    expect(&s, "RouterGuard", "On", "On");
    expect(&s, "Vlan", "Access:10", "Access:10");
    expect(&s, "Acls", "Deny:Both", "Deny:Both:local=ANY,remote=ANY");
    object = port_settings_to_json(&s);
    g_assert_cmpuint(json_object_get_size(object), ==, 3);
    g_assert_true(port_settings_from_json(&t, object, &error));
    vlan = port_setting_get(&t, "Vlan");
    g_assert_cmpstr(vlan, ==, "Access:10");
    g_assert_cmpuint(t.n_acls, ==, 1);
    json_object_set_string_member(object, "DhcpGuard", "perhaps");
    g_assert_false(port_settings_from_json(&t, object, &error));
    g_assert_false(t.dhcp_guard);
    json_object_unref(object);
    port_settings_clear(&s);
    port_settings_clear(&t);
}

static void test_veto(void)
{
    static const char *const vetoed[][2] = {
        { "RouterGuard", "On" }, { "DhcpGuard", "On" },
        { "Acls", "Deny:Both" }, { "PortMirroring", "Source" },
        { "StormLimit", "5" }, { "MinimumBandwidthWeight", "5" },
        { "Vlan", "Trunk:1-5" }, { "Vlan", "Isolated:1:2" },
    };
    static const char *const enforced[][2] = {
        { "MacAddressSpoofing", "On" }, { "AllowTeaming", "On" },
        { "Vlan", "Access:5" }, { "MaximumBandwidth", "80000000" },
        { "IeeePriorityTag", "On" },
    };
    const char *text;

    for (size_t i = 0; i < G_N_ELEMENTS(vetoed); i++) {
        PortSettings s = { 0 };
        char *error = NULL;

        g_assert_null(port_settings_veto(&s, &text));
        port_setting_set(&s, vetoed[i][0], vetoed[i][1], NULL, &error);
        g_assert_nonnull(port_settings_veto(&s, &text));
        port_settings_clear(&s);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(enforced); i++) {
        PortSettings s = { 0 };
        char *error = NULL;

        port_setting_set(&s, enforced[i][0], enforced[i][1], NULL, &error);
        g_assert_null(port_settings_veto(&s, &text));
        port_settings_clear(&s);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/port-settings/values", test_values);
    g_test_add_func("/port-settings/unknown", test_unknown);
    g_test_add_func("/port-settings/vlan", test_vlan);
    g_test_add_func("/port-settings/acls", test_acl_text);
    g_test_add_func("/port-settings/json", test_json);
    g_test_add_func("/port-settings/veto", test_veto);
    return g_test_run();
}
