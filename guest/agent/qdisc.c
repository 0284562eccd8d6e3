/*
 * What the guest's own queueing disciplines dropped: such a frame never
 * reached a device.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "agent.h"

#include <linux/gen_stats.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static uint32_t queue_drops(const struct rtattr *stats)
{
    int left = RTA_PAYLOAD(stats);

    for (const struct rtattr *a = RTA_DATA(stats); RTA_OK(a, left);
         a = RTA_NEXT(a, left)) {
        struct gnet_stats_queue queue;

        if (a->rta_type == TCA_STATS_QUEUE &&
            RTA_PAYLOAD(a) >= sizeof(queue)) {
            memcpy(&queue, RTA_DATA(a), sizeof(queue));
            return queue.drops;
        }
    }
    return 0;
}

/* A discipline with queues of its own counts what they dropped: roots only. */
static uint32_t message_drops(const struct nlmsghdr *msg, int ifindex)
{
    const struct tcmsg *tc = NLMSG_DATA(msg);
    int left = TCA_PAYLOAD(msg);

    if (msg->nlmsg_type != RTM_NEWQDISC || tc->tcm_ifindex != ifindex ||
        tc->tcm_parent != TC_H_ROOT) {
        return 0;
    }
    for (const struct rtattr *a = TCA_RTA(tc); RTA_OK(a, left);
         a = RTA_NEXT(a, left)) {
        if (a->rta_type == TCA_STATS2) {
            return queue_drops(a);
        }
    }
    return 0;
}

/* True once the answer has ended. */
static bool read_answer(int fd, int ifindex, uint32_t *drops)
{
    _Alignas(struct nlmsghdr) char buf[32768];
    int left = recv(fd, buf, sizeof(buf), 0);

    if (left <= 0) {
        return true;
    }
    for (const struct nlmsghdr *msg = (void *)buf; NLMSG_OK(msg, left);
         msg = NLMSG_NEXT(msg, left)) {
        if (msg->nlmsg_type == NLMSG_DONE || msg->nlmsg_type == NLMSG_ERROR) {
            return true;
        }
        *drops += message_drops(msg, ifindex);
    }
    return false;
}

uint32_t qdisc_drops(int ifindex)
{
    struct {
        struct nlmsghdr head;
        struct tcmsg tc;
    } request = {
        .head = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct tcmsg)),
                  .nlmsg_type = RTM_GETQDISC,
                  .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
        .tc = { .tcm_family = AF_UNSPEC },
    };
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    uint32_t drops = 0;

    if (fd < 0) {
        return 0;
    }
    if (send(fd, &request, request.head.nlmsg_len, 0) > 0) {
        while (!read_answer(fd, ifindex, &drops)) {
        }
    }
    close(fd);
    return drops;
}
