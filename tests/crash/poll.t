#!/usr/bin/env python3
"""kill -9 at every step that changes a file or a socket while an API is read,
from the first request to the change of state after the notification (TAP, with
strace): between a page and its commit, between the commit and the cursor,
between the poll and the sending.

What must hold each time: the cursor is never past an alert that is not stored;
after a restart everybody is told of every alert, and a second notification
bears the same Message-ID. CRASH is that of crash.py.
"""
import collections
import os
import shutil
import sqlite3
import sys
import tempfile

sys.path.insert(0, 'tests/lib')
from crash import (CHANGES, Crash, chosen, need_strace,  # noqa: E402
                   points_of, read_trace, report, strace)
from relay import Relay, same, done                             # noqa: E402
from cloud import Cloud, alert, incident, parse, utc            # noqa: E402
from polled import configure, met                               # noqa: E402

NAMES = ['p%d' % i for i in range(5)]       # in pages of two
TOLD = sorted((name, who + '@mssp.example') for name in NAMES
              for who in ('ana', 'archive', 'bob'))


class Poll(Crash):
    """A relay that has met the tenant; the alerts are there now."""

    def deliver(self, message, *recipients, **more):
        pass                        # no mail

    def is_over(self, *states):
        try:
            rows = self.rows('SELECT state FROM delivery')
        except sqlite3.Error:
            return False
        return len(rows) == len(TOLD) and all(s in states for s, in rows)

    def cursor_problems(self):
        """As it is after the crash."""
        cursor, = self.rows("SELECT cursor FROM poll WHERE source = 'graph'"
                            )[0]
        count, = self.rows('SELECT count(*) FROM known WHERE alert LIKE "p%"'
                           )[0]
        if cursor >= int(parse(stamp) * 1000) and count != len(NAMES):
            return ['the cursor is past %d alerts that are not stored' %
                    (len(NAMES) - count)]
        return []

    def differences(self):
        problems = []
        if self.rows('SELECT alert FROM known WHERE alert LIKE "p%" '
                     'ORDER BY alert') != [(name,) for name in NAMES]:
            problems.append('known: %s' % self.rows('SELECT * FROM known'))
        if self.rows('SELECT count(*) FROM item WHERE action = "notify"'
                     ) != [(len(NAMES),)]:
            problems.append('items: %s' % self.rows(
                'SELECT code, action, reason FROM item'))
        if self.rows('PRAGMA integrity_check') != [('ok',)]:
            problems.append('the store is damaged')
        told = collections.defaultdict(set)
        for each in self.outbox(0):
            name = each['Subject'].split('Alert ')[-1].split()[0]
            told[name, each['Delivered-To']].add(each['Message-ID'])
        if sorted(told) != TOLD:
            problems.append('told: %s' % sorted(told))
        problems += ['%s: told as different mails: %s' % (who, ids)
                     for who, ids in told.items() if len(ids) != 1]
        return problems


def prepare(cloud, folder):
    """The tenant is met, and the relay stopped; then the alerts appear."""
    with Relay() as relay:
        tenant, = configure(relay, cloud)
        relay.start()
        met(relay, incidents=1)
        relay.stop()
        shutil.copytree(relay.folder, folder)
    return tenant


def points(folder):
    with Poll(prepared=folder) as relay:
        trace = relay.path('trace')
        same(relay.run_under(*strace(trace, CHANGES)), 0,
             'the daemon under strace reads three pages, tells everybody and '
             'ends')
        calls = read_trace(trace)
    # The first connection is to the cloud; what is before was the start.
    start = [call for _, call, _, _ in calls].index('connect')
    before = set(points_of(calls[:start]))
    return [each for each in points_of(calls) if each not in before]


def kill(folder, call, number):
    with Poll(prepared=folder) as relay:
        relay.run_under(*strace('/dev/null', call,
                                'inject=%s:signal=KILL:when=%d' %
                                (call, number)))
        return relay.cursor_problems() + relay.problems_after_restart()


need_strace()
with tempfile.TemporaryDirectory() as top, Cloud(top) as cloud:
    folder = os.path.join(top, 'prepared')
    tenant = prepare(cloud, folder)
    cloud.pages = 2
    stamp = utc()
    tenant.incidents.append(incident('5', 'Five'))
    tenant.add(*[alert(name, incidentId='5', created=stamp)
                 for name in NAMES])
    found = points(folder)
    report('killed at any step of a poll: no alert is lost, a second mail is '
           'the same mail, the cursor waits for the alerts',
           {point: kill(folder, *point) for point in chosen(found)})
done()
