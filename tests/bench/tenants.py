#!/usr/bin/env python3
"""What it costs to read many tenants by API from one process.

    BUILD=build tests/bench/tenants.py [TENANTS [SECONDS [well]]]

Each of 2,000 tenants is asked once a minute, and for incidents every five
minutes, at a cloud on loopback that is written in Python and has processes of
its own, so that its share of the processor is not the relay's. Meanwhile five
alerts a second appear at random; printed, as a table in Markdown, are the
relay's processor time, memory and requests, and the delay from an alert's
appearance to its mail's acceptance by the SMTP server: at best half the
interval, for an alert appears at any moment of it. Then the same once more
while one tenant throttles for five minutes and one never answers; not if
`well` is given.
"""
import email
import email.policy
import multiprocessing
import os
import random
import re
import sys
import tempfile
import time

sys.path.insert(0, 'tests/lib')
from relay import Relay   # noqa: E402
from cloud import Cloud, alert, answer, hang, incident   # noqa: E402
from smtp_server import SmtpServer   # noqa: E402

TENANTS = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
SECONDS = int(sys.argv[2]) if len(sys.argv) > 2 else 60
INTERVAL = 60
ONLY_WELL = len(sys.argv) > 3
RAMP = 90                   # until each tenant was met
DRAIN = 75                  # until the last alert is told
CLOUDS = 2                  # processes
RATE = 5                    # alerts a second


class Server(SmtpServer):
    """One that notes when it accepted which alert."""
    accepted = {}

    def store(self, mail, outcome):
        now = time.time()
        message = email.message_from_bytes(mail.content,
                                           policy=email.policy.default)
        name = re.search(r'Alert (\w+)', message['Subject'])
        if name and outcome == 'accepted':
            self.accepted.setdefault(name.group(1), now)


def guid(number):
    return '%08d-0000-4000-8000-000000000000' % number


def serve(folder, pipe, tenants):
    """A process: a cloud, and what the bench wants of it."""
    with Cloud(folder) as cloud:
        def add(id, name):
            tenants[id].incidents.append(incident(name, 'Incident ' + name))
            tenants[id].add(alert(name, incidentId=name))

        def trouble(id, kind):
            tenants[id].always = hang(3600) if kind == 'hangs' else \
                answer(429, headers={'Retry-After': '300'})

        def counts():
            return len(cloud.asked), sum(1 for t in tenants.values()
                                         if t.asked)
        tenants = {id: cloud.tenant(id) for id in tenants}
        pipe.send(cloud.app())
        for name, words in iter(pipe.recv, None):
            pipe.send(dict(add=add, trouble=trouble, counts=counts)[name](
                *words))


class Remote:
    def __init__(self, folder, tenants):
        os.mkdir(folder)
        self.tenants = tenants
        self.pipe, other = multiprocessing.Pipe()
        self.process = multiprocessing.Process(
            target=serve, args=(folder, other, tenants), daemon=True)
        self.process.start()
        self.app = self.pipe.recv()

    def ask(self, name, *words):
        self.pipe.send((name, words))
        return self.pipe.recv()


def used(pid):
    """Processor seconds and resident megabytes."""
    with open('/proc/%d/stat' % pid) as file:
        fields = file.read().rpartition(')')[2].split()
    with open('/proc/%d/status' % pid) as file:
        rss = re.search(r'VmRSS:\s*(\d+)', file.read()).group(1)
    ticks = int(fields[11]) + int(fields[12])
    return ticks / os.sysconf('SC_CLK_TCK'), int(rss) / 1024


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]


def counts(clouds):
    return [sum(each) for each in zip(*(c.ask('counts') for c in clouds))]


def measure(relay, smtp, clouds, letter, spared):
    """A row of the table, without its name."""
    before, asked = used(relay.daemon.pid), counts(clouds)[0]
    begun, appeared = time.time(), {}
    while time.time() < begun + SECONDS:
        cloud = random.choice(clouds)
        id = random.choice([t for t in cloud.tenants[:50]
                            if t not in spared] + cloud.tenants[50:])
        name = '%s%d' % (letter, len(appeared))
        appeared[name] = time.time()
        cloud.ask('add', id, name)
        time.sleep(max(0, begun + len(appeared) / RATE - time.time()))
    after, asked = used(relay.daemon.pid), counts(clouds)[0] - asked
    took = time.time() - begun
    end = time.monotonic() + DRAIN
    while time.monotonic() < end and not all(
            name in smtp.accepted for name in appeared):
        time.sleep(0.2)
    delays = [smtp.accepted[name] - appeared[name] for name in appeared
              if name in smtp.accepted]
    return ['%.1f' % (asked / took),
            '%.1f %%' % (100 * (after[0] - before[0]) / took),
            '%.0f MB' % after[1], '%d of %d' % (len(delays), len(appeared)),
            '%.1f s' % percentile(delays, .5),
            '%.1f s' % percentile(delays, .99)]


def main():
    columns = ['%d tenants every %d s' % (TENANTS, INTERVAL), 'requests/s',
               'of one processor', 'memory', 'alerts told', 'delay p50',
               'delay p99']
    rows = []
    with tempfile.TemporaryDirectory() as top, Server() as smtp, Relay(
            relay='relay smtp { smtp 127.0.0.1:%d tls none }' % smtp.port
            ) as relay:
        ids = [guid(i) for i in range(TENANTS)]
        clouds = [Remote(os.path.join(top, str(i)), ids[i::CLOUDS])
                  for i in range(CLOUDS)]
        relay.write('app.rules', ''.join(
            cloud.app.replace('app reader', 'app reader%d' % i)
            for i, cloud in enumerate(clouds)))
        relay.write('customers/all.rules', ''.join('''
            customer c%d { tenant %s  poll graph using reader%d every %ds
            recipients @mssp.example  otherwise notify bob }''' % (
                i, id, i % CLOUDS, INTERVAL) for i, id in enumerate(ids)))
        with open(relay.conf, 'a') as file:
            file.write('include "app.rules"\n')
        relay.start()
        end = time.monotonic() + RAMP
        while time.monotonic() < end and counts(clouds)[1] < TENANTS:
            time.sleep(0.5)
        met = counts(clouds)[1]
        rows.append(['all are well'] + measure(relay, smtp, clouds, 'a', ()))
        spared = {clouds[0].tenants[0]: 'hangs',
                  clouds[0].tenants[1]: 'throttles'}
        if not ONLY_WELL:
            for id, kind in spared.items():
                clouds[0].ask('trouble', id, kind)
            rows.append(['one throttles, one hangs'] +
                        measure(relay, smtp, clouds, 'b', spared))
        relay.stop()
    print('## Reading tenants by API\n')
    for row in [columns, ['---'] * len(columns)] + rows:
        print('| %s |' % ' | '.join(row))
    print('\n- %d of %d tenants were met within %d s of the start, which is '
          'spread over the interval.' % (met, TENANTS, RAMP))
    print('- An alert appears at any moment of the interval, so half of it is '
          'the least median. Its incident is asked for before it is told.')


if __name__ == '__main__':
    main()
