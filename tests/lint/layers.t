#!/usr/bin/env python3
"""The tree keeps its shape: layers, doors, names, lines (TAP)."""
import glob
import os
import re
import subprocess
import sys

sys.path.insert(0, 'tests/lib')
from tree import circles, graph_of, includes, is_private, module_of  # noqa: E402

# What each folder may include, besides itself; src/README has the same table.
BASE = {'base'}
ONE = BASE | {'conf', 'alert', 'store', 'net'}
MAY = {
    'base': set(), 'conf': BASE, 'alert': BASE, 'net': BASE,
    'store': BASE | {'alert'},
    'intake': ONE,
    'source': ONE,
    'parse': ONE | {'intake'},
    'normalize': ONE | {'parse'},
    'match': ONE | {'normalize'},
    'hold': ONE | {'match', 'normalize'},
    'oncall': ONE | {'match', 'parse'},     # parse: what a calendar says
    'render': ONE | {'oncall'},
    'queue': ONE | {'render'},
    # A channel goes from the word of a contact to the answer of a server.
    'send': ONE | {'queue', 'oncall', 'render'},
}
STAGES = set(MAY)
MAY['pipeline'] = STAGES
WORKERS = {'take', 'ask', 'deliver'}
for room in WORKERS:            # one knows nothing of another
    MAY[room] = STAGES | {'pipeline'}
MAY['daemon'] = STAGES | {'pipeline'} | WORKERS
MAY['cmd'] = MAY['daemon'] | {'daemon'}
MAINS = {'src/main.c': {'cmd'},
         'src/intake/deliver_main.c': {'intake', 'base'},
         'src/parse/reader_main.c': {'parse', 'base'}}

# One library, one door: the only file that may include its headers.
DOORS = {
    'libetpan': 'src/parse/mime.c', 'libxml': 'src/parse/html.c',
    'iconv.h': 'src/parse/charset.c', 'curl': 'src/net/',
    'cjson': 'src/base/json.c', 'pcre2.h': 'src/match/regex.c',
    'sqlite3.h': 'src/store/store_sqlite.c', 'openssl': 'src/base/digest.c',
    'zstd.h': 'src/base/compress.c', 'gnutls': 'src/parse/smime.c',
    'libical': 'src/parse/ical.c',
}

count = failures = 0


def check(problems, name):
    global count, failures
    count += 1
    print('%s %d - %s' % ('not ok' if problems else 'ok', count, name))
    for problem in sorted(problems)[:20]:
        print('# ' + problem)
    failures += bool(problems)


def folder(path):
    rest = os.path.relpath(path, 'src')
    return os.path.dirname(rest)


files = sorted(glob.glob('src/**/*.[ch]', recursive=True))

wrong = []
for path in files:
    allowed = MAINS.get(path, MAY.get(folder(path), set()) | {folder(path)})
    for number, kind, name in includes(path):
        if kind == '"' and name != 'embedded.inc' and \
                not name.endswith('.inc') and \
                os.path.dirname(name) not in allowed:
            wrong.append('%s:%d includes %s' % (path, number, name))
check(wrong, 'a stage includes only lower layers and the stage before')


wrong = ['%s:%d includes %s' % (path, number, name) for path in files
         for number, kind, name in includes(path)
         if name.endswith('_private.h') and
         not is_private(name[:-2], module_of(path))]
wrong += [' <-> '.join(sorted(circle)) for circle in circles(graph_of(files))]
check(wrong, 'no modules include each other in a circle')

wrong = []
doors = {}
for path in files:
    for number, kind, name in includes(path):
        for library in DOORS:
            if kind == '<' and (name == library or
                                name.startswith(library + '/')):
                doors.setdefault(library, set()).add(path)
for library, paths in doors.items():
    if len(paths) > 1 or not min(paths).startswith(DOORS[library]):
        wrong.append('%s is included by %s' % (library, ', '.join(paths)))
check(wrong, 'each library has one door')

