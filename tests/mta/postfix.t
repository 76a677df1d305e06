#!/usr/bin/env python3
"""A real Postfix on both sides of the relay, with the settings of the manual.
It is unpacked into namespaces of its own (private_root), never installed."""
import sys

sys.path[:0] = ['tests/lib', 'tests/mta']
from mta import DOMAIN, SENDER, Postfix, System, enter  # noqa: E402
from relay import done, ok, same                     # noqa: E402
import stories                                       # noqa: E402

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
    (SENDER, 'a' * 240 + '@' + DOMAIN, (), (SENDER, 'a' * 240 + '@' + DOMAIN)),
]

ENDS = {'exit-0': 'delivered', 'exit-71': 'deferred', 'exit-75': 'deferred',
        'signal-9': 'deferred', 'signal-11': 'deferred'}

enter('postfix', Postfix)
with System() as relay, Postfix() as mta:
    stories.hundred_without_daemon(relay, mta)
    stories.hundred_during_upgrades(relay, mta)
    stories.troubles(relay, mta)
    stories.stopped_after_it_was_stored(relay, mta, 4001, mta.kill)
    stories.stopped_after_it_was_stored(relay, mta, 4002, mta.stop)
    stories.killed_in_the_middle_of_the_mail(relay, mta)
    stories.our_own_comes_back(relay, mta)
    stories.many_received(relay, mta, 31, 49)
    relay.stop()
    stories.envelopes(relay, mta, ENVELOPES)
    stories.contents(relay, mta)
    stories.all_are_told(relay, mta, ENVELOPES)
    stories.ends(mta, ENDS, 'bounced')
    stories.nothing_else_bounced(mta, 'exit-')
done()
