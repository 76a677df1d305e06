#!/usr/bin/env python3
"""Relays that are silent, slow, narrow or do not want us, beside those that
work, under the real daemon: nobody waits for another one's relay, no limit is
exceeded that was said, and who sees to it is told once."""
import os
import signal
import sys
import time

sys.path.insert(0, 'tests/lib')
from relay import Relay, mail, ok, same, done, wait_for     # noqa: E402
from smtp_server import SmtpServer, closed_port             # noqa: E402

TO = 'contoso@relay.mssp.example'
DENIED = '554 5.7.1 Relay access denied'
MANY = 200
RULES = '''
%s
customer contoso "Contoso GmbH" {
    tenant     72f988bf-86f1-41af-91ab-2d7cd011db47
    mailbox    contoso@relay.mssp.example
    recipients @mssp.example
    %s
    otherwise  notify %s
}
'''
USER, PASSWORD = 'tocsin', 'correct-horse-7'


def relay_of(name, *servers, more=''):
    """Without encryption; a server that is not there is known by its port."""
    ports = ['localhost:%d' % getattr(each, 'port', each) for each in servers]
    return 'relay %s { smtp %s tls none timeout 60s %s }\n' % (
        name, ', '.join(ports), more)


def team(name, relay, count):
    return 'team %s { mail %s relay %s }\n' % (name, ', '.join(
        '%s%d@mssp.example' % (name, each) for each in range(count)), relay)


class Relays(Relay):
    """The catch-all is told by a Maildir, which always works."""

    def __init__(self, relays, teams, *told):
        super().__init__(relay='relay box { maildir "state/outbox" }\n' +
                         relays)
        *others, last = told
        self.write('customers/contoso.rules', RULES % (
            teams, '\n'.join('rule also%d also notify %s' % pair
                             for pair in enumerate(others)), last))

    def left(self):
        """Deliveries that are not sent."""
        return self.rows('SELECT count(*) FROM delivery '
                         'WHERE state <> "sent"')[0][0]

    def wait_sent(self, server, count):
        begin = time.monotonic()
        wait_for(lambda: len(server.mails) >= count)
        return time.monotonic() - begin

    def notices(self, want):
        return [each['Subject'] for each in self.outbox(want)]

    def reload(self):
        before = self.read_log().count('event=reloaded')
        self.daemon.send_signal(signal.SIGHUP)
        self.wait_log('event=reloaded', before + 1)


def told(server):
    return sorted(each.recipients[0] for each in server.mails)


def silent_and_slow():
    stall = {'connect': 'stall'}
    with SmtpServer(stall) as one, SmtpServer(stall) as two, \
            SmtpServer({'dot': 'wait 5'}) as tarpit, SmtpServer() as good:
        relays = ''.join(relay_of(*each) for each in [
            ('first', one), ('second', two), ('tarpit', tarpit),
            ('good', good)])
        teams = ''.join(team('to' + each, each, MANY if each == 'tarpit'
                             else 40)
                        for each in ('first', 'second', 'tarpit', 'good'))
        with Relays(relays, teams, 'tofirst', 'tosecond', 'totarpit',
                    'togood') as relay:
            relay.start()
            relay.deliver(mail(), TO)
            spent = relay.wait_sent(good, 40)
            log = relay.read_log()
            ok(len(good.mails) == 40 and 'event=retry' not in log,
               'two silent relays and a tarpit delay no mail of a good one: '
               'all are there before the first of those has failed',
               len(good.mails), log)
            print('# 40 mails in %.1f s, beside %d of the tarpit' % (
                spent, len(tarpit.mails)))
            ok(one.stalling <= 2 and two.stalling <= 2,
               'which have a few threads', one.stalling, two.stalling)
            # A reload and an end do not wait for them either.
            relay.reload()
            ok(True, 'a reload does not wait for them')
            relay.stop(signal.SIGKILL)


def narrow(connections, said=''):
    with SmtpServer(connections=connections) as server, \
            Relays(relay_of('narrow', server, more=said),
                   team('many', 'narrow', MANY), 'many') as relay:
        relay.start()
        relay.deliver(mail(), TO)
        spent = relay.wait_sent(server, MANY)
        name = 'a server of %d connections%s' % (
            connections, said and ', which is said')
        same(len(set(told(server))), MANY, name + ': all mails arrive')
        print('# %d mails in %.1f s, %d tries in vain, %d at once' % (
            MANY, spent, server.refused, server.most))
        most = 0 if said else 25
        ok(server.refused <= most, '%s: no more than %d tries in vain' % (
            name, most), server.refused)
        relay.wait_rows([(0,)], 'SELECT count(*) FROM delivery '
                        'WHERE state <> "sent"')
        same(relay.outbox(0), [], name + ': nobody is told of trouble')


