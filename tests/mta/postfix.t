#!/usr/bin/env python3
"""A real Postfix on both sides of the relay, with the settings of the manual.
It is unpacked into namespaces of its own (private_root), never installed."""
import os
import subprocess
import sys

sys.path[:0] = ['tests/lib', 'tests/mta']
from mta import (DOMAIN, IDS, SENDER, Postfix, System, enter,  # noqa: E402
                 folder_of, wait_for)
from relay import done, ok, same  # noqa: E402
import stories  # noqa: E402

LONG = 'a' * 200 + '@' + DOMAIN

# Sender, recipient, options, what is stored. $(...) is a comment.
ENVELOPES = [
    (SENDER, 'Contoso+Rule7@' + DOMAIN, (),
     (SENDER, 'Contoso+Rule7@' + DOMAIN)),
    ('', 'contoso@' + DOMAIN, (), ('', 'contoso@' + DOMAIN)),
    ('"o k"@a.example', '"a b"@' + DOMAIN, (),
     ('o k@a.example', 'a b@' + DOMAIN)),
    ("o'`id`|$(id)${x}%{y}@a.example", "o'`id`|${x}%{y}@" + DOMAIN, (),
     ("o'`id`|$${x}%{y}@a.example", "o'`id`|${x}%{y}@" + DOMAIN)),
    (SENDER, '-rf@' + DOMAIN, (), 501),
    ('jürgen@a.example', 'contösö@' + DOMAIN, ('SMTPUTF8',),
     ('jürgen@a.example', 'contösö@' + DOMAIN)),
    (SENDER, LONG, (), (SENDER, LONG)),
]

ENDS = {'exit-0': 'delivered', 'exit-71': 'deferred', 'exit-75': 'deferred',
        'signal-9': 'deferred', 'signal-11': 'deferred'}



def an_alias(relay, mta):
    """The other way that the manual shows, without a transport."""
    folder_of('tocsin', '/etc/tocsin-aliases')
    with open('/etc/tocsin-aliases/aliases', 'w') as file:
        file.write(mta.alias)
    os.chown(file.name, IDS['tocsin'], IDS['tocsin'])
    subprocess.run(['postalias', file.name], check=True)
    mta.set('mydestination = mx.mssp.example',
            'alias_maps = hash:/etc/tocsin-aliases/aliases',
            'recipient_delimiter = +')
    relay.stop()
    mta.send(stories.alert(9001), 'Contoso+rule@mx.mssp.example')
    # Beside those that were deferred before.
    want = (SENDER, ['Contoso+rule@mx.mssp.example'])
    ok(wait_for(lambda: want in [mail[:2] for mail in relay.stored()]),
       'an alias delivers as well', relay.stored(), mta.tail())
    relay.start()
    same(*stories.told(mta, [9001]), 'and it is told')


def too_slow(mta):
    """Only Postfix returns the mail then, whatever the settings."""
    mta.set('tocsin_time_limit = 2s')
    stories.begin_hang(mta)
    stories.hang_is_over(mta, ['bounced'])


def many_recipients(relay, mta):
    """Several in one run share one status and one file."""
    mta.set('tocsin_destination_recipient_limit = 2000',
            'smtpd_recipient_limit = 2000')

    def sent(count, local):
        to = ['%s%d@%s' % (local, i, DOMAIN) for i in range(count)]
        same(mta.send(stories.alert(9002), *to), {},
             '%d recipients at once: taken' % count)
        return to

    def together():
        # Others are those that were deferred before.
        return [sorted(to) for _, to, _ in relay.stored() if len(to) > 1]

    to = sent(1000, 'r')
    same(wait_for(together, [sorted(to)]), [sorted(to)], 'all are in one file')
    for count, local, name in (
            (1001, 'more', 'more than the program takes'),
            (1800, 'x' * 1200, 'more than a command line can hold')):
        to = sent(count, local)
        same(mta.verdict(to[-1], 'deferred'), 'deferred', name + ': deferred')
    same(len(together()), 1, 'and nothing of them is stored')


enter('postfix', Postfix)
with System() as relay, Postfix() as mta:
    stories.hundred_without_daemon(relay, mta)
    stories.hundred_during_upgrades(mta)
    stories.troubles(relay, mta)
    stories.stopped_after_it_was_stored(relay, mta, 4001, mta.kill)
    stories.stopped_after_it_was_stored(relay, mta, 4002, mta.stop)
    stories.killed_in_the_middle_of_the_mail(mta)
    stories.our_own_comes_back(relay, mta)
    stories.many_received(relay, mta, 31, 49)
    relay.stop()
    stories.envelopes(relay, mta, ENVELOPES)
    stories.contents(relay, mta)
    stories.all_are_told(relay, mta, ENVELOPES)
    stories.ends(mta, ENDS, 'bounced')
    stories.nothing_else_bounced(mta, 'exit-')

    an_alias(relay, mta)
    too_slow(mta)
    relay.stop()
    many_recipients(relay, mta)
done()
