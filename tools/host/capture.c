/*
 * Captures at the ports of a host.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host.h"

#include "base/pcapng.h"

struct Capture {
    char *port;
    Pcapng *pcap;
};

static Capture *capture_find(Host *host, const char *port)
{
    for (GList *l = host->captures; l; l = l->next) {
        Capture *c = l->data;

        if (g_str_equal(c->port, port)) {
            return c;
        }
    }
    return NULL;
}

bool capture_start(Host *host, const char *port, const char *path,
                   ClientFile *file, PropError *error)
{
    g_autoptr(GError) gerror = NULL;
    Pcapng *pcap;
    Capture *c;

    if (capture_find(host, port)) {
        return prop_fail(error, ERR_FAILED, "port '%s' is captured already",
                         port);
    }
    if (file && !client_file_create(file, error)) {
        return false;
    }
    pcap = file ? pcapng_open_fd(client_file_take_fd(file), path, port,
                                 &gerror) : pcapng_open(path, port, &gerror);
    if (!pcap) {
        return prop_fail(error, ERR_FAILED, "%s", gerror->message);
    }
    c = g_new0(Capture, 1);
    c->port = g_strdup(port);
    c->pcap = pcap;
    host->captures = g_list_append(host->captures, c);
    return true;
}

bool capture_stop(Host *host, const char *port, GError **error)
{
    Capture *c = capture_find(host, port);
    bool ok;

    if (!c) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                    "port '%s' is not captured", port);
        return false;
    }
    host->captures = g_list_remove(host->captures, c);
    ok = pcapng_close(c->pcap, error);
    g_free(c->port);
    g_free(c);
    return ok;
}

void capture_stop_all(Host *host)
{
    while (host->captures) {
        Capture *c = host->captures->data;
        g_autofree char *port = g_strdup(c->port);

        capture_stop(host, port, NULL);
    }
}

void capture_frame(Host *host, const char *port, bool in, const uint8_t *frame,
                   size_t len)
{
    Capture *c = host->captures ? capture_find(host, port) : NULL;

    if (c) {
        pcapng_write(c->pcap, in ? PCAPNG_INBOUND : PCAPNG_OUTBOUND, frame,
                     len);
    }
}
