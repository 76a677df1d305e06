#!/usr/bin/env python3
"""Documents say what the programs do: --help, man pages, keywords (TAP)."""
import glob
import os
import re
import shutil
import subprocess
import sys

BUILD = os.environ.get('BUILD', 'build')
count = failures = 0


def check(problems, name):
    global count, failures
    count += 1
    print('%s %d - %s' % ('not ok' if problems else 'ok', count, name))
    for problem in sorted(problems)[:20]:
        print('# ' + problem)
    failures += bool(problems)


def run(*args):
    done = subprocess.run(args, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def options(text):
    return set(re.findall(r'(?<![\w-])--([a-z][a-z-]+)', text))


def plain(page):
    """The words of an mdoc page, with its option macros as --words."""
    with open(page, encoding='utf-8') as file:
        text = file.read()
    text = re.sub(r'\\-', '-', text)
    text = re.sub(r'\bFl Fl ([a-z-]+)', r'--\1', text)
    return re.sub(r'\bFl -([a-z][a-z-]+)', r'--\1', text)


pages = sorted(glob.glob('man/*.[1578]'))
if shutil.which('mandoc'):
    status, out = run('mandoc', '-Tlint', '-Wwarning', *pages)
    check([l for l in out.splitlines() if l], 'mandoc finds nothing to say')
else:
    check([], 'mandoc finds nothing to say # SKIP no mandoc')

wanted = ['tocsin.1', 'tocsin-deliver.8', 'tocsin.conf.5', 'tocsin-rules.5',
          'tocsin-formats.5', 'tocsin-templates.5', 'tocsin-api.7', 'tocsin-oncall.5',
          'tocsin.7']
check([w for w in wanted if 'man/' + w not in pages],
      'every manual page is there')

status, overview = run(BUILD + '/tocsin', '--help')
names = re.findall(r'^  ([a-z][a-z-]+) +\S', overview, re.M)
manual = plain('man/tocsin.1') if os.path.exists('man/tocsin.1') else ''
wrong = [] if names and not status else ['--help: ' + overview]
for name in names:
    status, text = run(BUILD + '/tocsin', name, '--help')
    if status:
        wrong.append('%s --help exits %d' % (name, status))
    section = re.search(r'^\.It Cm %s\b(.*?)(?=^\.It Cm [a-z]|^\.Sh|\Z)' %
                        re.escape(name), manual, re.M | re.S)
    if not section:
        wrong.append('tocsin(1) has no `.It Cm %s`' % name)
        continue
    for option in options(text) - {'help', 'version'}:
        if '--' + option not in section.group(1):
            wrong.append('tocsin(1) %s lacks --%s' % (name, option))
    for option in options(section.group(1)) - {'help', 'version'}:
        if '--' + option not in text:
            wrong.append('%s --help lacks --%s' % (name, option))
check(wrong, 'each command and option stands in --help and in tocsin(1)')

everything = '\n'.join(plain(page) for page in pages)
wrong = []
for path in glob.glob('src/conf/grammar.c'):
    with open(path, encoding='utf-8') as file:
        text = file.read()
    for word in set(re.findall(r'^\s*\{\s*(?:\.name = )?"([a-z-]+)"', text,
                               re.M)):
        if not re.search(r'(Ic|Cm|Li|Ql|Sy|No|Nm)[^\n]*\b%s\b' %
                         re.escape(word), everything):
            wrong.append('no manual page explains `%s`' % word)
check(wrong, 'each keyword of the language stands in a manual page')

wrong = []
with open('src/alert/alert.c', encoding='utf-8') as file:
    for field in re.findall(r'\{ "([a-z-]+)", ALERT_', file.read()):
        if not re.search(r'\b%s\b' % re.escape(field), everything):
            wrong.append('no manual page explains the field %s' % field)
check(wrong, 'each field of the alert record stands in a manual page')

# "the secret is wrong; put it right" stands there as an item of its own, with
# number or status, whose turn it is, and the rest of the sentence.
items = [re.sub(r'\s+', ' ', item) for item in
         plain('man/tocsin-api.7').split('\n.It ')]


def sentences(path, row):
    """Rows of a table: groups of `row`, and the sentence, macros and all."""
    with open(path, encoding='utf-8') as file:
        text = re.sub(r'\\\n', '', file.read())
    macros = dict(re.findall(r'#define (\w+) ((?:"[^"]*"\s*)+)\n', text))
    for *found, words in re.findall(
            row + r'((?:"[^"]*"\s*)+|[A-Z_]+) \}', text):
        words = macros.get(words, words)
        if words == 'NULL':         # made of what the source needs
            continue
        yield found, re.sub(r'"\s*"', '', words.strip())[1:-1]


def missing(sentence, who):
    head, _, rest = sentence.partition('; ')
    found = [i for i in items if i.startswith(head[0].upper() + head[1:] + ' ')
             and re.search(who, i) and rest[1:] in i]
    return len(found) != 1


table = list(sentences('src/net/aadsts.c',
                       r'\{ (\d+), TURN_(\w+), ([\w| ]+),\s+'))
wrong = []
for (code, turn, flags), sentence in table:
    who = r'AADSTS%s\b[^(]*\(%s%s\)' % (
        code, turn.lower(), ', after half an hour' * ('SETTLES' in flags))
    if missing(sentence, who):
        wrong.append('tocsin-api(7) lacks AADSTS%s (%s, %s): %s' %
                     (code, turn.lower(), flags, sentence))
check(wrong if len(table) > 80 else ['no table was found'],
      'each error of Entra ID stands in tocsin-api(7), with what to do')

table = list(sentences('src/source/refuse.c',
                       r'\{ (\d+), (\d+), [^,]+, TURN_(\w+), \w+,\s+'))
wrong = ['tocsin-api(7) lacks HTTP %s to %s (%s): %s' %
         (least, most, turn.lower(), sentence)
         for (least, most, turn), sentence in table
         if missing(sentence, r'HTTP [^(]*\b%s\b[^(]*\(%s\b' %
                    ('500' if least == '0' else least, turn.lower()))]
check(wrong if len(table) > 12 else ['no table was found'],
      'so does each of an API')

print('1..%d' % count)
sys.exit(1 if failures else 0)
