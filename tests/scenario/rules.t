#!/usr/bin/env python3
"""The rules that are shipped, and rules written to be tried, pass the tests
that stand in them."""
import glob
import os
import subprocess
import sys

sys.path.insert(0, 'tests/lib')
from relay import BUILD, ok, same, done   # noqa: E402

for path in sorted(glob.glob('tests/rules/*.rules')) + ['rules/tocsin.conf']:
    run = subprocess.run([BUILD + '/tocsin', 'test', '-c', path],
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True)
    ok(run.returncode == 0 and ' 0 failed' in run.stdout and
       not run.stdout.startswith('0 passed'),
       '%s: %s' % (path, run.stdout.strip().splitlines()[-1]), run.stdout)

run = subprocess.run([BUILD + '/tocsin', 'check', '-c',
                      'rules/tocsin.conf'], stdin=subprocess.DEVNULL,
                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                     text=True)
same(run.returncode, 0, 'the shipped configuration has no error')
ok(len(glob.glob('tests/rules/*.rules')) >= 5, 'there are rules to try')
done()
