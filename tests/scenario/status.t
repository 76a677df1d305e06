#!/usr/bin/env python3
"""`tocsin status`, as a monitoring system sees it: exit status, one short line,
the same to systemd; and what `queue` says of it, and mends for many at once."""
import json
import os
import re
import socket
import sys

sys.path.insert(0, 'tests/lib')
from relay import CONTOSO as RULES                       # noqa: E402
from relay import Relay, mail, ok, same, done, wait_for  # noqa: E402
from smtp_server import SmtpServer                       # noqa: E402

CONTOSO = 'contoso@relay.mssp.example'
STRANGER = mail(id='s', tenant='00000000-1111-2222-3333-444444444444')


def status(relay):
    """Exit status, first line, and the object, which must agree."""
    code, out, err = relay.command('status')
    also, text, _ = relay.command('status', '--json')
    object = json.loads(text)
    ok(code == also and object['line'] == out.split('\n')[0] and
       object['status'] == ('ok', 'warning', 'critical', 'unknown')[code] and
       len(object['line']) < 300, 'both forms agree', out, text, err)
    return code, object['line'], object


def life_and_death():
    with Relay() as relay:
        same(status(relay)[:2], (1, 'WARNING: no daemon runs'),
             'nothing runs and nothing waits: a warning')
        relay.deliver(mail(), CONTOSO)
        same(status(relay)[:2], (2, 'CRITICAL: no daemon runs and 1 mail '
                                 'waits'), 'a mail waits: critical')
        ok(not os.path.exists(relay.path('state', 'store.db')),
           'asking makes no store')
        relay.start()
        relay.outbox(3)
        code, line, object = status(relay)
        same((code, line), (0, 'OK: 1 customer, 3 rules'), 'it runs: ok')
        same((object['daemon']['alive'], object['daemon']['pid'],
              object['spool']['mails'], object['configuration']['kept'],
              object['queue']), (True, relay.daemon.pid, 0, [], dict(
                  pending=0, claimed=0, retry=0, failed=0, oldest=None)),
             'with all that a program asks for')
        relay.deliver(STRANGER, CONTOSO)
        relay.wait_rows([(1,)], 'select count(*) from held')
        code, line, _ = status(relay)
        ok(code == 1 and '1 mail held since' in line,
           'a mail that waits for a person: a warning', line)
        relay.stop()
        with open(relay.conf, 'a') as file:
            file.write('state nowhere\n')
        code, line, _ = status(relay)
        ok(code == 1 or code == 3, 'an error in the main file is none here',
           line)


def unknown():
    with Relay() as relay:
        relay.start()
        relay.outbox(0)
        relay.stop()
        with open(relay.path('state', 'store.db'), 'r+b') as file:
            file.write(b'nothing')
        code, out, _ = relay.command('status')
        ok(code == 3 and out.startswith('UNKNOWN: ') and 'store.db' in out,
           'a store that cannot be read: unknown, and why', out)
        os.unlink(relay.conf)
        code, out, _ = relay.command('status')
        ok(code == 3 and out.startswith('UNKNOWN: '),
           'without a configuration: unknown', out)
        same(relay.command('status', '--jsn')[0], 3, 'wrong usage: unknown')
        same(relay.command('status', 'x')[0], 3, 'wrong words: unknown')


def kept():
    with Relay() as relay:
        relay.start()
        relay.write('customers/contoso.rules',
                    RULES.replace('severity at', 'severty at'))
        code, out, err = relay.command('reload')
        ok(code == 1 and 'kept: ' in out and 'contoso.rules has 1 error' in
           out and "'severty'" in err, 'reload says what was kept, and why',
           out, err)
        code, line, object = status(relay)
        ok(code == 1 and re.search(
            r'^WARNING: 1 customer, 3 rules; contoso.rules kept since '
            r'\d\d:\d\dZ \(1 error\)$', line), 'and so does status', line)
        first, = object['configuration']['kept']
        relay.stop()
        relay.start()
        again, = status(relay)[2]['configuration']['kept']
        same(again, first, 'since then, over a restart too')
        relay.stop()
        code, line, _ = status(relay)
        ok(code == 1 and 'contoso.rules kept' in line,
           'also without a daemon', line)
        relay.start()
        relay.write('customers/contoso.rules', RULES)
        code, out, _ = relay.command('reload')
        ok(code == 0 and 'version ' in out and
           '1 customer, 3 rules\n' in out, 'reload says that all is well',
           out)
        same(status(relay)[0], 0, 'and so does status')
        relay.write('tocsin.conf', 'nonsense')
        code, out, _ = relay.command('reload')
        ok(code == 1, 'a main file with errors changes nothing', out)
        relay.stop()
        code, _, err = relay.command('reload')
        ok(code == 1 and 'no daemon runs' in err,
           'reload without a daemon: 1', err)


def systemd():
    """STATUS is the same line."""
    with Relay() as relay:
        path = relay.path('notify')
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(path)
            manager.settimeout(60)
            relay.start(env={'NOTIFY_SOCKET': path})
            said = []
            while not any(each.startswith('STATUS=') for each in said):
                said.append(manager.recv(4096).decode())
            same(said[-1], 'STATUS=' + status(relay)[1],
                 'systemd is told the line that status prints')


def queue():
    # Each answer has another number in it, as with real queues.
    with SmtpServer({'rcpt': ['451 4.2.1 try again, id q%d' % n
                              for n in range(100)]}) as slow:
        with Relay('relay slow { smtp localhost:%d tls none }' %
                   slow.port) as relay:
            relay.start()
            relay.deliver(mail(), CONTOSO)
            relay.wait_log('event=retry', 3)
            out = relay.command('queue')[1]
            first, _, rest = out.partition('\n\n')
            ok(re.fullmatch(r'slow: 3 retry since \S+Z: 451 4.2.1 try again, '
                            'id ?', first) and
               len(rest.splitlines()) == 6, 'queue begins with a summary',
               out)
            code, out, _ = relay.command('queue', 'retry', '--relay', 'other')
            same((code, out), (0, '0 deliveries are due now\n'),
                 'another relay is not meant')
            before = relay.read_log().count('event=retry')
            code, out, _ = relay.command('queue', 'retry', '--relay', 'slow')
            same((code, out), (0, '3 deliveries are due now\n'),
                 'all that wait for one relay are due at once')
            ok(relay.wait_log('event=retry', before + 3),
               'and are tried')
            code, out, _ = relay.command('queue', 'retry', '--all')
            same((code, out), (0, '3 deliveries are due now\n'),
                 'or all of them')


for story in life_and_death, unknown, kept, systemd, queue:
    story()
done()