def limited(said=''):
    """Twenty in ten seconds."""
    count = 50
    with SmtpServer(rate=(20, 10)) as server, \
            Relays(relay_of('limited', server, more=said),
                   team('many', 'limited', count), 'many') as relay:
        relay.start()
        relay.deliver(mail(), TO)
        name = 'a server of 20 mails in 10 s%s' % (
            said and ', which is said')
        if said:
            wait_for(lambda: len(server.mails) >= 20)
            relay.stop()
            relay.start()
        spent = relay.wait_sent(server, count)
        same(len(set(told(server))), count, name + ': all mails arrive')
        print('# %d mails in %.1f s, %d tries in vain, %d in 10 s' % (
            count, spent, server.refused, server.fastest(10)))
        if said:
            ok(not server.refused and server.fastest(10) <= 20,
               name + ': it is never exceeded, also over a restart',
               (server.refused, server.fastest(10)))
        else:
            ok(server.refused <= count, name + ': it is found out',
               server.refused)


def name_in_full():
    with SmtpServer() as server, \
            Relays(relay_of('plain', server), team('some', 'plain', 1),
                   'some') as relay:
        relay.start()
        relay.deliver(mail(), TO)
        relay.wait_sent(server, 1)
        name = server.mails[0].hello
        ok('.' in name, 'EHLO says a full name', name)


def next_one_is_asked():
    with SmtpServer({'rcpt': DENIED}) as first, SmtpServer() as second, \
            Relays(relay_of('two', first, second), team('some', 'two', 20),
                   'some') as relay:
        relay.start()
        relay.deliver(mail(), TO)
        relay.wait_sent(second, 20)
        same((len(first.mails), len(set(told(second)))), (0, 20),
             'a server that does not relay for us is passed over: the next '
             'one is asked, and all arrives')
        relay.wait_rows([(0,)], 'SELECT count(*) FROM delivery '
                        'WHERE state <> "sent"')
        same(relay.outbox(0), [], 'and nobody is told of trouble')


def only_one_denies():
    with SmtpServer({'rcpt': DENIED}) as server, \
            Relays(relay_of('denies', server), team('some', 'denies', 20),
                   'some') as relay:
        relay.start()
        relay.deliver(mail(), TO)
        notice, = relay.outbox(1)
        text = notice.get_body(('plain',)).get_content()
        ok('denies' in notice['Subject'] + text and DENIED in text,
           'the only one does not: who sees to it is told by another relay, '
           'in its words', notice['Subject'], text)
        relay.deliver(mail(id='2', incident='4712'), TO)
        # A probe later than the first.
        relay.wait_rows([(True,)], 'SELECT count(*) > 3 FROM attempt '
                        'WHERE outcome = "temporary"')
        same((len(relay.outbox(1)), relay.rows(
            'SELECT count(*) FROM delivery WHERE state = "failed"')),
             (1, [(0,)]), 'once; and no delivery has failed')
        server.faults.clear()
        relay.reload()
        relay.wait_sent(server, 40)
        same(len(server.mails), 40, 'it takes them: after a reload all '
             'leaves')
        same(len(relay.outbox(2)), 2, 'which is told as well')
        relay.wait_rows([(0,)], 'SELECT count(*) FROM delivery '
                        'WHERE state <> "sent"')
        same(len(relay.outbox(2)), 2, 'once')


def password_is_mended():
    with SmtpServer(auth={USER: PASSWORD}, require_auth=True) as server, \
            Relays(relay_of('login', server, more='login %s password-file '
                            'secret' % USER), team('some', 'login', 50),
                   'some') as relay:
        relay.write('secret', 'wrong\n')
        os.chmod(relay.path('secret'), 0o600)
        relay.start()
        relay.deliver(mail(), TO)
        found = relay.outbox(1)
        ok(len(found) == 1, 'a wrong password is told',
           *(each.as_string() for each in found), relay.read_log())
        tries = sum(each.count('AUTH') for each in server.commands)
        ok(tries <= 2, 'after a try or two, not one for each mail', tries)
        relay.write('secret', PASSWORD + '\n')
        relay.reload()
        spent = relay.wait_sent(server, 50)
        tries, = relay.rows('SELECT max(attempts) FROM delivery')[0]
        same((len(set(told(server))), tries <= 2), (50, True),
             'mended, and a reload: all leaves, with its next try')
        print('# 50 mails in %.1f s' % spent)


def relay_is_gone():
    port = closed_port()
    with SmtpServer() as server, \
            Relays(relay_of('dead', port) + relay_of('good', server),
                   team('some', 'dead', 40), 'some') as relay:
        relay.start()
        relay.deliver(mail(), TO)
        relay.wait_log('event=retry')
        with open(relay.conf, encoding='utf-8') as file:
            text = file.read()
        relay.write('tocsin.conf', text.replace(relay_of('dead', port), '')
                    .replace('relay box { maildir "state/outbox" }\n', ''))
        relay.write('customers/contoso.rules', RULES % (
            team('some', 'good', 40), '', 'some'))
        relay.reload()
        relay.wait_sent(server, 40)
        same(len(set(told(server))), 40, 'what waits for a relay that is '
             'taken out of the configuration goes by another one')


for story in (silent_and_slow, name_in_full, next_one_is_asked, only_one_denies,
              password_is_mended, relay_is_gone):
    story()
narrow(3)
narrow(1)
narrow(3, said='connections 3')
limited()
limited(said='rate 20 per 10s')
done()
