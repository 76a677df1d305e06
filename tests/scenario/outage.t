#!/usr/bin/env python3
"""SMTP relays that refuse, vanish and come back, under the real daemon: who
is told when, what `why` and `queue` say of it, and that no password shows.
(smtp.t has every fault of one delivery; here are the stories.)"""
import base64
import email
import email.policy
import os
import re
import signal
import sqlite3
import sys
import time

sys.path.insert(0, 'tests/lib')
from certificates import Certificates               # noqa: E402
from relay import (Relay, mail, ok, same, done,     # noqa: E402
                   wait_for)
from smtp_server import SmtpServer, closed_port     # noqa: E402

CONTOSO = 'contoso@relay.mssp.example'
USER, PASSWORD = 'tocsin', 'Tr0ub4dor-and-3'
SECRETS = [PASSWORD, base64.b64encode(PASSWORD.encode()).decode().strip('='),
           base64.b64encode(('\0%s\0%s' % (USER, PASSWORD)).encode()).decode()]

FIVE = '''
team five { mail a@mssp.example, b@mssp.example, c@mssp.example,
                 d@mssp.example, e@mssp.example }
customer contoso "Contoso GmbH" {
    tenant     72f988bf-86f1-41af-91ab-2d7cd011db47
    mailbox    contoso@relay.mssp.example
    recipients @mssp.example
    otherwise  notify five
}
'''
ONE = FIVE.replace('notify five', 'notify ana').replace('a@mssp.example, ', '')
ALL = ['%s@mssp.example' % each for each in 'abcde']


def clause(*ports, more='tls none'):
    return 'relay r { smtp %s %s timeout 60s }' % (
        ', '.join('localhost:%d' % port for port in ports), more)


class Outage(Relay):
    def __init__(self, *ports, more='tls none', rules=ONE):
        super().__init__(relay=clause(*ports, more=more))
        self.write('customers/contoso.rules', rules)

    def change_conf(self, old, new):
        with open(self.conf, encoding='utf-8') as file:
            text = file.read()
        self.write('tocsin.conf', text.replace(old, new))

    def states(self):
        return self.rows('SELECT address, state FROM delivery ORDER BY id')

    def wait_states(self, *want):
        return self.wait_rows(
            [(each,) for each in want],
            'SELECT state FROM delivery WHERE kind = "alert" ORDER BY id')

    def why(self):
        code, = self.rows('SELECT code FROM item WHERE kind <> "notice" '
                          'ORDER BY id DESC LIMIT 1')[0]
        return self.command('why', code)[1]

    def number(self):
        return str(self.rows('SELECT max(id) FROM delivery '
                             'WHERE kind = "alert"')[0][0])

    def retry(self):
        return self.command('queue', 'retry', self.number())


def ids(server):
    return [email.message_from_bytes(each.content)['Message-ID']
            for each in server.mails]


def told(server):
    return sorted(recipient for each in server.mails
                  for recipient in each.recipients)


def one_of_five():
    words = '550-5.1.1 nobody here\n550 5.1.1 ask the postmaster'
    with SmtpServer({'rcpt c@mssp.example': words}) as server, \
            Outage(server.port, rules=FIVE) as relay:
        relay.start()
        relay.deliver(mail(), CONTOSO)
        wait_for(lambda: len(server.mails) >= 5)
        same(told(server), ALL[:2] + ALL[3:] + ['soc@mssp.example'],
             'one refused address of five: the others are told, and the '
             'catch-all')
        notice = [email.message_from_bytes(each.content,
                                           policy=email.policy.default)
                  for each in server.mails
                  if each.recipients == ['soc@mssp.example']]
        text = notice[0].get_body(('plain',)).get_content() if notice else ''
        ok('c@mssp.example' in text and 'ask the postmaster' in text and
           'tocsin why' in text,
           "which reads the address and the server's own words", text)
        ok('Malware was found' in text and 'Severity: High' in text and
           'Contoso GmbH' in text,
           'and what the alert is', text)
        out = relay.why()
        ok('ask the postmaster' in out and 'permanent' in out,
           "why has the server's own words", out)
        same(relay.rows('SELECT address, state FROM delivery WHERE state '
                        '<> "sent"'), [('c@mssp.example', 'failed')],
             'only that delivery has failed')
        status, out, err = relay.command('queue')
        ok('c@mssp.example' in out and 'ask the postmaster' in out,
           'queue lists it with the reason', out, err)
        server.faults.clear()
        same(relay.retry()[0], 1, 'what is sent is not retried')
        failed = relay.rows('SELECT id FROM delivery WHERE state = "failed"')
        same(relay.command('queue', 'retry', str(failed[0][0])), (0, '', ''),
             'once the address exists, it is retried')
        wait_for(lambda: len(server.mails) >= 6)
        ok('c@mssp.example' in told(server), 'and arrives', told(server))


