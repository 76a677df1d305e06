#!/usr/bin/env python3
"""The relay asks the APIs of tenants: told as stories, against a cloud of our
own that behaves as badly as the real one has been seen to."""
import calendar
import email.utils
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, 'tests/lib')
from relay import BUILD, CONTOSO, Relay, mail, ok, same, done   # noqa: E402
from cloud import (Cloud, CLIENT, SECRET, GRAPH, aadsts, alert, answer, hang,
                   parse, utc)   # noqa: E402

T = '72f988bf-86f1-41af-91ab-2d7cd011db47'


def guid(number):
    return '%08d-0000-4000-8000-000000000000' % number


def configure(relay, cloud, proof='secret-file app.secret', count=1,
              every='1s', api='graph'):
    """contoso, and count - 1 customers cN of which bob is told."""
    relay.write('app.rules', cloud.app(proof))
    relay.write('customers/contoso.rules', CONTOSO.replace(
        'recipients', 'poll %s using reader every %s\n    recipients'
        % (api, every)))
    for i in range(1, count):
        relay.write('customers/c%d.rules' % i, '''
            customer c%d { tenant %s  poll %s using reader every %s
            recipients @mssp.example  otherwise notify bob }'''
                    % (i, guid(i), api, every))
    with open(relay.conf, 'a') as file:
        file.write('include "app.rules"\n')
    tenants = [cloud.tenant(T)] + [cloud.tenant(guid(i))
                                   for i in range(1, count)]
    return tenants


