#!/usr/bin/env python3
"""What it costs to read many tenants by API from one process.

    BUILD=build tests/bench/tenants.py [TENANTS [SECONDS]]

Each of 2,000 tenants is asked once a minute, at a cloud on loopback that is
written in Python, so that its share of the processor is not the relay's. While
they are, alerts appear at random; printed are the relay's processor time,
memory and requests, and the delay from an alert's appearance to its mail's
acceptance by the SMTP server. At best it is half the interval: an alert
appears at any moment of it.
"""
import email
import email.policy
import os
import random
import re
import sys
import time

sys.path.insert(0, 'tests/lib')
from relay import Relay   # noqa: E402
from cloud import Cloud, alert   # noqa: E402
from smtp_server import SmtpServer   # noqa: E402

TENANTS = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
SECONDS = int(sys.argv[2]) if len(sys.argv) > 2 else 90
RAMP = 75                   # until each tenant was met


class Server(SmtpServer):
    """One that notes when it accepted which alert."""
    accepted = {}

    def store(self, mail, outcome):
        now = time.time()
        message = email.message_from_bytes(mail.content,
                                           policy=email.policy.default)
        name = re.search(r'Alert (b\d+)', message['Subject'])
        if name and outcome == 'accepted':
            self.accepted.setdefault(name.group(1), now)


def guid(number):
    return '%08d-0000-4000-8000-000000000000' % number


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


with Server() as smtp, Relay(relay='relay smtp { smtp 127.0.0.1:%d tls none }'
                             % smtp.port) as relay, \
        Cloud(relay.folder) as cloud:
    relay.write('app.rules', cloud.app())
    relay.write('customers/all.rules', ''.join('''
        customer c%d { tenant %s  poll graph using reader every 1m
        recipients @mssp.example  otherwise notify bob }''' % (i, guid(i))
                                               for i in range(TENANTS)))
    with open(relay.conf, 'a') as file:
        file.write('include "app.rules"\n')
    tenants = [cloud.tenant(guid(i)) for i in range(TENANTS)]
    relay.start()
    end = time.monotonic() + RAMP + TENANTS / 100
    while time.monotonic() < end and not all(t.asked for t in tenants):
        time.sleep(0.5)
    met = sum(1 for t in tenants if t.asked)
    print('tenants met       %d of %d' % (met, TENANTS))

    before, asked = used(relay.daemon.pid), len(cloud.asked)
    begun, appeared = time.time(), {}
    while time.time() < begun + SECONDS:
        name = 'b%d' % len(appeared)
        appeared[name] = time.time()
        random.choice(tenants).add(alert(name))
        time.sleep(0.2)
    after, asked = used(relay.daemon.pid), len(cloud.asked) - asked
    took = time.time() - begun
    end = time.monotonic() + 75
    while time.monotonic() < end and len(smtp.accepted) < len(appeared):
        time.sleep(0.2)
    delays = [smtp.accepted[n] - appeared[n] for n in appeared
              if n in smtp.accepted]
    print('requests          %.1f a second' % (asked / took))
    print('processor         %.1f %% of one' % (
        100 * (after[0] - before[0]) / took))
    print('memory            %.0f MB' % after[1])
    print('alerts            %d, of which %d are told' % (
        len(appeared), len(delays)))
    print('delay             p50 %.1f s, p99 %.1f s, at an interval of 60 s'
          % (percentile(delays, .5), percentile(delays, .99)))
    relay.stop()