def greylisted():
    with SmtpServer({'rcpt': ['450 4.2.0 greylisted', None]}) as server, \
            Outage(server.port) as relay:
        relay.start()
        relay.deliver(mail(), CONTOSO)
        relay.wait_states('retry')
        status, out, err = relay.command('queue', 'show', relay.number())
        ok(status == 0 and 'greylisted' in out and 'next try' in out,
           '4xx: queue show has the answer and the next try', out, err)
        same(told(server), [], 'nobody else is told of it')
        same(relay.retry(), (0, '', ''), 'queue retry does not wait for it')
        wait_for(lambda: server.mails)
        same(relay.wait_states('sent'), [('sent',)], 'then it is sent')
        out = relay.why()
        ok('greylisted' in out and 'try 2' in out and 'sent' in out,
           'why tells both tries', out)


def dropped():
    with SmtpServer({'dot': ['drop', None]}) as server, \
            Outage(server.port) as relay:
        seen, store = [], server.store
        server.store = lambda each, outcome: (seen.append(each),
                                              store(each, outcome))
        relay.start()
        relay.deliver(mail(), CONTOSO)
        relay.wait_states('retry')
        relay.retry()
        wait_for(lambda: server.mails)
        same(len(seen), 2, 'no answer after the mail: it is sent again')
        ok(seen[0].content == seen[-1].content and
           re.search(rb'^Message-ID: <\S+>\r$', seen[0].content, re.M),
           'octet for octet, so with the same Message-ID')
        ok('maybe=yes' in relay.read_log(),
           'and the log says that it may arrive twice')


def relay_is_down():
    port = closed_port()
    with Outage(port) as relay:
        relay.start()
        relay.deliver(mail(), CONTOSO)
        relay.deliver(mail(id='2'), CONTOSO)
        relay.wait_states('retry', 'retry')
        status, out, err = relay.command('queue', 'list')
        ok(out.count('retry') >= 2 and str(port) in out,
           'while the relay is down, queue list shows what waits and why',
           out, err)
        first, second = relay.rows('SELECT id FROM delivery ORDER BY id')
        same(relay.command('queue', 'cancel', str(first[0]))[0], 2,
             'cancel without a reason is refused')
        same(relay.command('queue', 'cancel', str(first[0]), '--reason',
                           '')[0], 2, 'also with an empty one')
        same(relay.states()[0][1], 'retry', 'and changes nothing')
        same(relay.command('queue', 'cancel', str(first[0]), '--reason',
                           'told by telephone'), (0, '', ''),
             'with a reason it is done')
        code, = relay.rows('SELECT code FROM item ORDER BY id LIMIT 1')[0]
        out = relay.command('why', code)[1]
        ok('told by telephone' in out and 'cancelled' in out,
           'and why has the reason', out)
        same(relay.command('queue', 'cancel', '999', '--reason', 'x')[0], 1,
             'what does not exist is not cancelled')
        with SmtpServer(port=port) as server:
            relay.command('queue', 'retry', str(second[0]))
            relay.wait_states('cancelled', 'sent')
            same(relay.states(), [('ana@mssp.example', 'cancelled'),
                                  ('ana@mssp.example', 'sent')],
                 'the relay is back: the other one is sent')
            same(len(server.mails), 1, 'and only that')


# Every instant that the store keeps of a mail.
INSTANTS = {'item': ('received', 'decided'), 'attempt': ('at',),
            'delivery': ('created', 'updated', 'due', 'expires')}


def until_next_try(relay):
    """To a daemon that starts again, as much time has passed as was left: all
    that is remembered was that much earlier. The milliseconds."""
    (due,), = relay.rows('SELECT due FROM delivery')
    left = max(due - int(time.time() * 1000), 0)
    store = sqlite3.connect(relay.path('state', 'store.db'))
    with store:
        for table, columns in INSTANTS.items():
            store.execute('UPDATE %s SET %s' % (table, ', '.join(
                '%s = %s - %d' % (each, each, left) for each in columns)))
    store.close()
    return left


