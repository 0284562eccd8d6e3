/*
 * Driver statistics of every interface, as `ethtool -S` reads them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "agent.h"

#include <ifaddrs.h>
#include <inttypes.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define STATS_MAX 2048

static bool ethtool(int fd, const char *name, void *cmd)
{
    struct ifreq ifr = { .ifr_data = cmd };

    strncpy(ifr.ifr_name, name, IFNAMSIZ - 1);
    return ioctl(fd, SIOCETHTOOL, &ifr) == 0;
}

static void one_netdev(FILE *out, int fd, const char *name, int ifindex)
{
    struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
    struct ethtool_gstrings *strings;
    struct ethtool_stats *stats;
    const char *sep = "";
    uint32_t n;

    if (!ethtool(fd, name, &info)) {
        info.n_stats = 0;
        info.driver[0] = 0;
    }
    n = info.n_stats < STATS_MAX ? info.n_stats : STATS_MAX;
    fprintf(out, "{\"name\":\"%s\",\"driver\":\"%.32s\",\"qdisc_drops\":%u,"
            "\"stats\":{", name, info.driver, qdisc_drops(ifindex));
    strings = calloc(1, sizeof(*strings) + (size_t)n * ETH_GSTRING_LEN);
    stats = calloc(1, sizeof(*stats) + n * sizeof(uint64_t));
    if (strings && stats) {
        strings->cmd = ETHTOOL_GSTRINGS;
        strings->string_set = ETH_SS_STATS;
        strings->len = n;
        stats->cmd = ETHTOOL_GSTATS;
        stats->n_stats = n;
        if (n && ethtool(fd, name, strings) && ethtool(fd, name, stats)) {
            for (uint32_t i = 0; i < n; i++) {
                fprintf(out, "%s\"%.32s\":%" PRIu64, sep,
                        (char *)strings->data + i * ETH_GSTRING_LEN,
                        (uint64_t)stats->data[i]);
                sep = ",";
            }
        }
    }
    free(strings);
    free(stats);
    fputs("}}", out);
}

void netdev_report(FILE *out)
{
    struct if_nameindex *names = if_nameindex();
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const char *sep = "";

    fputs("\"netdevs\":[", out);
    for (struct if_nameindex *n = names; n && n->if_index; n++) {
        if (strcmp(n->if_name, "lo") != 0) {
            fputs(sep, out);
            one_netdev(out, fd, n->if_name, n->if_index);
            sep = ",";
        }
    }
    fputc(']', out);
    if (names) {
        if_freenameindex(names);
    }
    if (fd >= 0) {
        close(fd);
    }
}
