/*
 * What every device of ours promises to the person at the command line: each
 * property has a description, and a device that lacks something it needs is
 * refused with a message and nothing worse.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "libqtest.h"
#include "qobject/qdict.h"
#include "qobject/qlist.h"
#include "qobject/qstring.h"

static const char *const devices[] = {
    "hv-vmbus", "hv-net", "hv-vpci", "ixgbe-vf", "vtd-iommu",
};

/* QEMU's own properties, which every PCI device or device has. */
static bool inherited(const char *name)
{
    static const char *const names[] = {
        "acpi-index", "addr", "busnr", "failover_pair_id", "hotpluggable",
        "hotplugged", "legacy-addr", "multifunction", "parent_bus",
        "realized", "rombar", "romfile", "romsize", "type",
    };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (g_str_equal(name, names[i])) {
            return true;
        }
    }
    return g_str_has_prefix(name, "x-") || strchr(name, '[');
}

static void test_descriptions(const void *data)
{
    const char *device = data;
    QTestState *qts = qtest_init("-machine none");
    QDict *answer = qtest_qmp(qts, "{ 'execute': 'device-list-properties',"
                              " 'arguments': { 'typename': %s } }", device);
    QList *properties = qdict_get_qlist(answer, "return");
    const QListEntry *entry;

    g_assert_nonnull(properties);
    QLIST_FOREACH_ENTRY(properties, entry) {
        QDict *property = qobject_to(QDict, qlist_entry_obj(entry));
        const char *name = qdict_get_str(property, "name");

        if (!inherited(name) && !qdict_haskey(property, "description")) {
            g_test_message("%s: property %s has no description", device, name);
            g_test_fail();
        }
    }
    qobject_unref(answer);
    qtest_quit(qts);
}

/* Plugs without its bus, its network or its link: an error, no crash. */
static void test_refused(const void *data)
{
    const char *device = data;
    QTestState *qts = qtest_init("-machine q35 -nodefaults");
    QDict *answer = qtest_qmp(qts, "{ 'execute': 'device_add', 'arguments':"
                              " { 'driver': %s, 'id': 'd0' } }", device);

    g_assert_true(qdict_haskey(answer, "error"));
    qobject_unref(answer);
    qtest_quit(qts);
}

static bool blocks_migration(QTestState *qts)
{
    QDict *answer = qtest_qmp(qts, "{ 'execute': 'query-migrate' }");
    bool blocked = qdict_haskey(qdict_get_qdict(answer, "return"),
                                "blocked-reasons");

    qobject_unref(answer);
    return blocked;
}

/* A VF on a virtual PCI bus keeps its VM here; one that failed does not. */
static void test_failed_function(void)
{
    QTestState *qts = qtest_init("-accel tcg -S -machine q35 -nodefaults "
                                 "-device hv-vmbus "
                                 "-device vtd-iommu,owner=hypervisor "
                                 "-netdev hubport,id=n0,hubid=0 "
                                 "-device hv-vpci,id=bus");
    QDict *answer = qtest_qmp(qts, "{ 'execute': 'device_add', 'arguments':"
                              " { 'driver': 'ixgbe-vf', 'bus': 'bus.0',"
                              " 'romfile': 'none.rom', 'id': 'vf' } }");

    g_assert_true(qdict_haskey(answer, "error"));
    qobject_unref(answer);
    g_assert_false(blocks_migration(qts));
    qtest_qmp_assert_success(qts, "{ 'execute': 'device_add', 'arguments':"
                             " { 'driver': 'ixgbe-vf', 'bus': 'bus.0',"
                             " 'netdev': 'n0', 'id': 'vf' } }");
    g_assert_true(blocks_migration(qts));
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
        g_autofree char *described = g_strdup_printf(
            "/iovlab/%s/descriptions", devices[i]);
        g_autofree char *refused = g_strdup_printf(
            "/iovlab/%s/refused", devices[i]);

        qtest_add_data_func(described, devices[i], test_descriptions);
        qtest_add_data_func(refused, devices[i], test_refused);
    }
    qtest_add_func("/iovlab/hv-vpci/failed-function", test_failed_function);
    return g_test_run();
}