def both_are_down():
    ports = [closed_port(), closed_port()]
    with Outage(*ports) as relay:
        relay.start()
        relay.deliver(mail(), CONTOSO)
        passed, tries, pauses = 0, 1, []
        while passed < 3600000:
            relay.wait_rows([(tries, 'retry')],
                            'SELECT attempts, state FROM delivery')
            relay.stop()
            print('# %6.1f min: try %d: %s' % (passed / 60000, tries,
                  relay.rows('SELECT reply FROM delivery')[0][0]))
            pauses += relay.rows('SELECT due - updated FROM delivery')[0]
            left = until_next_try(relay)
            passed, tries = passed + left, tries + 1
            if passed < 3600000:
                relay.start()
        ok(10 <= tries <= 20 and min(pauses) >= 5000,
           'both relays are down for an hour: a few tries, none at once',
           tries, pauses)
        out = relay.why()
        ok(all(str(port) in out for port in ports), 'why names both', out)
        same(relay.states(), [('ana@mssp.example', 'retry')],
             'over every restart it waits, and nobody else is told')
        with SmtpServer(port=ports[1]) as server:
            relay.start()
            same(relay.wait_states('sent'), [('sent',)],
                 'the second one is back: the next try, by itself, sends it')
            same(len(server.mails), 1, 'once')
            relay.stop()


def tls_and_login(made):
    for kind in 'expired', 'wrong-name', 'self-signed':
        with SmtpServer(certificate=made.pair(kind), auth={USER: PASSWORD}) \
                as server, \
                Outage(server.port, more='tls required ca-file %s login %s '
                       'password-file secret' % (made.authority, USER)) as r:
            r.write('secret', PASSWORD + '\n')
            os.chmod(r.path('secret'), 0o600)
            r.start()
            r.deliver(mail(), CONTOSO)
            r.wait_states('retry')
            out = r.why()
            ok('temporary' in out and 'certificate' in out,
               'certificate %s: it waits, and why says why' % kind, out)
            ok(not server.mails and not any(
                'AUTH' in seen for each in server.commands for seen in each),
               'and nothing was said to that server')
            no_secret(r, kind)

    with SmtpServer({'auth': ['echo', '535 5.7.8 wrong', None]},
                    certificate=made.pair('good'),
                    auth={USER: PASSWORD}, require_auth=True) as server, \
            Outage(server.port, more='tls required ca-file %s login %s '
                   'password-file secret' % (made.authority, USER)) as relay:
        relay.write('secret', PASSWORD + '\n')
        os.chmod(relay.path('secret'), 0o600)
        relay.start()
        arguments = '/proc/%d/cmdline' % relay.daemon.pid
        with open(arguments, 'rb') as file:
            ok(PASSWORD.encode() not in file.read(), 'ps shows no password')
        relay.deliver(mail(), CONTOSO)
        relay.wait_states('retry')
        ok('535' in relay.why(), 'a refused login waits, with the answer',
           relay.why())
        no_secret(relay, 'a server that repeats the password')
        os.chmod(relay.path('secret'), 0o644)
        status, out, err = relay.command('check')
        ok(status == 1 and 'secret' in err,
           'a password that everybody may read is refused', out, err)


def no_secret(relay, name):
    text = relay.read_log() + relay.why() + ''.join(
        relay.command(*words)[1] for words in
        [('queue', 'list', '--all'), ('queue', 'show', relay.number())])
    for root, _, names in os.walk(relay.path('state')):
        for each in names:
            with open(os.path.join(root, each), 'rb') as file:
                text += file.read().decode('latin-1')
    ok(not any(secret in text for secret in SECRETS),
       '%s: no password in log, why, queue or state' % name)


def drained():
    with SmtpServer({'dot': ['wait 2', None]}) as server, \
            Outage(server.port) as relay:
        relay.start()
        relay.deliver(mail(), CONTOSO)
        wait_for(lambda: any('DATA' in each for each in server.commands))
        same(relay.stop(), 0, 'SIGTERM in the middle of a delivery')
        same((len(server.mails), relay.states()),
             (1, [('ana@mssp.example', 'sent')]),
             'lets it end and records the answer')


def killed():
    with SmtpServer({'dot': ['wait 2', None]}) as server, \
            Outage(server.port) as relay:
        relay.start()
        relay.deliver(mail(), CONTOSO)
        wait_for(lambda: any('DATA' in each for each in server.commands))
        relay.stop(signal.SIGKILL)
        same(relay.states(), [('ana@mssp.example', 'claimed')],
             'SIGKILL in the middle of a delivery leaves it claimed')
        relay.start()
        same(relay.wait_states('sent'), [('sent',)],
             'the next start sends it again')
        wait_for(lambda: len(server.mails) == 2)
        same(len(set(ids(server))), 1, 'with the same Message-ID')
        ok('unknown' in relay.why(), 'and why tells of the first try',
           relay.why())


