#!/usr/bin/env python3
"""The first start, on a machine that has nothing yet, leaves all that the
second one needs."""
import os
import sys

sys.path.insert(0, 'tests/lib')
from relay import CONTOSO, Relay, mail, ok, same, done   # noqa: E402

with Relay() as relay:
    os.rmdir(relay.path('state'))
    relay.start()
    ok('event=trouble' not in relay.read_log(),
       'a state directory that is missing is made', relay.read_log())
    relay.stop()

    relay.write('customers/contoso.rules',
                CONTOSO.replace('severity at least high', 'severty is high'))
    relay.start()
    ok(relay.wait_log('event=kept .*contoso.rules text="last good"'),
       'rules that broke since are in force as they were at the first start',
       relay.read_log())
    relay.deliver(mail(), 'contoso@relay.mssp.example')
    same(relay.sent_to(3), ['ana@mssp.example', 'archive@mssp.example',
                            'bob@mssp.example'],
         'and a mail is told by them')

done()
