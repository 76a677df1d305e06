#!/usr/bin/env python3
"""What fuzzers have learned: each parser of foreign bytes still takes all of it
(TAP). See tests/fuzz/fuzz.h."""
import glob
import os
import subprocess
import sys
import tempfile
import zipfile

sys.path.insert(0, 'tests/lib')
from relay import BUILD, ok, done                       # noqa: E402

# Beside its corpus, what a fuzzer begins with; tools/fuzz has the same.
SEEDS = {
    'answer': 'tests/api/*.json',
    'mail': 'tests/mail/*.eml', 'html': 'tests/mail/*.eml',
    'conf': 'rules/*.rules', 'mustache': 'templates/alert/*',
    'zone': '/usr/share/zoneinfo/Europe/*',
}

for path in sorted(glob.glob('tests/fuzz/*_fuzz.c')):
    name = os.path.basename(path)[:-len('_fuzz.c')]
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile('tests/fuzz/corpus/%s.zip' % name) as kept:
            kept.extractall(folder)
        learned = sorted(glob.glob(folder + '/*'))
        replay = subprocess.run(
            [BUILD + '/tests/%s_fuzz' % name] + learned +
            sorted(glob.glob(SEEDS.get(name, ''))),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    ok(learned and not replay.returncode,
       '%s: %d inputs' % (name, len(learned)),
       replay.stdout.decode(errors='replace')[-2000:])
done()