def recipients_change():
    """What waits is not sent to who may not have it any more."""
    port = closed_port()
    with Outage(port) as relay:
        relay.start()
        relay.deliver(mail(), CONTOSO)
        relay.wait_states('retry')
        relay.write('customers/contoso.rules', ONE.replace(
            'recipients @mssp.example', 'recipients @elsewhere.example')
            .replace('otherwise  notify ana', ''))
        relay.daemon.send_signal(signal.SIGHUP)
        relay.wait_log('event=reloaded')
        with SmtpServer(port=port) as server:
            relay.retry()
            relay.wait_states('failed')
            wait_for(lambda: server.mails)
            same(told(server), ['soc@mssp.example'],
                 'recipients are checked again when it is sent; the '
                 'catch-all is told')
            ok('recipients' in relay.why(), 'and why says so', relay.why())


def catch_all_is_refused():
    """Nobody is left who could be told: the journal, the queue, the log and
    each start say so."""
    refused = {'rcpt soc@mssp.example': '550 no such user'}
    with SmtpServer(refused) as server, \
            Outage(server.port, rules=ONE.replace('ana', 'soc-desk')) as relay:
        relay.start()
        relay.deliver(mail(), CONTOSO)
        lines = relay.wait_log('event=failed')
        ok(lines and 'delivery=1 ' in lines[0] and 'code=' in lines[0] and
           'no such user' in lines[0],
           'the catch-all is refused: the log has code, delivery and answer',
           lines)
        status, out, err = relay.command('queue')
        ok('no such user' in out and 'nobody else' in out,
           'queue says that nobody else could be told', out, err)
        ok('untold' in relay.why(), 'and so does why', relay.why())
        relay.stop()
        relay.start()
        lines = relay.wait_log('event=untold')
        ok(lines and 'deliveries=1' in lines[0] and 'tocsin queue' in lines[0],
           'and the log at each start', lines)
        server.faults.clear()
        relay.command('queue', 'retry', '1')
        relay.wait_states('sent')
        ok('nobody else' not in relay.command('queue')[1],
           'until it was sent')

    two = 'team desk { mail soc@mssp.example, second@mssp.example }'
    with SmtpServer(refused) as server, \
            Outage(server.port, rules=ONE.replace('ana', 'soc-desk') +
                   two) as relay:
        relay.change_conf('catch-all  soc-desk', 'catch-all  desk')
        relay.start()
        relay.deliver(mail(), CONTOSO)
        wait_for(lambda: server.mails)
        same(told(server), ['second@mssp.example'],
             'one address of a catch-all is refused: the other is told')
        # A notice of the relay itself, which is no answer to a failure.
        relay.deliver(mail(id='2', tenant='11111111-2222-4333-8444-'
                           '555555555555'), CONTOSO)
        lines = relay.wait_log('event=failed.*about=held')
        ok(lines, 'a notice that is refused says what it is about',
           relay.read_log())
        wait_for(lambda: len(server.mails) == 3)
        same(told(server), ['second@mssp.example'] * 3,
             'of which the other is told as well')

    both = {'rcpt %s@mssp.example' % name: '550 no such user'
            for name in ('soc', 'second')}
    with SmtpServer(both) as server, \
            Outage(server.port, rules=ONE.replace('ana', 'soc-desk') +
                   two) as relay:
        relay.change_conf('catch-all  soc-desk', 'catch-all  desk')
        relay.start()
        relay.deliver(mail(), CONTOSO)
        relay.wait_log('event=failed', 2)
        relay.deliver(mail(id='2', incident='4712'), CONTOSO)
        relay.wait_log('event=failed', 4)
        same((len(relay.wait_log('event=failed')), relay.states()),
             (4, [('soc@mssp.example', 'failed'),
                  ('second@mssp.example', 'failed')] * 2),
             'both are refused: they do not tell each other for ever')


def stalled_relay_of_one():
    """One relay that stalls does not hold up what goes through another."""
    with SmtpServer({'connect': 'stall'}) as bad, SmtpServer() as good, \
            Outage(good.port, rules=FIVE.replace(
                'otherwise  notify five', 'rule r also notify five '
                'otherwise notify other')) as relay:
        relay.write('customers/others.rules',
                    'relay s { smtp localhost:%d tls none timeout 60s }\n'
                    'team other { mail %s relay s }\n' % (
                        bad.port, ', '.join('x%d@mssp.example' % each
                                            for each in range(20))))
        relay.start()
        relay.deliver(mail(), CONTOSO)
        wait_for(lambda: len(good.mails) == 5)
        ok(len(good.mails) == 5 and 'event=retry' not in relay.read_log(),
           'twenty mails to a relay that stalls hold up no other relay',
           len(good.mails), relay.read_log())
        relay.stop(signal.SIGKILL)


for story in (one_of_five, greylisted, dropped, relay_is_down, both_are_down,
              drained, killed, recipients_change, catch_all_is_refused,
              stalled_relay_of_one):
    story()
with Relay() as scratch:
    tls_and_login(Certificates(scratch.folder))
done()
