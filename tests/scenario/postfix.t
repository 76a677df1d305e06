#!/usr/bin/env python3
"""A real Postfix on both sides: it pipes mails into tocsin-deliver, with the
settings that the manual prints, and takes the notifications. It is unpacked
into namespaces of its own (private_root) and never installed. Longer runs, also
with Exim and OpenSMTPD, are in tests/mta."""
import os
import sys

sys.path.insert(0, 'tests/lib')
from mta import (CONTOSO, DOMAIN, SPOOL, Postfix, System, enter,  # noqa: E402
                 wait_for)
from relay import done, mail, ok, same  # noqa: E402

HIGH = ['ana@mssp.example', 'archive@mssp.example', 'bob@mssp.example']
SOME_REFUSE = '''
person ana      { mail refused@mssp.example }
person bob      { mail bob@mssp.example }
team   primary  { members ana, bob }
team   soc-desk { mail soc@mssp.example }
team   archive  { mail archive@mssp.example }
'''


def told(mta, title, want):
    """To whom the mails went that have this in their subject, sorted."""
    def look():
        return sorted(message['Delivered-To'] for message in mta.mails()
                      if title in message['Subject'])

    return wait_for(look, want)


enter('postfix', Postfix)
with System() as relay, Postfix() as mta:
    relay.start()
    mta.send(mail(title='Once'), CONTOSO)
    same(told(mta, 'Once', HIGH), HIGH, 'a mail goes through the pipe, and '
         'who must hear of it gets a notification')
    same(mta.verdict(CONTOSO, 'delivered'), 'delivered',
         'Postfix saw it delivered')
    ok(relay.wait_log('event=notify .*authentic=pass'),
       'a mail that its user stored can be authentic', relay.read_log())
    ok(all(message['Auto-Submitted'] == 'auto-generated' and
           message['Return-Path'] == '<tocsin@relay.mssp.example>'
           for message in mta.mails()),
       'the notifications say that a program wrote them, and which')

    # One mail for two odd addresses, each with a run of its own.
    twice = sorted(HIGH + HIGH)
    mta.send(mail(id='2', title='Twice'), 'Contoso+Rule7@' + DOMAIN,
             '"a b"@' + DOMAIN, sender='')
    same(told(mta, 'Twice', twice), twice, 'odd addresses and the null '
         'sender reach the relay')

    relay.stop()
    mta.send(mail(id='3', title='Asleep'), 'contoso+3@' + DOMAIN)
    same(mta.verdict('contoso+3@' + DOMAIN, 'delivered'), 'delivered',
         'while the daemon is down Postfix delivers')
    same([(sender, to) for sender, to, _ in relay.stored()],
         [('defender-noreply@microsoft.com', ['contoso+3@' + DOMAIN])],
         'and the mail waits in the spool, under its envelope')
    relay.start()
    same(told(mta, 'Asleep', HIGH), HIGH, 'and is told when it is back')

    os.rename(SPOOL, SPOOL + '.away')
    mta.send(mail(id='4', title='Away'), 'contoso+4@' + DOMAIN)
    same(mta.verdict('contoso+4@' + DOMAIN, 'deferred'), 'deferred',
         'without a spool Postfix keeps the mail')
    ok('tocsin-deliver: cannot create a file in ' + SPOOL in mta.read_log(),
       'and its log says why', mta.tail())
    os.rename(SPOOL + '.away', SPOOL)
    same(told(mta, 'Away', HIGH), HIGH, 'it tries again, and that is told')

    relay.write('contacts.rules', SOME_REFUSE)
    relay.daemon.send_signal(1)
    relay.wait_log('event=reloaded')
    mta.send(mail(id='5', title='Refused'), CONTOSO)
    others = sorted(HIGH[1:] + ['soc@mssp.example'])
    same(told(mta, 'Refused', others), others, 'a desk that refuses stops no '
         'other, and the catch-all is told of it')
    ok(relay.wait_log('event=failed .*No such desk'),
       "the log has the server's words", relay.read_log())

    mta.make_table(relay.conf)
    refused = 'nobody@' + DOMAIN
    code = wait_for(lambda: mta.send(
        mail(id='6'), refused).get(refused, (0,))[0], 550)
    same(code, 550, 'an address that no customer has is refused')
    same([mta.send(mail(id=str(id)), to + '@' + DOMAIN) for id, to in (
        (7, 'contoso'), (8, 'Contoso+rule7'), (9, 'tocsin'),
        (10, 'tocsin+abcdefghjk'))], [{}] * 4,
         "the customers' and the relay's own are taken")

    ok('status=bounced' not in mta.read_log(), 'nothing bounced', mta.tail())
    same(relay.stop(), 0, 'the daemon drains')
done()
