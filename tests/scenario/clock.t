#!/usr/bin/env python3
"""A machine whose clock is wrong: a hundred days ahead at the start, set so
while the daemon runs, and right again."""
import sys

sys.path.insert(0, 'tests/lib')
from relay import mail, ok, same, done      # noqa: E402
from shifted import Shifted             # noqa: E402
from smtp_server import closed_port     # noqa: E402

DAYS = 100
RULES = '''
customer contoso "Contoso GmbH" {
    tenant     72f988bf-86f1-41af-91ab-2d7cd011db47
    mailbox    contoso@relay.mssp.example
    recipients @mssp.example
    expect     mail every 3d
    otherwise  notify ana
}
'''


class Customer(Shifted):
    def __init__(self, *words, **names):
        super().__init__(*words, **names)
        self.write('customers/contoso.rules', RULES)

    def kept(self):
        return self.rows("SELECT count(*) FILTER (WHERE kind = 'mail'),"
                         " (SELECT count(*) FROM known) FROM item")[0]

    def told(self, words):
        return [m for m in self.outbox(0) if words in m['Subject']]


# What is sent is sent; what is known is known.
with Customer() as relay:
    relay.run()
    for i in range(5):
        relay.deliver(mail(str(i)), 'contoso@relay.mssp.example')
    relay.outbox(5)
    before = relay.kept()
    relay.stop()
    relay.set_clock(DAYS * 86400)
    relay.run()
    relay.wait_log('event=clock what=jumped days=.?%d' % DAYS)
    relay.wait_rows([(1,)], "SELECT count(*) FROM item WHERE kind = 'notice'")
    same(relay.kept(), before, 'with a clock that is a hundred days ahead at '
         'the start, what was taken and what is known is kept')
    relay.outbox(6)
    same(len(relay.told('clock jumped')), 1,
         'the catch-all is told of the clock')
    relay.deliver(mail('77'), 'contoso@relay.mssp.example')
    relay.outbox(7)
    ok(True, 'a mail goes on as always')
    relay.stop()
    relay.set_clock(0)
    relay.run()
    relay.wait_log('event=clock what=back')
    relay.outbox(8)
    same(relay.kept()[0], before[0] + 1, 'when it is right again nothing is '
         'lost')
    same(len(relay.told('quiet')), 0, 'and nobody was told to be quiet')
    relay.stop()

# What waits for a relay that is down.
with Customer(relay='relay r { smtp localhost:%d tls none }'
             % closed_port()) as relay:
    relay.run()
    relay.deliver(mail('1'), 'contoso@relay.mssp.example')
    relay.wait_rows([('retry', 1)], 'SELECT state, attempts FROM delivery')
    relay.set_clock(DAYS * 86400)
    relay.deliver(mail('2'), 'contoso@relay.mssp.example')
    relay.wait_rows([('retry',)], 'SELECT state FROM delivery'
                    ' WHERE attempts = 2')
    same(relay.rows("SELECT count(*) FROM delivery WHERE state = 'failed'"),
         [(0,)], 'a clock that jumps while it runs gives nothing up')
    relay.stop()
    relay.run()
    relay.wait_log('event=clock what=jumped')
    relay.wait_rows([(0,)], "SELECT count(*) FROM delivery WHERE state IN"
                    " ('failed', 'claimed')")
    ok(True, 'nor does one that is wrong at the start')
    relay.stop()

done()
