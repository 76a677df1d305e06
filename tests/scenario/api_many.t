#!/usr/bin/env python3
"""Many tenants at once: none waits for another."""
import sys
import time

sys.path.insert(0, 'tests/lib')
from relay import Relay, ok, same, done   # noqa: E402
from cloud import Cloud, alert, answer, hang   # noqa: E402
from polled import configure, met, settle, slowly   # noqa: E402

# More slow tenants than may be asked at once.
with Relay() as relay, Cloud(relay.folder) as cloud:
    tenants = configure(relay, cloud, count=400)
    for tenant in tenants:
        tenant.always = slowly(1)
    relay.start()
    end = time.monotonic() + 20
    while time.monotonic() < end and not all(t.asked for t in tenants):
        time.sleep(0.1)
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
    ok(all(sum(at <= x < at + 1 for x in first) < 60 for at in range(5)) and
       first[-1] - first[0] > 2, 'a start is spread over the interval', first)
    cloud.pages = 1
    tenants[1].add(*[alert('b%d' % i) for i in range(200)])
    begun = time.time()

    def requests():
        return len(tenants[1].asked) + len(tenants[1].incidents_asked)
    before, end = requests(), time.monotonic() + 30
    while requests() < before + 100 and time.monotonic() < end:
        time.sleep(0.1)
    tenants[2].add(alert('other'))
    added = time.time()
    ok(relay.wait_log('alert=other', wait=8) and time.time() - added < 7,
       'others are told meanwhile, without delay', time.time() - added)
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

    def delays(name):
        """Seconds from an alert to its notification, for three tenants."""
        times = {}
        for i in (3, 4, 5):
            key = '%s%d' % (name, i)
            tenants[i].add(alert(key))
            times[key] = time.time()
        found, end = {}, time.monotonic() + 15
        while len(found) < 3 and time.monotonic() < end:
            for message in relay.outbox(0):
                for key in times:
                    if 'Alert ' + key in message['Subject']:
                        found.setdefault(key, time.time() - times[key])
            time.sleep(0.02)
        return max(found.values()) if len(found) == 3 else 99

    quiet = max(delays('a'), delays('b'))
    tenants[1].always = hang(60)
    tenants[2].always = answer(429, headers={'Retry-After': '300'})
    settle(tenants[1], 1)
    settle(tenants[2], 1)
    troubled = max(delays('c'), delays('d'))
    ok(troubled < 2.5, 'the delay of others: %.2f s before, %.2f s with one '
       'tenant that hangs and one that is throttled' % (quiet, troubled))
    asked = len(tenants[2].asked)
    time.sleep(2)
    same(len(tenants[2].asked), asked, 'and the throttled one is left alone')
    relay.stop()

done()