def met(relay, count=1):
    """Until that many tenants have been read once."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            with sqlite3.connect('file:%s?mode=ro' % relay.path(
                    'state', 'store.db'), uri=True) as db:
                rows = db.execute('SELECT count(*) FROM poll '
                                  'WHERE started > 0').fetchone()[0]
            db.close()
            if rows >= count:
                return True
        except sqlite3.Error:
            pass
        time.sleep(0.05)
    return False


def titles(relay, want, recipient='archive@mssp.example', wait=20):
    """Titles told to that recipient, once he has that many."""
    end = time.monotonic() + wait
    while True:
        found = sorted(m['Subject'].split('Alert ')[-1].split()[0].rstrip(',')
                       for m in relay.outbox(0)
                       if m['Delivered-To'] == recipient)
        if len(found) >= want or time.monotonic() > end:
            return found
        time.sleep(0.05)


def settle(tenant, asks=2, wait=15):
    """Until it has been asked some times more."""
    before, end = len(tenant.asked), time.monotonic() + wait
    while len(tenant.asked) < before + asks and time.monotonic() < end:
        time.sleep(0.05)


def slowly(seconds):
    def send(request, tenant):
        request.server.cloud.stop.wait(seconds)
        request.server.cloud.ordinary(request, tenant)
    return send


def text_of(message):
    return message.get_body(('plain',)).get_content()


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

    settle(tenant, 3)
    same(titles(relay, 1), ['da1'], 'what an API repeats is told once')
    tenant.alerts[1].update(lastUpdateDateTime=utc(), status='inProgress')
    settle(tenant, 3)
    same(titles(relay, 1), ['da1'], 'a change that is no news tells nobody')
    tenant.alerts[1].update(lastUpdateDateTime=utc(), severity='high')
    same(titles(relay, 2), ['da1', 'da1'], 'a raised severity is told again')
    first, second = [m for m in relay.outbox(0)
                     if m['Delivered-To'] == 'archive@mssp.example']
    if 'raised' in text_of(first):
        first, second = second, first
    ok('raised from medium to high' in text_of(second), 'and says so',
       text_of(second))
    ok(first['References'] and first['References'] == second['References'] and
       first['Message-ID'] != second['Message-ID'], 'in the same thread',
       first.items(), second.items())
    tenant.alerts[1].update(lastUpdateDateTime=utc(), status='resolved')
    settle(tenant, 3)
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
    settle(tenant, 3)
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
    before = len(relay.outbox(0))
    relay.deliver(mail(id='m2', incident='4712', title='Alert mailed'),
                  'contoso@relay.mssp.example')
    titles(relay, 6)
    count = len(relay.outbox(before + 3))
    tenant.add(alert('dam', severity='high', incidentId='4712',
                     created=utc(time.time() - 5)))
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
    relay.deliver(forged, 'contoso@relay.mssp.example')
    relay.outbox(count + 6)
    tenant.add(alert('dao', severity='high', incidentId='4800',
                     created=utc(time.time() - 5)))
    same(len(relay.outbox(count + 9)), count + 9,
         'a mail that proves nothing keeps no alert from anybody')
    same(relay.stop(), 0, 'the relay ends as it should')
    replayed = subprocess.run([BUILD + '/tests/replay_tool', relay.conf],
                              stdout=subprocess.PIPE, text=True)
    ok(not replayed.returncode and not replayed.stdout.startswith('0'),
       'the journal is decided the same way again', replayed.stdout)
    leaks = [s for s in (SECRET, 'token-0-of') if s in relay.read_log()]
    same(leaks, [], 'no secret is in the log')

# By certificate; tokens end; pages go on.
with Relay() as relay, Cloud(relay.folder) as cloud:
    tenant, = configure(relay, cloud, 'certificate-file app.pem')
    cloud.numbers_as_text = True
    cloud.pages = 2
    relay.start()
    ok(met(relay), 'a certificate is accepted, its signature verified',
       relay.read_log())
    form = cloud.posted[0]
    ok('client_secret' not in form and form['client_assertion_type'] ==
       'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
       'and no secret goes along', form)
    time.sleep(1)
    stamp = utc()
    tenant.add(*[alert('p%d' % i, created=stamp) for i in range(5)])
    same(titles(relay, 5), ['p%d' % i for i in range(5)],
         'three pages with equal times are read whole')
    cloud.tokens.clear()
    tenant.add(alert('q1'))
    same(titles(relay, 6)[-1], 'q1', 'a token that is refused is renewed')
    settle(tenant, 3)
    tenant.script.append(lambda r, t: cloud.ordinary(r, t))
    tenant.script.append(answer(401, {'error': {'code': 'x'}}))
    tenant.add(alert('q2'))
    same(titles(relay, 7)[-1], 'q2', 'also between two pages')
    posts = len(cloud.posted)
    cloud.lives = 2
    cloud.tokens.clear()
    settle(tenant, 16)
    ok(len(cloud.posted) > posts + 1, 'and before it ends by itself')
    relay.stop()

# The app is changed while a page of the old one is under way.
with Relay() as relay, Cloud(relay.folder) as cloud:
    tenant, = configure(relay, cloud)
    tenant.add(alert('old', created=utc(time.time() - 600)))
    cloud.pages = 2
    relay.start()
    met(relay)
    tenant.always = slowly(3)
    settle(tenant, 1)
    posts = len(cloud.posted)
    tenant.add(*[alert('z%d' % i) for i in range(5)])
    relay.write('app.rules', cloud.app('certificate-file app.pem'))
    relay.daemon.send_signal(signal.SIGHUP)
    relay.wait_log('event=reloaded')
    time.sleep(3)
    tenant.always = None
    same(titles(relay, 5), ['z%d' % i for i in range(5)],
         'an app that is changed in mid-page reads on')
    same(['client_assertion' in form for form in cloud.posted[posts:]],
         [True], 'with one token of its own, asked for in its own way')
    # A secret that is wrong, then mended: nobody waits for the back-off.
    cloud.tokens.clear()
    relay.write('app.rules', cloud.app())
    with open(os.path.join(relay.folder, 'app.secret'), 'w') as file:
        file.write('wrong\n')
    relay.daemon.send_signal(signal.SIGHUP)
    relay.wait_log('event=poll-failed')
    relay.write('app.rules', cloud.app())
    relay.daemon.send_signal(signal.SIGHUP)
    tenant.add(alert('z9'))
    same(titles(relay, 6, wait=5)[-1:], ['z9'],
         'an app that is mended is believed at once')
    relay.stop()

# Nothing new: nothing is written.
with Relay() as relay, Cloud(relay.folder) as cloud:
    tenant, = configure(relay, cloud)
    relay.start()
    met(relay)
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
    relay.stop()

# Refresh tokens.
with Relay() as relay, Cloud(relay.folder) as cloud:
    with open(relay.path('app.refresh'), 'w') as file:
        file.write('refresh-0\n')
    os.chmod(relay.path('app.refresh'), 0o600)
    tenant, = configure(relay, cloud, 'refresh-token-file app.refresh')
    cloud.lives = 2
    relay.start()
    ok(met(relay), 'a refresh token is exchanged', relay.read_log())
    settle(tenant, 6)
    relay.stop(signal.SIGKILL)
    used = len(cloud.refreshes)
    ok(used > 2, 'and the new one of each answer is used', cloud.posted)
    relay.start()
    settle(tenant, 3)
    ok(len(cloud.refreshes) > used and 'poll-failed' not in relay.read_log(),
       'which survives a crash', relay.read_log())
    relay.stop()

# What a token end point can say, tenant by tenant.
CLASSES = [
    (7000215, 'ours', 'secret'), (7000222, 'ours', 'expired'),
    (700024, 'ours', 'clock'), (700016, 'consent', 'consent'),
    (65001, 'consent', 'consent'), (7000112, 'theirs', 'enable'),
    (650052, 'theirs', 'licence'), (90002, 'ours', 'cloud'),
    (53003, 'theirs', 'Conditional'), (90055, 'later', 'throttles'),
    (123456789, 'ours', 'does not accept'),
]
with Relay() as relay, Cloud(relay.folder) as cloud:
    tenants = configure(relay, cloud, count=len(CLASSES) + 1)
    for tenant, (code, name, word) in zip(tenants[1:], CLASSES):
        tenant.token_script.extend([aadsts(code)] * 50)
    relay.start()
    ok(met(relay), 'the tenant that is well is read')
    tenants[0].add(alert('w1'))
    same(titles(relay, 1), ['w1'], 'a token failure holds that tenant alone')
    relay.wait_log('event=poll-failed', len(CLASSES))
    for i, (code, name, word) in enumerate(CLASSES, 1):
        lines = [line for line in relay.read_log().splitlines()
                 if 'poll-failed' in line and guid(i) in line]
        ok(len(lines) == 1 and 'class=' + name in lines[0] and
           word in lines[0], 'AADSTS%d is %s, said once' % (code, name),
           *lines)
    told = [m for m in relay.outbox(3 + len(CLASSES) - 1)
            if 'cannot be read' in m['Subject']]
    same((len(told), {m['Delivered-To'] for m in told}),
         (len(CLASSES) - 1, {'soc@mssp.example'}),
         'the catch-all is told of each that somebody must mend')
    relay.stop()

# What an API can do.
with Relay() as relay, Cloud(relay.folder) as cloud:
    tenants = configure(relay, cloud, count=12)
    relay.start()
    ok(met(relay, 12), 'twelve tenants are read', relay.read_log())
    names = iter(range(1, 12))

    def bad(*script):
        """A tenant that answers so next, and has an alert then."""
        tenant = tenants[next(names)]
        tenant.script.extend(script)
        tenant.add(alert('x' + tenant.id[:8].lstrip('0')))
        tenant.begun = time.time()
        return tenant

    def cut(request, tenant):
        request.send_response(200)
        request.send_header('Content-Length', '1000')
        request.end_headers()
        request.wfile.write(b'{"value": [{"id": "1"')
        request.close_connection = True

    def link(target):
        def send(request, tenant):
            request.reply(200, json.dumps({
                'value': [], '@odata.nextLink': target}).encode())
        return send

    evil = cloud.url.replace('127.0.0.1', 'localhost') + '/evil?a=1'
    same_page = cloud.url + '/v1.0/security/alerts_v2?' \
        '$filter=lastUpdateDateTime%20ge%202026-01-01T00:00:00Z&$top=7'
    date = email.utils.formatdate(time.time() + 4, usegmt=True)
    throttled = bad(answer(429, headers={'retry-after': '2.128'}))
    dated = bad(answer(429, headers={'Retry-After': date}))
    silent = bad(answer(429), answer(500), answer(503))
    foreign = bad(link(evil))
    at_user = bad(link(cloud.url + '@evil.example/'))
    circle = bad(link(same_page), link(same_page))
    broken = bad(cut)
    valueless = bad(answer(200, {'values': []}), answer(200, raw=b'<html>'))
    refused = bad(answer(403, {'error': {
        'code': 'Forbidden', 'message': 'Missing application roles.'}}))
    huge = bad(answer(200, raw=b'{"value": [' + b' ' * (20 << 20) + b']}'))
    poison = tenants[next(names)]
    poison.add(*[alert('r%d' % i) for i in range(24)] +
               [{'title': 'no id', 'createdDateTime': 5}] +
               [alert('s%d' % i) for i in range(25)])
    want = sorted(['x%d' % i for i in range(1, 11)] +
                  ['r%d' % i for i in range(24)] +
                  ['s%d' % i for i in range(25)])
    got = titles(relay, len(want), 'bob@mssp.example', 25)
    ok(got == want, 'after each of these the alert is told all the same',
       'missing: %s' % (set(want) - set(got)), relay.read_log())
    ok(throttled.asked[-1] and min(
        t for t in throttled.asked if t > throttled.begun + 1.2) -
       throttled.begun >= 2.1 or len(
           [t for t in throttled.asked if t > throttled.begun]) >= 2,
       'Retry-After with a fraction in lower case is kept')
    first_two = [t for t in throttled.asked if t > throttled.begun][:2]
    ok(first_two[1] - first_two[0] >= 2.12, 'to the fraction', first_two)
    first_two = [t for t in dated.asked if t > dated.begun][:2]
    ok(first_two[1] >= email.utils.parsedate_to_datetime(date).timestamp()
       - 0.3, 'a date is kept as well', first_two)
    ok(not any('evil' in path for path, _ in cloud.asked),
       'a link to another host is not followed')
    ok('another host' in relay.read_log() and 'circle' in relay.read_log(),
       'but said, as is a circle')
    ok(relay.wait_log('class=consent.*SecurityAlert.Read.All'),
       'a refusal names the permission and the consent')
    ok(relay.wait_log('event=smaller-pages') and any(
        '$top=25' in path for path, _ in cloud.asked),
       'a page that is too large is asked for in smaller ones')
    status, out, err = relay.command('held')
    ok(out.count('without an id') + out.count('no alert of Graph') == 1,
       'one poison record is held, once', out, err)
    status, out, err = relay.command('held', 'show', out.split()[0])
    ok('"no id"' in out, 'with its JSON', out, err)
    relay.stop()

# Late, out of order, and by a clock that is wrong.
with Relay() as relay, Cloud(relay.folder) as cloud:
    tenant, = configure(relay, cloud)
    cloud.skew = -600
    relay.start()
    ok(met(relay), 'a cloud whose clock is ten minutes behind is read')

    def theirs(seconds=0, digits=3):
        return utc(time.time() + cloud.skew + seconds, digits)
    tenant.add(alert('l0', created=theirs(1)))
    same(titles(relay, 1), ['l0'], 'its alerts are new')
    start = time.time()
    while time.time() < start + 3:
        time.sleep(0.1)
    tenant.add(alert('l1', created=theirs(-2)))
    same(titles(relay, 2), ['l0', 'l1'], 'one that shows late is found')
    for digits in range(8):
        tenant.add(alert('f%d' % digits, created=theirs(0, digits)))
    same(len(titles(relay, 10)), 10, 'fractions of 0 to 7 digits are times')
    # Months later; the relay knows the alert, the window has only the change.
    with sqlite3.connect(relay.path('state', 'store.db')) as db:
        db.execute("UPDATE known SET updated = updated - 5184000000,"
                   " severity = 'low' WHERE alert = 'l0'")
    db.close()
    tenant.alerts[0].update(lastUpdateDateTime=theirs())
    same(titles(relay, 11).count('l0'), 2, 'an update months later is one')
    cloud.skew = 600
    tenant.add(alert('l9', created=theirs()))
    same(titles(relay, 12)[-1], 'l9', 'a clock that is ahead does no harm')
    relay.stop()

# Power comes and goes at every moment.
with Relay() as relay, Cloud(relay.folder) as cloud:
    tenants = configure(relay, cloud, count=4)
    cloud.pages = 3
    relay.start()
    met(relay, 4)
    for n in range(12):
        for i, tenant in enumerate(tenants[1:]):
            tenant.add(*[alert('k%d-%d-%d' % (n, i, j)) for j in range(4)])
        time.sleep(0.15 + 0.13 * (n % 7))
        relay.stop(signal.SIGKILL)
        relay.start()
    want = sorted('k%d-%d-%d' % (n, i, j) for n in range(12)
                  for i in range(3) for j in range(4))
    titles(relay, len(want), 'bob@mssp.example', 25)
    time.sleep(1.5)
    sent = [m for m in relay.outbox(0) if m['Delivered-To'] ==
            'bob@mssp.example']
    ids = {m['Message-ID']: m['Subject'].split('Alert ')[-1].split()[0]
           for m in sent}
    same(sorted(ids.values()), want,
         'kill -9 loses no alert and makes none of two')
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
