/*
 * Waiting for something to become true of a VM.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host.h"

typedef struct VmWaiter {
    Vm *vm;
    VmCondition condition;
    VmWaited waited;
    void *opaque;
    guint timer;
    guint idle;
} VmWaiter;

static void waiter_end(VmWaiter *w, bool ok)
{
    Vm *vm = w->vm;

    vm->waiters = g_list_remove(vm->waiters, w);
    g_clear_handle_id(&w->timer, g_source_remove);
    g_clear_handle_id(&w->idle, g_source_remove);
    w->waited(vm, w->opaque, ok);
    g_free(w);
}

static gboolean waiter_timeout(gpointer opaque)
{
    VmWaiter *w = opaque;

    w->timer = 0;
    waiter_end(w, false);
    return G_SOURCE_REMOVE;
}

static gboolean waiter_check(gpointer opaque)
{
    VmWaiter *w = opaque;

    w->idle = 0;
    if (w->condition(w->vm, w->opaque)) {
        waiter_end(w, true);
    }
    return G_SOURCE_REMOVE;
}

void vm_wait(Vm *vm, VmCondition condition, unsigned timeout_ms,
             VmWaited waited, void *opaque)
{
    VmWaiter *w = g_new0(VmWaiter, 1);

    w->vm = vm;
    w->condition = condition;
    w->waited = waited;
    w->opaque = opaque;
    w->timer = g_timeout_add(timeout_ms, waiter_timeout, w);
    w->idle = g_idle_add(waiter_check, w);
    vm->waiters = g_list_append(vm->waiters, w);
}

void vm_poke(Vm *vm)
{
    for (GList *l = vm->waiters; l; l = l->next) {
        VmWaiter *w = l->data;

        if (!w->idle) {
            w->idle = g_idle_add(waiter_check, w);
        }
    }
}

void vm_wait_abort(Vm *vm)
{
    while (vm->waiters) {
        waiter_end(vm->waiters->data, false);
    }
}
