#!/usr/bin/env python3
"""A cloud that behaves as badly as the real one has been seen to, and what the
relay makes of it."""
import email.utils
import json
import sqlite3
import sys
import time

sys.path.insert(0, 'tests/lib')
from relay import Relay, ok, same, done   # noqa: E402
from cloud import Cloud, aadsts, alert, answer, utc   # noqa: E402
import polled   # noqa: E402
from polled import configure, guid, met, text_of, titles   # noqa: E402

# What a token end point can say, tenant by tenant.
CLASSES = [
    (7000215, 'ours', 'secret'), (7000222, 'ours', 'expired'),
    (700024, 'ours', 'clock'), (700016, 'consent', 'consent'),
    (65001, 'consent', 'consent'), (7000112, 'theirs', 'enable'),
    (650052, 'theirs', 'licence'), (90002, 'ours', 'cloud'),
    (53003, 'theirs', 'Conditional'), (90055, 'later', 'throttles'),
    (500014, 'theirs', 'licence has lapsed'), (70000, 'later', 'not accepted'),
    (123456789, 'ours', 'does not accept'),
]
LATER = sum(name == 'later' for _, name, _ in CLASSES)
with Relay() as relay, Cloud(relay.folder) as cloud:
    tenants = configure(relay, cloud, count=len(CLASSES) + 1)
    for tenant, (code, name, word) in zip(tenants[1:], CLASSES):
        tenant.token_script.extend([aadsts(code)] * 50)
    # A certificate that Entra ID learned of a moment ago.
    relay.write('customers/young.rules', '''
        customer young { tenant %s  poll graph using reader every 8s
        recipients @mssp.example  otherwise notify bob }''' % guid(99))
    cloud.tenant(guid(99)).token_script.extend([aadsts(700027)])
    relay.start()
    ok(met(relay), 'the tenant that is well is read')
    tenants[0].add(alert('w1'))
    same(titles(relay, 1), ['w1'], 'a token failure holds that tenant alone')
    relay.wait_log('event=poll-failed', len(CLASSES) + 1)
    for i, (code, name, word) in enumerate(CLASSES, 1):
        lines = [line for line in relay.read_log().splitlines()
                 if 'poll-failed' in line and guid(i) in line]
        ok(len(lines) == 1 and 'class=' + name in lines[0] and
           word in lines[0] and 'words that change' in lines[0],
           'AADSTS%d is %s, said once, with its own words' % (code, name),
           *lines)
    told = [m for m in relay.outbox(3 + len(CLASSES) - LATER)
            if 'cannot be read' in m['Subject']]
    same((len(told), {m['Delivered-To'] for m in told}),
         (len(CLASSES) - LATER, {'soc@mssp.example'}),
         'the catch-all is told of each that somebody must mend')
    ok(relay.wait_log('event=poll-recovered customer=young'),
       'a certificate that is not known yet is tried again soon',
       relay.read_log())
    same([m['Subject'] for m in relay.outbox(0) if 'again' in m['Subject'] or
          'young' in m.get_body(('plain',)).get_content()], [],
         'and wakes nobody')
    relay.stop()

# The app is refused, and so are all its tenants.
with Relay() as relay, Cloud(relay.folder) as cloud:
    tenants = configure(relay, cloud, count=20)
    for tenant in tenants:
        tenant.token_script.append(aadsts(7000222))
    relay.start()
    relay.wait_log('event=poll-failed', 20)
    ok(relay.wait_log('event=poll-recovered', 20), 'each tenant '
       'waits and is read again', relay.read_log()[-2000:])
    told = [(m['Delivered-To'], m['Subject'].rpartition(': ')[2])
            for m in relay.outbox(2)]
    same(sorted(subject for _, subject in told),
         ['A tenant can be read again', 'A tenant cannot be read'],
         'a secret that has expired is told once, and so is its end')
    relay.stop()

# What stands in the place of a login end point, or is not there at all.
PORTAL = (302, 407, 401, 403, 400)
with Relay() as relay, Cloud(relay.folder) as cloud:
    tenants = configure(relay, cloud, count=len(PORTAL) + 1)
    for tenant, status in zip(tenants[1:], PORTAL):
        tenant.token_script.extend([answer(
            status, raw=b'<html>', headers={'Location': '/portal'})] * 50)
    with open(relay.path('tocsin.conf'), 'a') as file:
        for name, login in (('unknown', 'https://login.invalid'),
                            ('closed', 'https://127.0.0.1:9'),
                            ('plain', cloud.url.replace('127.0.0.1', '[::1]'))):
            file.write(cloud.app().replace('app reader', 'app ' + name, 1)
                       .replace('login ' + cloud.url, 'login ' + login))
    for i, name in enumerate(('unknown', 'closed', 'plain'), 50):
        relay.write('customers/%s.rules' % name, '''
            customer %s { tenant %s  poll graph using %s every 1s
            recipients @mssp.example  otherwise notify bob }''' % (
                name, guid(i), name))
    relay.start()
    ok(met(relay), 'a tenant is read, whatever the others meet')
    relay.wait_log('event=poll-failed', len(PORTAL) + 3)
    log = relay.read_log()
    same((log.count('class=later'), log.count('something else answers')),
         (len(PORTAL) + 3, len(PORTAL)), 'a portal or a proxy in place of the '
         'login end point is named, and nobody is blamed')
    for said in ('login end point of Entra ID cannot be reached (Could not '
                 'resolve host: login.invalid', 'onnect to 127.0.0.1'):
        ok(said in log, 'the cause is named: ' + said, log)
    ok('HTTP 0' not in log, 'and is no HTTP 0')
    same(relay.outbox(0), [], 'nobody is told at once')
    relay.stop()

