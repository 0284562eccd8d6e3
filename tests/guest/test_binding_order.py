#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Migration networks: hosts with several networks and a binding order."""
# timeout: 300
import os

from guest import main, need
from lab import Lab, Peer


def binding_order():
    """The order decides: a wrong one refuses a live migration, not a save"""
    with Lab('A', 'B') as lab:
        peer = Peer(lab)
        vm = lab.vm('web', ip='10.77.0.11/16')
        vm.wait_path('vf')
        lab.set('host', 'A', Networks='lan=10.1.0.1/16,backup=10.5.0.1/16')
        text = lab.set('host', 'B', Networks='lan=10.1.0.2', status=2)
        need('NAME=ADDRESS/PREFIX' in text, text)
        lab.set('host', 'B', Networks='store=10.9.0.2/24,lan=10.1.0.2/16')

        text = lab.iovlab('migrate', 'web', '--to', 'B', '--quiet', status=1)
        need('no network is available for this operation' in text
             and 'no-network' in text, text)
        ids = [event['id'] for event in lab.events(host='B')
               if event['event'].startswith('migrate-') and 'id' in event]
        need(ids == [21126, 21111], f'events at the destination: {ids}')
        need([v['Name'] for v in lab.show('vm', 'A')] == ['web'], 'it is gone')
        text = lab.iovlab('doctor', status=1)
        need('store' in text and 'lan' in text and 'B' in text, text)
        vm.wait('ping -c 1 -W 2 10.77.0.1')

        # A file needs no network.
        file = os.path.join(lab.dir, 'web.saved')
        lab.iovlab('save', 'web', file)
        lab.iovlab('restore', '--host', 'B', file)
        vm.connect('B')
        vm.wait('ping -c 1 -W 2 10.77.0.1')

        # And back: A's first network has B in it.
        vm.wait_path('vf')
        lab.iovlab('migrate', 'web', '--to', 'A', '--quiet')
        event = lab.wait_event('migrate-network', vm='web')
        need(event['network'] == 'lan', f'{event}')
        vm.connect('A')
        vm.wait('ping -c 1 -W 2 10.77.0.1')

        # The right order, or a list of networks for migrations.
        lab.set('host', 'B', UseAnyNetworkForMigration='false',
                MigrationNetworks='store,lan')
        lab.iovlab('migrate', 'web', '--to', 'B', '--quiet')
        vm.connect('B')
        vm.wait_path('vf')
        vm.wait('ping -c 1 -W 5 10.77.0.1')
        need(peer.frames, 'no traffic')


main(binding_order)
