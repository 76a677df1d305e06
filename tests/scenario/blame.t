#!/usr/bin/env python3
"""Whose fault it is when two files exclude each other: `tocsin check` puts the
error where `tocsin reload` leaves something out, and names the other place. And
what the guard of `recipients` says, which is never that it should be opened."""
import json
import os
import sys

sys.path.insert(0, 'tests/lib')
from relay import CONTACTS, Relay, done, ok, same        # noqa: E402

CUSTOMER = '''
customer %(name)s {
    mailbox    %(name)s@relay.mssp.example
    recipients @mssp.example
    %(more)s
    otherwise  notify soc-desk
}
%(beside)s
'''


def customer(name, more='', beside=''):
    return CUSTOMER % dict(name=name, more=more, beside=beside)


# What two files of customers can both have: what stands in one, and in the
# other; the sentence.
CLASHES = [
    ('tenant', customer('%s', 'tenant 11111111-0000-4000-8000-000000000001'),
     'is claimed by customer'),
    ('mailbox', customer('%s', 'mailbox soc@relay.mssp.example'),
     'is claimed by customer'),
    ('organization', customer('%s', 'organization "Acme"'),
     'is claimed by customer'),
    ('name', customer('%s') + customer('both'), 'is defined twice'),
    ('person', customer('%s', beside='person cara { mail c@mssp.example }'
                        '\nteam t-%s { members cara }'), 'two have the name'),
    ('window', customer('%s', 'rule r when severity is high during w '
                        'notify ana', 'window w { timezone UTC mon 8-9 }'
                        .replace('8-9', '08:00-09:00')), 'is defined twice'),
]


def file_of(name):
    return 'customers/%s.rules' % name


def text_of(clash, name):
    return clash[1].replace('%s', name)


def command(relay, *words):
    """What it says, without the folder of the test."""
    return relay.command(*words)[1].replace(
        os.path.dirname(os.path.realpath(relay.conf)) + '/', '').replace(
        os.path.dirname(relay.conf) + '/', '')


def errors(relay):
    out = command(relay, 'check', '--json')
    return [e for e in map(json.loads, out.splitlines())
            if e['severity'] == 'error']


def kept(relay):
    return sorted(line.split()[1] for line in
                  command(relay, 'reload').splitlines()
                  if line.startswith('kept: '))


def is_blamed(relay, names, sentence, name):
    """By both, in one sentence, which names the other place."""
    found = errors(relay)
    left = kept(relay)
    same(left, [file_of(each) for each in names], name)
    files = {each['file'] for each in found}
    ok(files and files <= set(left) and
       all(sentence in each['message'] for each in found),
       'as check says', found)
    ok(all('the other is at customers/' in each['remedy'] and
           each['file'] not in each['remedy'] for each in found),
       'with both places', found)


def clash(one):
    kind, _, sentence = one
    with Relay() as relay:
        relay.write(file_of('m'), text_of(one, 'm'))
        relay.start()
        for new in 'a', 'z':
            relay.write(file_of(new), text_of(one, new))
            is_blamed(relay, [new], sentence, 'a %s that is there already: '
                      'the new file, %s, is left out' %
                      (kind, 'before' if new == 'a' else 'behind'))
            os.unlink(relay.path(file_of(new)))
        relay.write(file_of('a'), customer('a'))
        relay.write(file_of('z'), customer('z'))
        same(kept(relay), [], 'two that get on with it')
        for changed in 'a', 'z':
            relay.write(file_of(changed), text_of(one, changed))
            found = errors(relay)
            same(kept(relay), [file_of(changed)],
                 'who takes it later stays as he was, %s' % changed)
            ok(found and all('customers/m.rules' in
                             each['file'] + each['remedy'] and
                             file_of(changed) in
                             each['file'] + each['remedy']
                             for each in found), 'check names both', found)
            relay.write(file_of(changed), customer(changed))
            same(kept(relay), [], 'until he gives it back')


def without_state():
    """Where nobody knows which is new, it is the latter."""
    with Relay() as relay:
        for name in 'a', 'b':
            relay.write(file_of(name), text_of(CLASHES[0], name))
        same([each['file'] for each in errors(relay)], [file_of('b')],
             'of two new ones the latter is to blame')


def opens(found):
    """Does it advise to write something into `recipients`?"""
    return [each for each in found if each['remedy'] and
            ('add' in each['remedy'] or '@mssp.example, ' in each['remedy'])]


def guard():
    several = [customer(each, 'rule r when severity is high notify primary')
               for each in ('a', 'b', 'c')]
    with Relay() as relay:
        for name, text in zip('abc', several):
            relay.write(file_of(name), text)
        relay.start()
        relay.write('contacts.rules',
                    CONTACTS.replace('ana@mssp.example', 'ana@msps.example'))
        found = errors(relay)
        same([(each['file'], each['remedy']) for each in found],
             [('contacts.rules', "did you mean 'ana@mssp.example'?")],
             'an address that nobody allows is one mistake, of the address')
        ok('2 more customers' in found[0]['message'] or
           '3 more customers' in found[0]['message'], 'of all', found)
        same(kept(relay), ['contacts.rules'], 'and of its file')

        relay.write('contacts.rules', CONTACTS +
                    'person eve { mail eve@evil.example }')
        relay.write(file_of('d'), customer('d', 'rule r when severity is high '
                                           'notify eve'))
        found = errors(relay)
        same([each['file'] for each in found], ['contacts.rules'],
             'one whom a new customer names')
        same(opens(found), [], 'is not let in')
        same(kept(relay), [file_of('d')], 'and the others reload')

        relay.write(file_of('d'), customer('d', beside='person dan '
                                           '{ mail dan@d.example }').replace(
            '@mssp.example\n', '@mssp.example, @d.example\n'))
        relay.write(file_of('e'), customer('e', 'rule r when severity is high '
                                           'notify dan'))
        found = errors(relay)
        ok(len(found) == 1 and found[0]['file'] == file_of('e') and
           "belongs to customer 'd'" in found[0]['message'],
           'whoever stands in the file of another belongs to him', found)
        same(opens(found), [], 'and is not let in')
        same(kept(relay), [file_of('e')], 'the new one is left out')

        relay.write(file_of('e'), customer('e', 'rule r when severity is high '
                                           'notify eve'))
        relay.write(file_of('d'), customer('d', 'rule r when severity is high '
                                           'notify eve').replace(
            '@mssp.example\n', '@mssp.example, @evil.example\n'))
        found = errors(relay)
        ok(len(found) == 1 and found[0]['file'] == file_of('e') and
           'do not allow' in found[0]['message'],
           'what some allow is the fault of who does not', found)
        same(opens(found), [], 'and no advice to open')


for each in CLASHES:
    clash(each)
without_state()
guard()
done()
