#!/usr/bin/env python3
"""The relay asks the APIs of tenants: told as stories, against a cloud of our
own."""
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, 'tests/lib')
from relay import BUILD, Relay, mail, ok, same, done   # noqa: E402
from cloud import Cloud, GRAPH, SECRET, alert, utc   # noqa: E402
from polled import configure, met, settle, text_of, titles   # noqa: E402

# A tenant is met for the first time; an alert comes; it changes.
with Relay() as relay, Cloud(relay.folder) as cloud:
    tenant, = configure(relay, cloud)
    tenant.add(alert('old', created=utc(time.time() - 600)))
    relay.start()
    ok(met(relay), 'a tenant is read', relay.read_log())
    tenant.add(alert('da1', severity='medium'))
    same(titles(relay, 1), ['da1'], 'a new alert is told, the backlog is not')
    same(cloud.posted[0]['client_secret'], SECRET,
         'a secret with every awkward character arrives as it is')
    same(len(cloud.posted), 1, 'a token is used until it ends')
    path, headers = cloud.asked[0]
    same(headers['Prefer'], 'include-unknown-enum-members',
         'enumeration members of tomorrow are asked for')
    log = relay.wait_log('alert=old')
    ok(log and 'event=drop' in log[0] and 'from before' in log[0],
       'the backlog is recorded with the reason', log)

    settle(tenant)
    same(titles(relay, 1), ['da1'], 'what an API repeats is told once')
    tenant.alerts[1].update(lastUpdateDateTime=utc(), status='inProgress')
    settle(tenant)
    same(titles(relay, 1), ['da1'], 'a change that is no news tells nobody')
    same([m for m in relay.outbox(0) if m['Delivered-To'].startswith('ana')],
         [], 'one who need not know of a medium alert is not told')
    tenant.alerts[1].update(lastUpdateDateTime=utc(), severity='high')
    same(titles(relay, 2), ['da1', 'da1'], 'a raised severity is told again')
    ok(relay.wait_log('event=sent.*recipient=ana@mssp.example'),
       'and to those who now must know')
    first, second = [m for m in relay.outbox(0)
                     if m['Delivered-To'] == 'archive@mssp.example']
    if 'raised' in text_of(first):
        first, second = second, first
    ok('raised from Medium to High' in text_of(second), 'and says so',
       text_of(second))
    ok(first['References'] and first['References'] == second['References'] and
       first['Message-ID'] != second['Message-ID'], 'in the same thread',
       first.items(), second.items())
    tenant.alerts[1].update(lastUpdateDateTime=utc(), status='resolved')
    settle(tenant)
    tenant.alerts[1].update(lastUpdateDateTime=utc(), status='new')
    same(len(titles(relay, 3)), 3, 'a resolved alert that opens again is told')
    tenant.alerts[1]['evidence'].append({
        '@odata.type': GRAPH + 'deviceEvidence',
        'deviceDnsName': 'srv-2.contoso.example'})
    tenant.alerts[1].update(lastUpdateDateTime=utc())
    same(len(titles(relay, 4)), 4, 'a new device is told')
    status, out, err = relay.command('why', first['X-Tocsin-Code'])
    ok(status == 0 and 'it was resolved' in out and 'it was changed' in out,
       'why shows the changes that told nobody', out, err)
    tenant.add(alert('born', status='resolved', severity='high'),
               alert('supp', status='new', assignedTo='Suppression rule'))
    settle(tenant)
    same(len(titles(relay, 4)), 4, 'born resolved or suppressed is not told')
    ok(relay.wait_log('alert=supp.*suppression rule') and
       relay.wait_log('alert=born.*resolved'), 'but recorded with its reason')

    # One alert, two roads.
    tenant.add(alert('da9', severity='high', incidentId='4711'))
    titles(relay, 5)
    relay.deliver(mail(incident='4711'), 'contoso@relay.mssp.example')
    line = relay.wait_log('reason="the API gave.*mail=')
    ok(line, 'a mail about what the API told tells nobody again',
       relay.read_log())
    before, stamp = len(relay.outbox(0)), utc(time.time() - 1)
    relay.deliver(mail(id='m2', incident='4712', title='Alert mailed'),
                  'contoso@relay.mssp.example')
    titles(relay, 6)
    count = len(relay.outbox(before + 3))
    tenant.add(alert('dam', severity='high', incidentId='4712',
                     created=stamp))
    line = relay.wait_log('alert=dam')
    ok(line and 'all were told' in line[0] and
       len(relay.outbox(0)) == count,
       'nor does the API what a mail of its incident has told', line)
    tenant.add(alert('dan', severity='high', incidentId='4712',
                     created=utc(time.time() + 1)))
    same(len(relay.outbox(count + 3)), count + 3,
         'an alert that came to the incident after the mail is told')
    forged = mail(id='m3', incident='4800').replace(b'dmarc=pass',
                                                    b'dmarc=fail')
    stamp = utc(time.time() - 1)
    relay.deliver(forged, 'contoso@relay.mssp.example')
    relay.outbox(count + 6)
    tenant.add(alert('dao', severity='high', incidentId='4800',
                     created=stamp))
    same(len(relay.outbox(count + 9)), count + 9,
         'a mail that proves nothing keeps no alert from anybody')
    same(relay.stop(), 0, 'the relay ends as it should')
    replayed = subprocess.run([BUILD + '/tests/replay_tool', relay.conf],
                              stdout=subprocess.PIPE, text=True)
    ok(not replayed.returncode and not replayed.stdout.startswith('0'),
       'the journal is decided the same way again', replayed.stdout)
    leaks = [s for s in (SECRET, 'token-0-of') if s in relay.read_log()]
    same(leaks, [], 'no secret is in the log')

