#!/usr/bin/env python3
"""Ana and Bob take turns. Whoever is on duty when an alert comes is told of it;
at the change the other one is, also when a new law moves the change. When nobody
is on duty, the catch-all is."""
import datetime
import json
import os
import re
import shutil
import signal
import sys
import time

sys.path.insert(0, 'tests/lib')
from relay import mail, ok, same, done, CONTACTS        # noqa: E402
from shifted import Shifted                             # noqa: E402

CONTOSO = 'contoso@relay.mssp.example'
RULES = '''
customer contoso "Contoso GmbH" {
    tenant     72f988bf-86f1-41af-91ab-2d7cd011db47
    mailbox    contoso@relay.mssp.example
    recipients @mssp.example
    otherwise  notify duty
}
'''
HOUR = 3600
DAY = 24 * HOUR

# In two hours or so, at a full minute.
CHANGE = int(time.time()) // 60 * 60 + 2 * HOUR
DATE = datetime.datetime.fromtimestamp(CHANGE, datetime.timezone.utc)
FIRST = DATE.date() - datetime.timedelta(10)    # so it is Ana's turn again


def text_of(second):
    return datetime.datetime.fromtimestamp(
        second, datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')


def contacts(since):
    return CONTACTS + '''
oncall duty "First line" {
    timezone Test/Law
    rotate daily at %02d:%02d from %s ana, bob
}
''' % (DATE.hour, DATE.minute, since)


class Duty(Shifted):
    def __init__(self):
        super().__init__()
        self.write('contacts.rules', contacts(FIRST))
        self.write('customers/contoso.rules', RULES)
        os.environ['TZDIR'] = self.path('zones')
        for zone in ('America/Sao_Paulo', 'Europe/Paris'):
            self.law(zone, zone)
        self.law('UTC')
        self.seen = []

    def law(self, of, name='Test/Law'):
        """As a package does it, by rename."""
        path = self.path('zones', name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copy('/usr/share/zoneinfo/' + of, path + '.new')
        os.rename(path + '.new', path)

    def told(self):
        """Of one more alert."""
        count = len(self.seen) + 1
        self.deliver(mail(id=str(count), incident=str(count)), CONTOSO)
        new = [m for m in self.outbox(count)
               if m['X-Tocsin-Code'] not in self.seen]
        self.seen += [m['X-Tocsin-Code'] for m in new]
        return new[0]

    def at(self, second):
        self.set_clock(second - int(time.time()))

    def turns(self, *words):
        status, out, said = self.command('oncall', '--json', *words)
        return [json.loads(line) for line in out.splitlines()] or said


with Duty() as relay:
    relay.at(CHANGE - 10 * 60)
    relay.run()
    first = relay.told()
    same(first['To'], 'bob@mssp.example', 'before the change it is his turn')
    relay.at(CHANGE + 1)
    same(relay.told()['To'], 'ana@mssp.example', 'at the change hers begins')

    turn = {'oncall': 'duty', 'from': text_of(CHANGE - DAY),
            'to': text_of(CHANGE), 'persons': ['bob'], 'layer': 1}
    after = {'oncall': 'duty', 'from': text_of(CHANGE),
             'to': text_of(CHANGE + DAY), 'persons': ['ana'], 'layer': 1}
    same(relay.turns('duty', '--at', text_of(CHANGE - 1)), [turn],
         'the command says the same of a moment')
    same(relay.turns('--at', text_of(CHANGE)), [after],
         'of the change itself who begins')
    same(relay.turns('--at', text_of(CHANGE - 1), '--next', '2s'),
         [turn, after], 'and of a time all turns that it touches, whole')
    for words in (['nobody'], ['ana']):
        same(relay.command('oncall', *words)[:2], (1, ''),
             '%s is no oncall' % words[0])
    for words in (['--next', 'soon'], ['--next', '0d'], ['--next', '3661d'],
                  ['--at', 'noon'], ['a', 'b']):
        same(relay.command('oncall', *words)[:2], (2, ''),
             'oncall %s is wrong usage' % ' '.join(words))
    same(relay.command('oncall', '--next', '3660d')[0], 0,
         'ten years are not too many')

    why = relay.command('why', first['X-Tocsin-Code'])[1]
    ok('on duty: duty: bob (layer 1) until %s' % text_of(CHANGE) in why,
       'why says who was on duty, by which layer, and until when', why)
    relay.write('alert.eml', mail().decode())
    out = relay.command('explain', '--at', text_of(CHANGE + DAY),
                        relay.path('alert.eml'))[1]
    ok('on duty: duty: bob (layer 1) until %s' % text_of(CHANGE + 2 * DAY)
       in out and 'to bob@mssp.example (bob)' in out,
       'explain of any moment', out)
    out = relay.command('show', 'contoso')[1]
    ok(re.search('duty: (ana|bob)@mssp.example$', out, re.M),
       'show has the one who is', out)

    # The hours move by one to the west: the change is yet to come.
    relay.law('Etc/GMT+1')
    ok(relay.wait_log('event=zones') and relay.wait_log('event=reloaded'),
       'a new law is read without being asked to', relay.read_log())
    same(relay.told()['To'], 'bob@mssp.example', 'by which it is his turn')

    relay.write('contacts.rules',
                contacts(DATE.date() + datetime.timedelta(3)))
    relay.daemon.send_signal(signal.SIGHUP)
    relay.wait_log('event=reloaded', 2)
    same(relay.told()['To'], 'soc@mssp.example',
         'when nobody is on duty, the catch-all is told')

done()
