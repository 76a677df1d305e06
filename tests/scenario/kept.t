#!/usr/bin/env python3
"""A last good text that is there but cannot be read: nobody takes its file for
a new one. And `check` asks for each text once, however much is wrong."""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, 'tests/lib')
from relay import CONTOSO as RULES                       # noqa: E402
from relay import Relay, mail, ok, same, done            # noqa: E402

CONTOSO = 'contoso@relay.mssp.example'
FILE = 'customers/contoso.rules'
HIGH = ['ana@mssp.example', 'archive@mssp.example', 'bob@mssp.example']
MANY = 40


def spoil(relay):
    """Nobody can read a directory as a file, whoever he is."""
    folder = relay.path('state', 'last-good')
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        with open(path) as file:
            if file.read() != RULES:
                continue
        os.unlink(path)
        os.mkdir(path)
        return path


def impostor():
    """With the tenant and mailbox of contoso, in a file that is read first."""
    with Relay() as relay:
        relay.start()
        relay.stop()
        path = spoil(relay)
        relay.write('customers/a.rules',
                    RULES.replace('customer contoso', 'customer impostor'))
        relay.start()
        lines = [line for line in relay.read_log().splitlines()
                 if 'event=kept' in line]
        ok(len(lines) == 1 and 'a.rules' in lines[0], 'of two that clash the '
           'one that cannot be told is not the new one', *lines)
        ok('event=gone' not in relay.read_log(), 'and nobody is missed')
        ok(path in relay.read_log(), 'the log says what cannot be read')
        relay.deliver(mail(id='1', incident='901'), CONTOSO)
        same(relay.sent_to(3), HIGH, 'and his rules are in force')


def broken():
    with Relay() as relay:
        relay.write('customers/fabrikam.rules', RULES.replace(
            'contoso', 'fabrikam').replace('72f988bf', '82f988bf').replace(
                'Contoso', 'Fabrikam'))
        relay.start()
        path = spoil(relay)
        relay.write(FILE, RULES.replace('recipients', 'recipints'))
        code, out, err = relay.command('reload')
        ok(code == 1 and 'everything' in out, 'at a reload everything stays '
           'as it was', out, err)
        ok(path in relay.read_log(), 'and the log says why')
        relay.deliver(mail(id='1', incident='901'), CONTOSO)
        same(relay.sent_to(3), HIGH, 'so his rules stay in force')
        relay.stop()
        relay.start()
        ok(re.search(r'event=kept file=\S*contoso.rules text=none',
                     relay.read_log()), 'but the relay starts without him')


def asked(relay):
    """How often `check` opens each last good text."""
    trace = relay.path('trace')
    subprocess.run(['strace', '-f', '-qq', '-o', trace, '-e', 'trace=openat',
                    relay.programs + '/tocsin', 'check', '-c', relay.conf],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   env=dict(os.environ, ASAN_OPTIONS='detect_leaks=0'))
    with open(trace) as file:
        return sorted(re.findall(r'last-good/([0-9a-f]+)', file.read()))


def once():
    with Relay() as relay:
        more = ''.join('    mailbox %d@relay.mssp.example\n' % each
                       for each in range(MANY))
        one = RULES.replace('    organization', more + '    organization')
        relay.write(FILE, one)
        relay.start()
        relay.stop()
        relay.write('customers/a.rules',
                    one.replace('customer contoso', 'customer impostor'))
        out = ''.join(relay.command('check')[1:])
        ok(out.count('impostor') >= MANY or out.count('a.rules') >= MANY,
           'two files clash %d times' % MANY, out[:2000])
        if not shutil.which('strace') or subprocess.run(
                ['strace', '-qq', '-o', '/dev/null', 'true'],
                stderr=subprocess.DEVNULL).returncode:
            print('# nobody may trace here')
            return
        names = asked(relay)
        same((len(names), len(set(names))), (2, 2), 'and `check` asks for '
             'the last good text of each once')


for story in impostor, broken, once:
    story()
done()