# An alert that shows late, and whose time of change is not true.
with Relay() as relay, Cloud(relay.folder) as cloud:
    tenant, = configure(relay, cloud)
    relay.start()
    met(relay)
    tenant.add(alert('late', created=utc(time.time() - 4 * 3600)))
    tenant.add(alert('later', created=utc(time.time() - 30 * 3600)))
    settle(tenant)
    relay.stop()

    def sweeps():
        return sum('createdDateTime%20ge' in path for path, _ in cloud.asked)
    same((sweeps(), titles(relay, 0)), (0, []),
         'what changed before the overlap is not asked for')
    with sqlite3.connect(relay.path('state', 'store.db')) as db:
        db.execute('UPDATE poll SET started = started - 172800000, '
                   'swept = swept - 3600000')
    db.close()
    relay.start()
    same(titles(relay, 1), ['late'],
         'every hour all that was made within a day is asked for')
    settle(tenant, 3)
    same((sweeps(), titles(relay, 1)), (1, ['late']), 'once, and told once')

    # Three hours of silence, in which an older alert was raised.
    tenant.add(alert('raised', created=utc(time.time() - 40 * 3600),
                     updated=utc(), severity='low'))
    same(titles(relay, 2), ['late', 'raised'], 'an older alert is known')
    relay.stop()
    tenant.alerts[-1].update(severity='high',
                             lastUpdateDateTime=utc(time.time() - 7200))
    tenant.add(alert('fresh'))
    with sqlite3.connect(relay.path('state', 'store.db')) as db:
        db.execute('UPDATE known SET updated = updated - 10800000')
        db.execute('UPDATE poll SET cursor = cursor - 10800000, '
                   'good = good - 10800000, swept = swept - 10800000')
    db.close()
    relay.start()
    same(titles(relay, 4), ['fresh', 'late', 'raised', 'raised'],
         'what changed while nobody asked is found, whatever its age')
    relay.stop()

    # A clock was a year ahead, once.
    with sqlite3.connect(relay.path('state', 'store.db')) as db:
        db.execute('UPDATE poll SET cursor = cursor + 31536000000, '
                   'started = started + 31536000000, '
                   'swept = swept + 31536000000')
    db.close()
    relay.start()
    settle(tenant)
    tenant.add(alert('now'))
    same(len(titles(relay, 5)), 5,
         'times that a wrong clock has left do not count')
    relay.stop()

# Nothing new: nothing is written.
with Relay() as relay, Cloud(relay.folder) as cloud:
    tenant, = configure(relay, cloud)
    relay.start()
    met(relay, incidents=1)
    with sqlite3.connect('file:%s?mode=ro' % relay.path(
            'state', 'store.db'), uri=True) as db:
        def version():
            return db.execute('PRAGMA data_version').fetchone()[0]
        settle(tenant, 2)
        before = version()
        settle(tenant, 4)
        same(version(), before, 'answers without news are not written down')
    db.close()
    relay.stop()

# Defender for Endpoint: no links; pages are counted.
with Relay() as relay, Cloud(relay.folder) as cloud:
    tenant, = configure(relay, cloud, api='endpoint')
    relay.start()
    ok(met(relay), 'the API of Defender for Endpoint is read',
       relay.read_log())
    path, headers = cloud.asked[0]
    ok(path.startswith('/api/alerts?') and '$expand=evidence' in path,
       'with evidence', path)
    now = utc()
    tenant.add(*[{'id': 'e%d' % i, 'title': 'Alert e%d' % i,
                  'severity': 'High', 'status': 'New', 'incidentId': 5,
                  'alertCreationTime': now, 'lastUpdateTime': now,
                  'computerDnsName': 'srv.contoso.example', 'machineId': '1'}
                 for i in range(230)])
    same(len(titles(relay, 230)), 230, 'and full pages are followed')
    relay.stop()

done()
