#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""MAC addresses of VMs: the host's pool, and two owners of one address."""
# timeout: 300
from guest import main, need
from lab import Lab, Peer

LOW, HIGH = '00:15:5d:07:07:00', '00:15:5d:07:07:02'


def exhausted():
    """The pool is given in turn; an exhausted one is an error"""
    with Lab('A') as lab:
        Peer(lab)
        lab.set('host', 'A', MacAddressMinimum=LOW, MacAddressMaximum=HIGH)
        text = lab.set('host', 'A', MacAddressMaximum='02:15:5d:07:07:02',
                       status=2)
        need('first three bytes' in text, text)
        lab.iovlab('new', 'vm', 'old')
        lab.iovlab('new', 'nic', 'old.0')
        web = lab.vm('web', ip='10.77.0.11/16,10.78.0.11/16', nics=2)
        macs = [web.nic(i)['MacAddress'] for i in range(2)]
        need(macs == ['00:15:5d:07:07:01', HIGH], f'in turn: {macs}')
        web.check('grep -qi 00:15:5d:07:07:01 /sys/class/net/eth0/address')
        web.wait('ping -c 1 -W 2 10.77.0.1')
        # The third is a VM's that is off: it is given again, in its turn.
        lab.iovlab('new', 'nic', 'web.2')
        need(web.nic(2)['MacAddress'] == LOW, web.nic(2)['MacAddress'])
        text = lab.iovlab('start', 'old', status=1)
        need('mac-in-use' in text and LOW in text and 'web' in text, text)
        # Now there is none.
        text = lab.iovlab('new', 'nic', 'web.3', status=1)
        need('mac-exhausted' in text and 'MacAddressMaximum' in text, text)
        need(len([n for n in lab.show('nic') if n['VMName'] == 'web']) == 3,
             'an adapter was made')
        web.check('true')
        lab.iovlab('remove', 'nic', 'web.2')
        lab.iovlab('new', 'nic', 'web.3')
        need(web.nic(3)['MacAddress'] == LOW, web.nic(3)['MacAddress'])


def duplicate():
    """Two live owners of one address are told of, with both places"""
    with Lab('A', 'B') as lab:
        Peer(lab)
        mac = '00:15:5d:09:09:09'
        one = lab.vm('one', host='A', ip='10.77.0.11/16',
                     options=['--mac', mac], up=False)
        two = lab.vm('two', host='B', ip='10.77.0.12/16',
                     options=['--mac', mac])
        one.up()
        text = lab.iovlab('run', '--host', 'A', '--name', 'three', '--mac',
                          mac, '--detach', status=1)
        need('mac-in-use' in text and 'one' in text, text)
        one.run('ping -c 15 -i 0.2 -W 1 10.77.0.1 > /dev/null &')
        two.run('ping -c 15 -i 0.2 -W 1 10.77.0.1 > /dev/null')
        event = lab.wait_event('mac-conflict', host='tor')
        need(event['mac'] == mac and {event['at'], event['other']} ==
             {'A', 'B'}, f'{event}')
        event = lab.wait_event('mac-conflict', host='A')
        need(event['at'] == 'one.0' and event['other'] == 'uplink',
             f'{event}')
        # The two hosts' pools are apart; set alike, doctor finds it.
        need('pool' not in lab.iovlab('doctor'), 'pools overlap already')
        lab.set('host', 'A', Ipv4Address='192.168.5.7')
        lab.set('host', 'B', Ipv4Address='10.0.5.7')
        text = lab.iovlab('doctor', status=1)
        need('MacPoolOverlap' in text and 'A' in text and 'B' in text, text)


main(exhausted, duplicate)
