/*
 * The emulator itself: it says which iovlab it was built from, and a q35
 * machine without any default device starts.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "libqtest.h"
#include "qobject/qdict.h"

static void test_version(void)
{
    QTestState *qts = qtest_init("-machine q35 -nodefaults");
    QDict *answer = qtest_qmp(qts, "{ 'execute': 'query-version' }");
    QDict *version = qdict_get_qdict(answer, "return");

    g_assert_nonnull(version);
    g_assert_true(strstr(qdict_get_str(version, "package"), "iovlab"));
    qobject_unref(answer);
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/iovlab/machine/version", test_version);
    return g_test_run();
}
