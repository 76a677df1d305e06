#!/usr/bin/env python3
"""The unit keeps what a service of systemd can be kept from (TAP)."""
import re
import shutil
import subprocess
import tempfile

NAME = 'the exposure that systemd computes is at most 1.5 of 10'

if not shutil.which('systemd-analyze'):
    print('1..0 # SKIP no systemd-analyze')
    raise SystemExit
with open('systemd/tocsin.service', encoding='utf-8') as file:
    unit = file.read().replace('@BINDIR@', '/usr/bin')
with tempfile.NamedTemporaryFile('w', suffix='.service') as file:
    file.write(unit)
    file.flush()
    done = subprocess.run(['systemd-analyze', 'security', '--offline=true',
                           '--no-pager', file.name], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
figure = re.search(r'Overall exposure level.*: (\d+\.\d+)', done.stdout)
if not figure:
    print('1..0 # SKIP this systemd-analyze cannot say')
    raise SystemExit
good = float(figure[1]) <= 1.5
print('%s 1 - %s' % ('ok' if good else 'not ok', NAME))
print('# it is', figure[1])
print('1..1')
raise SystemExit(not good)
