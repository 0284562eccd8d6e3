/*
 * The iovlab command.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "cmd/cmd.h"
#include "demo/demo.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

static const Command commands[] = {
    { "demo", "[OPTION...]", "run a scenario on two simulated hosts",
      demo_main },
    { "host start", "NAME", "start a simulated host", cmd_host_start },
    { "host stop", "NAME", "end a host (and its VMs)", cmd_host_stop },
    { "run", "--host NAME --name VM [-- QEMU-OPTION...]",
      "start a VM and join its console", cmd_run },
    { "start", "VM", "start a VM that is off", cmd_start },
    { "console", "VM", "join the console of a VM", cmd_console },
    { "vf attach", "VM", "give a VM's network adapter a VF", cmd_vf_attach },
    { "vf detach", "VM", "take its VF away", cmd_vf_detach },
    { "migrate", "VM --to NAME", "move a running VM to another host",
      cmd_migrate },
    { "pause", "VM", "stop a VM's processors", cmd_pause },
    { "resume", "VM", "let them go on", cmd_resume },
    { "reset", "VM", "press its reset button", cmd_reset },
    { "checkpoint", "VM NAME", "save a VM's state; it goes on",
      cmd_checkpoint },
    { "revert", "VM NAME", "take a VM back to a checkpoint", cmd_revert },
    { "save", "VM FILE", "save a VM to a file and end it", cmd_save },
    { "restore", "--host NAME FILE", "start a saved VM", cmd_restore },
    { "show", "[host|adapter|switch|vm|nic|vf|tor] [NAME]",
      "show objects and their properties", cmd_show },
    { "top", "[HOST...]", "watch every VM's network adapters", cmd_top },
    { "set", "KIND NAME PROPERTY=VALUE...", "change properties of an object",
      cmd_set },
    { "new", "KIND NAME [PROPERTY=VALUE...]",
      "make an adapter, a switch, a VM or a VM's network adapter", cmd_new },
    { "remove", "KIND NAME", "remove one", cmd_remove },
    { "restart", "adapter NAME", "restart an adapter's PF driver",
      cmd_restart },
    { "events", "[HOST...]", "show what happened, and happens", cmd_events },
    { "doctor", "", "say what is wrong, and what to do", cmd_doctor },
    { "capture", "HOST PORT [FILE]", "capture a port, or stop it",
      cmd_capture },
    { "stop", "[NAME...]", "power VMs off, end hosts", cmd_stop },
    { "tor", "start|port-add NAME|port-remove NAME|stop",
      "the top-of-rack switch (started by `host start`)", cmd_tor },
    { NULL },
};

static const Command *current;

const Command *cmd_current(void)
{
    return current;
}

static void usage(FILE *out)
{
    fputs("Usage: iovlab COMMAND [OPTION...]\n\n"
          "Hyper-V's SR-IOV networking without the hardware: hosts, VMs, VFs "
          "and live\nmigration.\n\nCommands:\n", out);
    for (const Command *c = commands; c->name; c++) {
        fprintf(out, "  %-11s %s\n", c->name, c->help);
    }
    fputs("\n`iovlab COMMAND --help` tells more.\n", out);
}

/* The command that the words name; *words is how many they are. */
static const Command *find(int argc, char **argv, int *words)
{
    for (const Command *c = commands; c->name; c++) {
        const char *space = strchr(c->name, ' ');
        g_autofree char *two = argc > 2 ?
            g_strconcat(argv[1], " ", argv[2], NULL) : NULL;

        if (!space && argc > 1 && g_str_equal(argv[1], c->name)) {
            *words = 1;
            return c;
        }
        if (space && two && g_str_equal(two, c->name)) {
            *words = 2;
            return c;
        }
    }
    return NULL;
}

/* `iovlab vf`, `iovlab host --help`: the commands that start so. */
static bool usage_of_group(const char *word, FILE *out)
{
    g_autofree char *prefix = g_strconcat(word, " ", NULL);
    bool any = false;

    for (const Command *c = commands; c->name; c++) {
        if (g_str_has_prefix(c->name, prefix)) {
            fprintf(out, "%s iovlab %s %s\n", any ? "      " : "Usage:",
                    c->name, c->args);
            any = true;
        }
    }
    return any;
}

int main(int argc, char **argv)
{
    int words = 0;

    setlocale(LC_ALL, "");
    g_set_prgname("iovlab");
    if (argc < 2) {
        usage(stderr);
        return EXIT_USAGE;
    }
    if (g_str_equal(argv[1], "--help") || g_str_equal(argv[1], "-h") ||
        g_str_equal(argv[1], "help")) {
        usage(stdout);
        return EXIT_DONE;
    }
    if (g_str_equal(argv[1], "--version")) {
        puts("iovlab " IOVLAB_VERSION);
        return EXIT_DONE;
    }
    current = find(argc, argv, &words);
    if (!current) {
        bool help = argc > 2 && g_str_equal(argv[2], "--help");

        if (usage_of_group(argv[1], help ? stdout : stderr)) {
            return help ? EXIT_DONE : EXIT_USAGE;
        }
        cmd_fail(EXIT_USAGE, "no command '%s': see `iovlab --help`", argv[1]);
    }
    argv[words] = argv[0];
    return current->run(argc - words, argv + words);
}
