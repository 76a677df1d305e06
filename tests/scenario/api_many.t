#!/usr/bin/env python3
"""Many tenants at once: none waits for another."""
import sys
import time

sys.path.insert(0, 'tests/lib')
from relay import Relay, ok, same, done, wait_for   # noqa: E402
from cloud import Cloud, alert, answer, hang   # noqa: E402
from polled import configure, met, settle, slowly, titles   # noqa: E402

# More slow tenants than may be asked at once.
with Relay() as relay, Cloud(relay.folder) as cloud:
    tenants = configure(relay, cloud, count=400)
    for tenant in tenants:
        tenant.always = slowly(1)
    relay.start()
    wait_for(lambda: all(t.asked for t in tenants))
    same(sum(not t.asked for t in tenants), 0,
         'slow tenants take turns: nobody is never asked')
    ok(32 < cloud.open_most <= 64, 'over 64 connections at most',
       cloud.open_most)
    relay.stop()

# A start; then one tenant with more pages than its budget allows.
with Relay() as relay, Cloud(relay.folder) as cloud:
    tenants = configure(relay, cloud, count=100, every='4s')
    relay.start()
    begun = time.time()
    ok(met(relay, 100), 'a hundred tenants are met', relay.read_log())
    first = sorted(t.asked[0] - begun for t in tenants)
    ok(first[-1] - first[0] > 2, 'a start is spread over the interval', first)
    cloud.pages = 1
    tenants[1].add(*[alert('b%d' % i) for i in range(200)])
    begun = time.time()

    def requests():
        return len(tenants[1].asked) + len(tenants[1].incidents_asked)
    before = requests()
    wait_for(lambda: requests() >= before + 100)
    tenants[2].add(alert('other'))
    ok(relay.wait_log('alert=other') and len(tenants[1].asked) < 200,
       'others are told meanwhile', len(tenants[1].asked))
    asked = requests() - before
    most = 100 + (time.time() - begun) * 100 / 60 + 2
    ok(100 <= asked <= most, 'a tenant is asked 100 times a minute at most',
       '%d of %.0f' % (asked, most))
    relay.stop()

# One tenant hangs, one is throttled; the others do not notice.
with Relay() as relay, Cloud(relay.folder) as cloud:
    tenants = configure(relay, cloud, count=6)
    relay.start()
    met(relay, 6)

    tenants[1].always = hang()
    tenants[2].always = answer(429, headers={'Retry-After': '300'})
    settle(tenants[1], 1)
    relay.wait_log('event=poll-failed customer=c2 ')
    asked = len(tenants[2].asked)
    for tenant in tenants[3:]:
        tenant.add(alert('c' + tenant.id[:8].lstrip('0')))
    same(titles(relay, 3, 'bob@mssp.example'), ['c3', 'c4', 'c5'],
         'one tenant hangs and one is throttled: the others are told')
    ok('event=poll-failed customer=c1 ' not in relay.read_log(),
       'while the one still hangs', relay.read_log())
    settle(tenants[3], 3)
    same(len(tenants[2].asked), asked, 'and the throttled one is left alone')
    relay.stop()

done()
