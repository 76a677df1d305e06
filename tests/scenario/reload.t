#!/usr/bin/env python3
"""A large configuration is loaded anew while mail goes on: what is loaded
becomes valid as a whole, and nobody waits for it."""
import signal
import sys
import time

sys.path.insert(0, 'tests/lib')
from relay import Relay, mail, ok, same, done   # noqa: E402

CONTOSO = 'contoso@relay.mssp.example'


def many_rules(count):
    """A customer whose rules take a while to load, with time zones, which all
    threads share."""
    rules = ''.join(
        '    rule r%d when device is "srv-%d.example" and severity at least '
        'low during night%d notify ana\n' % (n, n, n % 3)
        for n in range(count))
    windows = ''.join(
        'window night%d { timezone %s  mon-sun 18:00-08:00 }\n' % (n, zone)
        for n, zone in enumerate(('Asia/Tokyo', 'America/Bogota',
                                  'Africa/Tunis')))
    return windows + '''
customer many {
    mailbox     many@relay.mssp.example
    recipients  @mssp.example
%s    otherwise notify soc-desk
}
''' % rules


with Relay() as relay:
    relay.start()
    relay.write('customers/many.rules', many_rules(60000))
    # The daemon learns of both at once.
    relay.daemon.send_signal(signal.SIGSTOP)
    relay.daemon.send_signal(signal.SIGHUP)
    relay.deliver(mail(id='0'), CONTOSO)
    relay.daemon.send_signal(signal.SIGCONT)
    same(len(relay.outbox(3)), 3, 'a mail that comes meanwhile is told')
    lines = relay.wait_log('event=reloaded')
    log = relay.read_log()
    ok(len(lines) == 1 and log.index('event=sent') <
       log.index('event=reloaded'), 'before the new rules are loaded', log)
    relay.deliver(mail(id='1', tenant=''), 'many@relay.mssp.example')
    same(relay.sent_to(4).count('soc@mssp.example'), 1,
         'and the new rules hold when they are')

    # The file changes while it is read.
    relay.daemon.send_signal(signal.SIGHUP)
    time.sleep(0.02)
    relay.write('customers/many.rules', many_rules(1)
                .replace('notify soc-desk', 'notify bob'))
    for _ in range(5):
        relay.daemon.send_signal(signal.SIGHUP)
        time.sleep(0.005)
    relay.wait_log('event=reloaded', 3)
    relay.deliver(mail(id='2', tenant=''), 'many@relay.mssp.example')
    same(relay.sent_to(5).count('bob@mssp.example'), 2,
         'a change during a load is seen by the next one')

    # The relay is stopped while it loads.
    relay.write('customers/many.rules', many_rules(20000))
    relay.daemon.send_signal(signal.SIGHUP)
    time.sleep(0.02)
    same(relay.stop(), 0, 'a relay that is loading can be stopped')
    ok('event=stopped' in relay.read_log(), 'in order', relay.read_log())
done()
