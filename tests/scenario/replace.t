#!/usr/bin/env python3
"""Bob has duty, and cannot: a command puts Ana in his place. The daemon that
runs tells her of the next alert, without a word to it; and him again when it is
ended. Everything that says who is on duty says it."""
import datetime
import json
import os
import re
import sys
import time

sys.path.insert(0, 'tests/lib')
from relay import CONTACTS, Relay, mail, ok, same, done   # noqa: E402

CONTOSO = 'contoso@relay.mssp.example'
RULES = '''
customer contoso "Contoso GmbH" {
    tenant     72f988bf-86f1-41af-91ab-2d7cd011db47
    mailbox    contoso@relay.mssp.example
    recipients @mssp.example
    otherwise  notify duty
}
'''
DUTY = '''
person eve { mail eve@elsewhere.example }
oncall duty "First line" { timezone Europe/Paris  otherwise bob }
oncall other { timezone UTC  otherwise eve }
'''
# Whatever the machine's clock says, as long as it is this century.
ALWAYS = ['--from', '2026-01-01', '--until', '2098-12-31']
SAID = ('replacement %d: bob by ana in duty from Thu 2026-01-01 00:00 CET '
        'until Thu 2099-01-01 00:00 CET (')


def replace(relay, *words):
    return relay.command('oncall', 'replace', *words)


def swap(relay, name='bob', by='ana', oncall='duty', times=ALWAYS):
    return replace(relay, name, 'by', by, 'in', oncall, *times)


def refused(relay, sentence, **words):
    status, out, err = swap(relay, **words)
    ok(status == 1 and not out and sentence in err, 'refused: ' + sentence,
       status, out, err)


def turns(relay, *words):
    status, out, err = relay.command('oncall', 'duty', '--json', *words)
    same(status, 0, 'oncall answers')
    return [json.loads(line) for line in out.splitlines()]


class Duty(Relay):
    def __init__(self):
        super().__init__()
        self.write('contacts.rules', CONTACTS + DUTY)
        self.write('customers/contoso.rules', RULES)
        self.write('alert.eml', mail().decode())
        self.seen = []

    def told(self):
        """Of one more alert."""
        count = len(self.seen) + 1
        self.deliver(mail(id=str(count), incident=str(count)), CONTOSO)
        new = [m for m in self.outbox(count)
               if m['X-Tocsin-Code'] not in self.seen]
        self.seen += [m['X-Tocsin-Code'] for m in new]
        return new[0]['To']

    def doubts(self):
        """What check warns of in replacements by command."""
        return re.findall('warning: (replacement .*)',
                          self.command('check')[2])

    def says(self, who, name):
        """All who are asked say the same."""
        out = self.command('explain', self.path('alert.eml'))[1]
        ok('to %s@mssp.example (%s)' % (who, who) in out,
           '%s: so does explain' % name, out)
        out = self.command('show', 'contoso')[1]
        ok(re.search('duty: %s@mssp.example$' % who, out, re.M),
           '%s: so does show' % name, out)
        turn = turns(self)[0]
        same(turn['persons'], [who], '%s: so does oncall' % name)
        return turn


