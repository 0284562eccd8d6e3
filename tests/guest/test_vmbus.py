#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""hv-vmbus turns on Hyper-V's interface, and Linux takes it for Hyper-V."""
# timeout: 180
from guest import Guest, image, main, need, need_device


def connect(guest):
    guest.up()
    guest.wait_console('Hypervisor detected: Microsoft Hyper-V', 1)
    guest.wait_console('Vmbus version:5.3', 5)


def one_cpu():
    """One CPU: hv_vmbus binds and speaks version 5.3"""
    with Guest(devices=['-device', 'hv-vmbus']) as guest:
        connect(guest)
        guest.check('test -d /sys/bus/vmbus/drivers/hv_netvsc')


def four_cpus():
    """Four CPUs come up, go offline and online again"""
    with Guest(devices=['-device', 'hv-vmbus'], smp=4) as guest:
        connect(guest)
        need(guest.check('nproc') == '4', 'not four CPUs')
        guest.check('echo 0 > /sys/devices/system/cpu/cpu3/online')
        guest.check('echo 1 > /sys/devices/system/cpu/cpu3/online')
        need(guest.check('nproc') == '4', 'not four CPUs after that')


def reload_driver():
    """The driver unloads (UNLOAD) and binds again"""
    with Guest(devices=['-device', 'hv-vmbus']) as guest:
        connect(guest)
        guest.check('rmmod hv_netvsc pci_hyperv hv_vmbus')
        guest.check('modprobe hv_netvsc')
        need(guest.console().count('Vmbus version:5.3') == 2,
             'not bound a second time')


def newer_kernel():
    """Debian 13's kernel (6.12) binds too"""
    with Guest(devices=['-device', 'hv-vmbus'], smp=2,
               kernel=image('--suite', 'trixie')) as guest:
        guest.up(90)
        guest.wait_console('Vmbus version:5.3', 5)


need_device('hv-vmbus')
main(one_cpu, four_cpus, reload_driver, newer_kernel)
