#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may do what: two users with a VM each, by a policy file."""
# timeout: 240
import os

from guest import main, need
from lab import Lab

POLICY = '''# each tenant looks after its own VM
role Tenant = ViewVirtualMachineConfiguration StartVirtualMachine \
StopVirtualMachine ReconfigureVirtualMachineAdapter
role Watcher = ReadServiceConfiguration ViewVirtualMachineConfiguration
scope red = web
scope blue = mail
assign user 61001 role Tenant scope red
assign user 61002 role Tenant scope blue
assign user 61003 role Watcher
'''


def two_tenants():
    """Two users see and change their own VM only; refusals are events"""
    with Lab('A') as lab:
        policy = os.path.join(lab.dir, 'policy')
        web = lab.vm('web', ip='10.77.0.11/16', up=False)
        lab.vm('mail', ip='10.77.0.12/16')
        web.up()
        web.wait_path('vf')

        # Without a policy nobody but the owner is let in.
        need(lab.show('vm', user='61001') == [], 'a stranger sees VMs')
        text = lab.iovlab('set', '--host', 'A', 'host', 'A', 'EjectLimitMs=5',
                          user='61001', status=1)
        need('not-allowed' in text, text)

        # A file with an error: its line and the reason, and no change.
        with open(policy, 'w', encoding='utf-8') as file:
            file.write(POLICY + 'assign user 5 role Nobody\n')
        text = lab.set('host', 'A', PolicyFile=policy, status=2)
        need('line 9' in text and 'Nobody' in text, text)
        need(lab.show('host')[0]['PolicyFile'] == '', 'it was taken')

        with open(policy, 'w', encoding='utf-8') as file:
            file.write(POLICY)
        lab.set('host', 'A', PolicyFile=policy)
        for user, own, other in (('61001', 'web', 'mail'),
                                 ('61002', 'mail', 'web')):
            seen = [vm['Name'] for vm in lab.show('vm', user=user)]
            need(seen == [own], f'{user} sees {seen}')
            nics = [nic['VMName'] for nic in lab.show('nic', user=user)]
            need(nics == [own], f'{user} sees adapters of {nics}')
            need(lab.show('vf', user=user) == [], f'{user} sees VFs')
            text = lab.iovlab('stop', other, user=user, status=2)
            need('no running host has a VM' in text, text)
            text = lab.iovlab('set', '--host', 'A', 'nic', other + '.0',
                              'IovWeight=0', user=user, status=2)
            need('has no VM' in text, text)
            events = lab.iovlab('events', '--json', user=user)
            need(f'"vm":"{other}"' not in events.replace(' ', ''), events)
            need('not-allowed' not in events, events)
        seen = {vm['Name'] for vm in lab.show('vm', user='61003')}
        need(seen == {'web', 'mail'}, f'{seen}')
        text = lab.iovlab('stop', 'web', user='61003', status=1)
        need('StopVirtualMachine' in text, text)

        # What the role has works, and reaches the guest.
        lab.iovlab('set', 'nic', 'web.0', 'IovWeight=0', user='61001')
        web.wait_path('synthetic')
        lab.iovlab('set', 'nic', 'web.0', 'IovWeight=100', user='61001')
        web.wait_path('vf')
        web.check('true')
        # What it has not: no checkpoint, no monitor, no move.
        text = lab.iovlab('migrate', 'web', '--to', 'B', '--quiet',
                          user='61001', status=1)
        need('MigrateVirtualMachine' in text, text)
        text = lab.iovlab('checkpoint', 'web', 'one', user='61001', status=1)
        need('CheckpointVirtualMachine' in text, text)
        text = lab.iovlab('save', 'web', os.path.join(lab.dir, 'x'),
                          user='61001', status=1)
        need('SaveVirtualMachine' in text, text)

        refused = lab.events('not-allowed')
        told = {(e['operation'], e['user'], e['scope']) for e in refused}
        for expected in (('ReconfigureService', '61001', 'host'),
                         ('ReconfigureVirtualMachineAdapter', '61001', 'blue'),
                         ('ReconfigureVirtualMachineAdapter', '61002', 'red'),
                         ('SaveVirtualMachine', '61001', 'red'),
                         ('StopVirtualMachine', '61003', 'red')):
            need(expected in told, f'{expected} is not among {told}')


main(two_tenants)
