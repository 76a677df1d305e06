#!/usr/bin/env python3
"""What fuzzers have learned: each parser of foreign bytes still takes all of it
(TAP). See tests/fuzz/fuzz.h."""
import glob
import os
import subprocess
import sys

sys.path.insert(0, 'tests/lib')
from relay import BUILD, ok, done                       # noqa: E402

# Beside its corpus, what a fuzzer begins with; tools/fuzz has the same.
SEEDS = {
    'mail': 'tests/mail/*.eml', 'html': 'tests/mail/*.eml',
    'conf': 'rules/*.rules', 'mustache': 'templates/alert/*',
    'zone': '/usr/share/zoneinfo/Europe/*',
}

for path in sorted(glob.glob('tests/fuzz/*_fuzz.c')):
    name = os.path.basename(path)[:-len('_fuzz.c')]
    files = glob.glob('tests/fuzz/corpus/%s/*' % name) + \
        glob.glob(SEEDS.get(name, ''))
    replay = subprocess.run([BUILD + '/tests/%s_fuzz' % name] + sorted(files),
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    ok(files and not replay.returncode, '%s: %d files' % (name, len(files)),
       replay.stdout.decode(errors='replace')[-2000:])
done()