# What Microsoft's APIs call things; an alert's fields have names of our own.
MEMBERS = re.compile(r'"(value|incidentId|displayName|redirectIncidentId|'
                     r'\w+DateTime|alertCreationTime|lastUpdateTime|'
                     r'@odata\.\w+|\$\w+)"')
wrong = []
for path in files:
    if folder(path) in ('source', 'normalize'):
        continue
    with open(path, encoding='utf-8') as file:
        for number, line in enumerate(file, 1):
            if MEMBERS.search(line):
                wrong.append('%s:%d: %s' % (path, number, line.strip()))
check(wrong, 'only source/ and normalize/ know the member names of APIs')

wrong = []
for path in files:
    if path.endswith('.c') and os.path.exists(path[:-1] + 'h'):
        first = next(includes(path), (0, '', ''))[2]
        if first != os.path.relpath(path[:-1] + 'h', 'src'):
            wrong.append('%s begins with %s' % (path, first))
check(wrong, 'a source includes its own header first')

wrong = []
for path in files:
    names = [(kind, name) for _, kind, name in includes(path)
             if not name.endswith('.inc')]
    if path.endswith('.c'):
        del names[:1]           # its own header, or what it is a part of
    if names != sorted(names):  # '"' sorts before '<'
        wrong.append(path)
check(wrong, 'includes are sorted: ours, then those of the system')

wrong = []
for path in [f for f in files if f.endswith('.h')]:
    guard = re.sub('[/.]', '_', os.path.relpath(path, 'src')).upper()
    with open(path, encoding='utf-8') as file:
        text = file.read()
    if not re.match(r'/\*.*?\*/\n#ifndef %s\n#define %s\n' % (guard, guard),
                    text, re.S) or not text.endswith('\n#endif\n'):
        wrong.append(path)
check(wrong, 'a header says what it is for, and has its guard')

wrong = []
for path in [f for f in files if f.endswith('.h')]:
    done = subprocess.run(
        ['gcc', '-std=c11', '-D_GNU_SOURCE', '-Isrc', '-include',
         'src/base/banned.h', '-Wall', '-fsyntax-only', '-x', 'c', '-'],
        input='#include "%s"\n' % os.path.relpath(path, 'src'), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        wrong.append('%s: %s' % (path, done.stdout.splitlines()[0]))
check(wrong, 'each header compiles alone')

wrong = []
for path in files:
    with open(path, encoding='utf-8') as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip('\n')
            if len(line.expandtabs(8)) > 80 and 'http' not in line:
                wrong.append('%s:%d is over 80 columns' % (path, number))
            if line != line.rstrip():
                wrong.append('%s:%d ends in a blank' % (path, number))
check(wrong, 'lines fit 80 columns and end where they end')

wrong = []
for path in files:
    with open(path, encoding='utf-8') as file:
        text = file.read()
    for found in re.finditer(r'^((?:static |_Noreturn |const |struct |enum )*'
                             r'\w[\w \*]*)\b(\w+)\([^;{]*\)\n\{', text, re.M):
        if '\n' not in found.group(0).split('(')[0]:
            wrong.append('%s: %s' % (path, found.group(0).split('(')[0]))
check(wrong, 'the name of a function begins its line')

wrong = []
with open('src/README', encoding='utf-8') as file:
    roadmap = file.read()
for name in sorted({folder(f) for f in files}):
    if name and not re.search(r'^\s*%s/' % re.escape(name), roadmap, re.M):
        wrong.append('src/README has no line for %s/' % name)
check(wrong, 'src/README has a line for each folder')

wrong = []
sources = ''.join(open(f, encoding='utf-8').read() for f in files
                  if f.endswith('.c'))
for name in sorted(set(re.findall(r'(?<![>\w])(\w+)\(\)', roadmap))):
    if not re.search(r'^%s\(' % name, sources, re.M) and \
            not re.search(r'\(\*%s\)\(' % name, ''.join(
                open(f, encoding='utf-8').read() for f in files)):
        wrong.append('src/README names %s(), which there is not' % name)
check(wrong, 'src/README follows functions that there are')

print('1..%d' % count)
sys.exit(1 if failures else 0)