with Duty() as relay:
    refused(relay, 'there is no store')
    ok(not os.path.exists(relay.path(*relay.store)), 'and none is made')
    relay.says('bob', 'without a store')
    relay.start()
    same(relay.told(), 'bob@mssp.example', 'Bob has duty')
    same(replace(relay), (0, '', ''), 'nobody is replaced')
    same(replace(relay, '--json'), (0, '', ''), 'nor as JSON')

    status, out, err = swap(relay)
    ok(status == 0 and out.startswith(SAID % 1) and not err,
       'Ana takes over; the number is printed, and the time by local clocks',
       status, out, err)
    same(relay.told(), 'ana@mssp.example', 'the next alert is hers')
    ok('event=reloaded' not in relay.read_log(), 'without a reload')
    same(relay.says('ana', 'Ana'), {
        'oncall': 'duty', 'from': '2025-12-31T23:00:00Z',
        'to': '2098-12-31T23:00:00Z', 'persons': ['ana'], 'layer': 'replace'},
        'as a turn of its own')
    out = relay.command('oncall', 'duty')[1]
    ok('\n  ' + SAID % 1 in out, 'oncall lists it behind the turns', out)
    same(replace(relay)[1].startswith(SAID % 1), True, 'and alone')
    row = json.loads(replace(relay, '--json')[1])
    made = datetime.datetime.fromisoformat(row.pop('made'))
    ok(row.pop('who') and abs(time.time() - made.timestamp()) < 600,
       'by whom, and when', row)
    same(row, {'id': 1, 'oncall': 'duty', 'name': 'bob', 'by': 'ana',
               'from': '2025-12-31T23:00:00Z',
               'until': '2098-12-31T23:00:00Z', 'ended': None},
         'as JSON with all the rest')

    status, out, err = swap(relay, 'ana', 'soc-desk', times=[
        '--from', '2026-02-01T10:30', '--until', '2098-01-01T00:00:00+02:00'])
    ok(status == 0 and 'from Sun 2026-02-01 10:30 CET until Tue 2097-12-31 '
       '23:00 CET (' in out, 'one that acts on the first, with other times',
       status, out, err)
    same(relay.told(), 'soc@mssp.example', 'they chain')
    same(relay.doubts(), [], 'check has no doubt')

    for sentence, words in (
            ("no oncall 'dutty' (did you mean 'duty'?)", {'oncall': 'dutty'}),
            ("'soc-desk' is a team, and so has no turns",
             {'oncall': 'soc-desk'}),
            ("no contact 'bobb' (did you mean 'bob'?)", {'name': 'bobb'}),
            ("no contact 'anna' (did you mean 'ana'?)", {'by': 'anna'}),
            ("behind 'duty' stands 'duty' itself", {'by': 'duty'}),
            ("'contoso' to eve@elsewhere.example, which its recipients do not "
             "allow (name somebody whom the `recipients` of contoso allow)",
             {'by': 'eve'}),
            ('ends before it begins',
             {'times': ['--from', '2026-02-02', '--until', '2026-02-01']})):
        refused(relay, sentence, **words)
    same(swap(relay, 'eve', 'bob', 'other')[0], 0,
         'where no customer names it, another address is fine')
    status, out, err = swap(relay, 'eve', 'ana')
    ok(status == 0 and out.startswith('replacement 4: ') and
       "warning: 'eve' is not in turn in this time" in err and
       'tocsin oncall replace --end 4' in err,
       'whoever has no turn is warned of, and how to take it back',
       status, out, err)

    for words in (['bob'], ['bob', 'by', 'ana'], ['bob', 'by', 'ana', 'in'],
                  ['bob', 'with', 'ana', 'in', 'duty'],
                  ['bob', 'by', 'ana', 'in', 'duty'],
                  ['bob', 'by', 'ana', 'in', 'duty', '--from', '2026-01-01'],
                  ['bob', 'by', 'ana', 'in', 'duty', '--json', *ALWAYS],
                  ['bob', 'by', 'ana', 'in', 'duty', '--from', 'noon',
                   '--until', '2026-01-01'],
                  ['bob', 'by', 'ana', 'in', 'duty', '--from', '2026-01-01',
                   '--until', '2026-13-01'],
                  ['--end', '1', '--from', '2026-01-01'], ['--end', '1', 'x'],
                  ['--end', '1', '--json'], ['--at', '2026-01-01T00:00:00Z']):
        same(replace(relay, *words)[:2], (2, ''),
             'oncall replace %s is wrong usage' % ' '.join(words))
    for words in (['--end', '1'], ['duty', *ALWAYS]):
        same(relay.command('oncall', *words)[:2], (2, ''),
             'oncall %s as well' % ' '.join(words))
    for id in ('9', 'x', '-1', '99999999999999999999'):
        same(replace(relay, '--end=' + id)[:2], (1, ''),
             'there is no replacement %s to end' % id)
    same(len(replace(relay, '--json')[1].splitlines()), 4,
         'nothing of that changed anything')

    same(replace(relay, '--end', '2')[:2], (0, 'replacement 2 has ended\n'),
         'the second is ended')
    same(relay.told(), 'ana@mssp.example', 'so the first acts alone')
    same(replace(relay, '--end', '1')[0], 0, 'the first, too')
    same(replace(relay, '--end', '1')[:2], (1, ''), 'but once')
    same(relay.told(), 'bob@mssp.example', 'and it is his turn again')
    relay.says('bob', 'Bob')
    past = turns(relay, '--at', '2026-01-15T12:00:00Z')[0]
    same((past['persons'], past['layer']), (['ana'], 'replace'),
         'what was stays as it was')
    ok(', ended)' in replace(relay)[1] and
       'replacement 1:' not in relay.command('oncall', 'duty')[1],
       'they are listed as ended, and no longer behind the turns')

    same(relay.doubts(), [
        "replacement 4, which is no line of a file: 'eve' is not in turn in "
        "this time, so there is nothing to replace (tocsin oncall replace "
        "--end 4)"], 'check warns of the one that does nothing')
    swap(relay, times=['--from', '2026-01-01', '--until', '2026-01-02'])
    same(relay.doubts()[1:], [
        "replacement 5, which is no line of a file: this replacement of 'bob' "
        "is over (tocsin oncall replace --end 5)"], 'of one that is over')
    replace(relay, '--end', '4')
    replace(relay, '--end', '5')
    same(relay.doubts(), [], 'and not when they are ended')

    swap(relay, times=['--from', '2097-01-01', '--until', '2097-01-02'])
    ok('  replacement 6: ' in relay.command('oncall', 'duty')[1],
       'one that is to come is listed')
    replace(relay, '--end', '6')
    ok('  replacement 6: ' not in relay.command('oncall', 'duty')[1],
       'unless it is ended before it comes')

    # The files change under one that is in force.
    swap(relay)
    same(relay.told(), 'ana@mssp.example', 'Ana has taken over once more')
    relay.write('contacts.rules', (CONTACTS + DUTY).replace(
        'person ana ', 'person anna ').replace('members ana', 'members anna'))
    relay.write('customers/contoso.rules', RULES)
    same(relay.doubts(), [
        "replacement 7, which is no line of a file: there is no contact 'ana' "
        "(tocsin oncall replace --end 7)"], 'of one by somebody who is gone')
    same(relay.command('reload')[0], 0, 'the files are in force')
    same(relay.told(), 'bob@mssp.example',
         'so whoever has the turn keeps it')
    same(relay.stop(), 0, 'it ends')

    # Read as it is, without the daemon; and not known, where it cannot be.
    relay.write('contacts.rules', CONTACTS + DUTY)
    same(turns(relay)[0]['persons'], ['ana'], 'it is read without a daemon')
    os.rename(relay.path(*relay.store), relay.path('saved'))
    with open(relay.path(*relay.store), 'w', encoding='utf-8') as file:
        file.write('not a database, but long enough to be looked at' * 20)
    status, out, err = relay.command('oncall', 'duty')
    ok(status == 1 and 'duty (First line): bob' in out and
       'replacements by command are not known, and left out' in err,
       'where the store is damaged, the answer says what it lacks',
       status, out, err)
    status, out, err = relay.command('explain', relay.path('alert.eml'))
    ok(status == 0 and 'to bob@mssp.example' in out and
       'replacements by command are not known' in err, 'explain does as well',
       status, out, err)

done()
