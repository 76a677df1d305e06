#!/usr/bin/env python3
"""A real Exim on both sides of the relay, with the settings of the manual.
It is unpacked into namespaces of its own (private_root), never installed."""
import sys

sys.path[:0] = ['tests/lib', 'tests/mta']
from mta import DOMAIN, SENDER, Exim, System, enter, wait_for  # noqa: E402
from relay import done, same                     # noqa: E402
import stories                                       # noqa: E402

# Sender, recipient, options, what is stored. Exim folds the recipient to lower
# case and takes its quotes off; $(...) is a comment, which it drops.
ENVELOPES = [
    (SENDER, 'Contoso+Rule7@' + DOMAIN, (),
     (SENDER, 'contoso+rule7@' + DOMAIN)),
    ('', 'contoso@' + DOMAIN, (), ('', 'contoso@' + DOMAIN)),
    ('"o k"@a.example', '"a b"@' + DOMAIN, (),
     ('"o k"@a.example', 'a b@' + DOMAIN)),
    ("o'`id`|$(id)${x}%{y}@a.example", "o'`id`|${x}%{y}@" + DOMAIN, (),
     ("o'`id`|$${x}%{y}@a.example", "o'`id`|${x}%{y}@" + DOMAIN)),
    (SENDER, '-rf@' + DOMAIN, (), (SENDER, '-rf@' + DOMAIN)),
    ('jürgen@a.example', 'contösö@' + DOMAIN, ('SMTPUTF8',),
     ('jürgen@a.example', 'contösö@' + DOMAIN)),
    (SENDER, 'a' * 200 + '@' + DOMAIN, (), (SENDER, 'a' * 200 + '@' + DOMAIN)),
    (SENDER, 'a' * 900 + '@' + DOMAIN, (), 501),
]

# Without the shell and what the manual says to it.
BARE = {'exit-0': 'delivered', 'exit-73': 'deferred', 'exit-75': 'deferred'}

enter('exim', Exim)
with System() as relay, Exim() as mta:
    stories.hundred_without_daemon(relay, mta)
    stories.hundred_during_upgrades(mta)
    stories.troubles(relay, mta)
    stories.stopped_after_it_was_stored(relay, mta, 4001, mta.kill)
    # What delivers outlives its daemon, and hears the status.
    stories.stopped_after_it_was_stored(relay, mta, 4002, mta.stop, runs=1)
    stories.killed_in_the_middle_of_the_mail(mta)
    stories.our_own_comes_back(relay, mta)
    stories.many_received(relay, mta, 29, 30)
    relay.stop()
    stories.begin_hang(mta)
    stories.envelopes(relay, mta, ENVELOPES)
    stories.contents(relay, mta)
    stories.all_are_told(relay, mta, ENVELOPES)
    stories.hang_is_over(mta, ['deferred', 'delivered'])

    # In a run for several recipients Exim names none.
    relay.stop()
    mta.send(stories.alert(8001), 'a@batch.example', 'b@batch.example')
    wait_for(lambda: len(relay.inbox()), 1)
    same([to for _, to, _ in relay.stored()], [['@batch.example']],
         'with batch_max the recipients are lost, not the mail')

    stories.ends(mta, {'exit-0': 'delivered'}, 'deferred')
    stories.nothing_else_bounced(mta, 'received+30@')
    stories.ends(mta, BARE, 'bounced', 'bare.example', 'in a bare pipe')
done()
