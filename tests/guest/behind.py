# SPDX-License-Identifier: GPL-2.0-or-later
"""Any guest behind a remapping unit: IOVLAB_UNIT says which and in what mode.

    IOVLAB_UNIT=strict tests/guest/test_ixgbe_offloads.py

scripts/test runs a test once as it is and once in each mode that a comment of
the test names, as in "# behind: strict lazy-6.12 reference-lazy".
"""
import os
import re

OURS = 'vtd-iommu'
# The same guests run on QEMU's own unit: a difference is seen as one.
REFERENCE = 'intel-iommu,intremap=on,eim=on'
# Linux looks for timer interrupts for some 40 ms, in which a busy machine may
# run the processor and not the timer; with remapping it then panics.
APPEND = 'intel_iommu=on no_timer_check '
# A failed DMA is trouble as well.
FAULTS = r'|DMAR.*(?:fault|error)|INTR-REMAP'

# Mode: the unit's options, more of the kernel's command line, and whether
# devices' addresses are translated.
MODES = {
    'strict': ('', 'iommu.strict=1 ', True),
    'lazy': ('', 'iommu.strict=0 ', True),
    'pt': ('', 'iommu=pt ', False),
    'scalable': (',x-scalable-mode=on,x-flts=on', '', True),
    'cm': (',caching-mode=on', '', True),
}
MODE = os.environ.get('IOVLAB_UNIT', '')
# What a mode may end in: whose kernel a test has that does not choose one.
NEWER = '-6.12'
SUITE = 'trixie' if MODE.endswith(NEWER) else 'bookworm'


class Behind:
    """What a guest needs for one mode of MODES, or 'reference-' and one."""

    def __init__(self, mode):
        mode = mode.removesuffix(NEWER)
        self.ours = not mode.startswith('reference-')
        options, append, self.translated = MODES[
            mode if self.ours else mode.split('-', 1)[1]]
        unit = OURS + ',id=unit' if self.ours else REFERENCE
        self.devices = ['-device', unit + options]
        self.append = APPEND + append

    @staticmethod
    def trouble(pattern):
        return re.compile(pattern.pattern + FAULTS)

    def absent(self, console):
        """What shows that the guest did not use the unit in this mode."""
        kind = 'Translated' if self.translated else 'Passthrough'
        for line in ('Enabled IRQ remapping in x2apic mode',
                     f'Default domain type: {kind}'):
            if line not in console:
                return f'no "{line}" on the console'
        return None

    def blocked(self, have):
        """What is wrong with the statistics of a unit of ours."""
        if have['faults']:
            return f'the unit blocked requests: {have}'
        if self.translated and not have['iotlb-hits']:
            return f'nothing was translated: {have}'
        return None
