#!/usr/bin/env python3
"""A real OpenSMTPD on both sides of the relay, with the settings of the manual.
It is unpacked into namespaces of its own (private_root), never installed."""
import sys

sys.path[:0] = ['tests/lib', 'tests/mta']
from mta import DOMAIN, SENDER, OpenSmtpd, System, enter  # noqa: E402
from relay import done, ok, same                     # noqa: E402
import stories                                       # noqa: E402

# Sender, recipient, options, what is stored.
ENVELOPES = [
    (SENDER, 'Contoso+Rule7@' + DOMAIN, (),
     (SENDER, 'Contoso+Rule7@' + DOMAIN)),
    ('', 'contoso@' + DOMAIN, (), ('', 'contoso@' + DOMAIN)),
    (SENDER, '"a b"@' + DOMAIN, (), 501),
    ("o'`id`|$(id)${x}%{y}@a.example", "o'`id`|${x}%{y}@" + DOMAIN, (),
     ("o::id:::::x:::y:@a.example", "o::id::::x:::y:@" + DOMAIN)),
    (SENDER, '-rf@' + DOMAIN, (), (SENDER, '-rf@' + DOMAIN)),
    (SENDER, 'contösö@' + DOMAIN, (), 501),
    (SENDER, 'a' * 200 + '@' + DOMAIN, (), (SENDER, 'a' * 200 + '@' + DOMAIN)),
]

# Without what the manual says to the shell. A program that a signal ends looks
# like one that fails, by the shell between.
BARE = {'exit-0': 'delivered', 'exit-71': 'deferred', 'exit-75': 'deferred'}

enter('opensmtpd', OpenSmtpd)
with System() as relay, OpenSmtpd() as mta:
    stories.hundred_without_daemon(relay, mta)
    stories.hundred_during_upgrades(mta)
    stories.troubles(relay, mta)
    stories.stopped_after_it_was_stored(relay, mta, 4001, mta.kill)
    stories.stopped_after_it_was_stored(relay, mta, 4002, mta.stop)
    stories.killed_in_the_middle_of_the_mail(mta)
    stories.our_own_comes_back(relay, mta)
    stories.many_received(relay, mta, 99, 100)
    relay.stop()
    stories.envelopes(relay, mta, ENVELOPES)
    # What follows a NUL in a line is lost before it gets here.
    stories.contents(relay, mta, NUL=b'<td>a\n<a href=')
    stories.all_are_told(relay, mta, ENVELOPES)
    stories.ends(mta, {'exit-0': 'delivered'}, 'deferred')
    stories.nothing_else_bounced(mta, 'received+100@')
    stories.ends(mta, BARE, 'bounced', 'bare.example', 'in a bare pipe')
done()