# Once elsewhere, and two tenants without a licence.
with Relay() as relay, Cloud(relay.folder) as cloud:
    elsewhere, first, second, cae = configure(relay, cloud, count=4)
    relay.start()
    ok(met(relay, 4), 'four tenants are read')
    elsewhere.script.append(answer(307, headers={
        'Location': cloud.url + '/v1.0/elsewhere'}))
    asked = len(elsewhere.asked)
    elsewhere.add(alert('e1'))
    same(titles(relay, 1), ['e1'], 'after a 307 the next poll is as usual')
    times = elsewhere.asked[asked:]
    ok(times[1] - times[0] < 3, 'within three of its seconds', times)
    for tenant in (first, second):
        tenant.always = answer(400, {'error': {
            'code': 'BadRequest', 'message':
            'Request not applicable to target tenant.'}})
    tokens = len([f for f in cloud.posted if f['tenant'] == cae.id])
    cae.always = answer(401, {'error': {
        'code': 'InvalidAuthenticationToken', 'message': 'Continuous access '
        'evaluation resulted in challenge with result: InteractionRequired '
        'and code: LocationConditionEvaluationSatisfied'}})
    relay.wait_log('class=theirs', 3)
    texts = [text_of(m) for m in polled.told(relay, 'cannot be read', 3)]
    same((len(texts), sum('licence' in t for t in texts),
          sum('Conditional Access' in t for t in texts)), (3, 2, 1),
         'each tenant without a licence is told, and one whose policy keeps '
         'us out')
    ok(not any('every tenant' in t for t in texts), 'with no claim about '
       'others', *texts)
    ok(len([f for f in cloud.posted if f['tenant'] == cae.id]) <= tokens + 2,
       'a challenge makes no loop of token requests')
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
        return tenant

    def refuse(**headers):
        """Says when it did, and when it was asked the next time."""
        times = []

        def send(request, tenant):
            times.append(time.time())
            if len(times) == 1:
                answer(429, headers=headers)(request, tenant)
            else:
                cloud.ordinary(request, tenant)
        send.times = times
        return send

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
    throttled = refuse(**{'retry-after': '2.128'})
    bad(throttled, throttled)
    dated = refuse(**{'Retry-After': date})
    bad(dated, dated)
    bad(answer(429), answer(500), answer(503))
    bad(link(evil))
    bad(link(cloud.url + '@evil.example/'))
    bad(link(same_page), link(same_page))
    bad(cut)
    bad(answer(200, {'values': []}), answer(200, raw=b'<html>'))
    bad(answer(403, {'error': {
        'code': 'Forbidden', 'message': 'Missing application roles.'}}))
    bad(answer(200, raw=b'{"value": [' + b' ' * (20 << 20) + b']}'))
    poison = tenants[next(names)]
    poison.add(*[alert('r%d' % i) for i in range(24)] +
               [{'title': 'no id', 'createdDateTime': 5}] +
               [alert('s%d' % i) for i in range(25)])
    want = sorted(['x%d' % i for i in range(1, 11)] +
                  ['r%d' % i for i in range(24)] +
                  ['s%d' % i for i in range(25)])
    got = titles(relay, len(want), 'bob@mssp.example')
    ok(got == want, 'after each of these the alert is told all the same',
       'missing: %s' % (set(want) - set(got)), relay.read_log())
    times = throttled.times
    ok(times[1] - times[0] >= 2.12, 'Retry-After in lower case is kept, to '
       'the fraction', times)
    times = dated.times
    ok(times[1] >= email.utils.parsedate_to_datetime(date).timestamp() - 0.3,
       'a date is kept as well', times)
    ok(not any('evil' in path for path, _ in cloud.asked),
       'a link to another host is not followed')
    # The first cause is said; 500 and no JSON follow another one here.
    for said in ('another host', 'circle', 'to the API broke',
                 'without a list', 'throttles'):
        ok(said in relay.read_log(), 'said: ' + said)
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
    tenant, = configure(relay, cloud, 'certificate-file app.pem')
    cloud.skew = -600
    relay.start()
    ok(met(relay), 'a cloud whose clock is ten minutes behind is read')

    def theirs(seconds=0, digits=3):
        return utc(time.time() + cloud.skew + seconds, digits)
    tenant.add(alert('l0', created=theirs(1)))
    same(titles(relay, 1), ['l0'], 'its alerts are new')
    # Between the first look at them and the latest change.
    (first, latest), = relay.rows('SELECT started, cursor FROM poll '
                                  'WHERE source = "graph"')
    tenant.add(alert('l1', created=utc((first + latest) / 2000)))
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
    cloud.tokens.clear()
    posts = len(cloud.posted)
    tenant.add(alert('l9', created=theirs()))
    same(titles(relay, 12)[-1], 'l9', 'a clock that is ahead does no harm')
    ok(len(cloud.posted) > posts and 'class=ours' not in relay.read_log(),
       'nor to the assertion that a certificate signs')
    relay.stop()

done()
