#!/usr/bin/env python3
"""Incidents are read along with alerts: for their names, and for what was
merged. Nothing that happens to them keeps an alert from anybody."""
import sys
import time

sys.path.insert(0, 'tests/lib')
from relay import Relay, mail, ok, same, done, wait_for   # noqa: E402
from cloud import Cloud, alert, answer, hang, incident, utc   # noqa: E402
from polled import T, configure, met, settle, text_of   # noqa: E402

TO = 'archive@mssp.example'


def told(relay, title):
    """The notification of an alert of that title, to one recipient."""
    found = wait_for(lambda: [
        message for message in relay.outbox(0)
        if message['Delivered-To'] == TO and
        'Alert %s ' % title in message['Subject'] + ' '])
    return found[0] if found else None


def known(relay, want):
    return relay.wait_rows([(want,)], 'SELECT count(*) FROM incident')


def merge(tenant, one, into):
    tenant.incidents[one].update(
        status='redirected', redirectIncidentId=into,
        lastUpdateDateTime=utc())


with Relay() as relay, Cloud(relay.folder) as cloud:
    tenant, = configure(relay, cloud)
    relay.start()
    ok(met(relay, incidents=1), 'incidents are read along with alerts',
       relay.read_log())
    settle(tenant, 1)

    # A name.
    tenant.incidents.append(incident('42', 'Ransomware on srv-1'))
    asked = len(tenant.incidents_asked)
    tenant.add(alert('a1', incidentId='42'))
    first = told(relay, 'a1')
    ok('42 – Ransomware on srv-1' in text_of(first),
       'a notification says what its incident is called', text_of(first))
    ok(len(tenant.incidents_asked) > asked,
       'which is asked for when an alert of an unknown incident comes')
    status, out, err = relay.command('why', first['X-Tocsin-Code'])
    ok('incident: Ransomware on srv-1' in out, 'why says it as well', out, err)
    asked = len(tenant.incidents_asked)
    tenant.add(alert('a2', incidentId='42'))
    ok('Ransomware' in text_of(told(relay, 'a2')) and
       len(tenant.incidents_asked) <= asked + 1,
       'a known incident is not asked for again')

    # A merge: what follows belongs to both threads.
    tenant.incidents.append(incident(
        '43', 'Attack on many\r\nBcc: x@y.example'))
    tenant.add(alert('b1', incidentId='43'))
    second = told(relay, 'b1')
    ok(first['References'] != second['References'],
       'two incidents are two threads')
    merge(tenant, 0, '43')
    relay.wait_rows([('43',)], 'SELECT merged FROM incident WHERE id = 42')
    tenant.add(alert('b2', incidentId='43'), alert('a3', incidentId='42'))
    both = [told(relay, title)['References'].split() for title in
            ('b2', 'a3')]
    same(both, [[first['References'], second['References']]] * 2,
         'merged incidents are one thread, the one that is left last')
    ok('43 – Attack on many Bcc: x@y.example' in
       text_of(told(relay, 'b2')) and not told(relay, 'b2')['Bcc'],
       'a name is one line of text', text_of(told(relay, 'b2')))
    ok('42 – Attack on many Bcc: x@y.example (43)' in
       text_of(told(relay, 'a3')), 'and says which one is left',
       text_of(told(relay, 'a3')))
    relay.deliver(mail(id='m1', incident='42', title='Alert m1'),
                  'contoso@relay.mssp.example')
    line = relay.wait_log('reason="the API gave.*mail=')
    ok(line, 'a mail about the merged one is about what the API told',
       relay.read_log())

    # Many, and one that cannot be read.
    tenant.incidents.extend([incident(str(i), 'Incident %d' % i)
                             for i in range(100, 220)] + [{'id': {}}])
    same(known(relay, 122), [(122,)], 'three pages of 50 are read')
    status, out, err = relay.command('held')
    same(len(out.splitlines()), 1, 'a poison record is held, once')
    ok(all('$top=50&' in path for path, _ in cloud.asked
           if '/incidents' in path and 'skiptoken' not in path),
       'more than 50 are never asked for')

    # Nothing answers.
    tenant.incident_always = hang()
    begun = time.time()
    tenant.add(alert('h1', incidentId='900'))
    ok(told(relay, 'h1') and time.time() - begun > 2.9,
       'an alert waits three seconds for a name', time.time() - begun)
    ok('event=poll-failed' not in relay.read_log(), 'and not until the '
       'request for it has failed', relay.read_log())
    same(relay.stop(), 0, 'the relay ends as it should')

with Relay() as relay, Cloud(relay.folder) as cloud:
    tenant, = configure(relay, cloud)
    tenant.incident_always = answer(403, {'error': {
        'code': 'Forbidden', 'message': 'Missing application roles.'}})
    relay.start()
    met(relay)
    ok(relay.wait_log('event=poll-failed.*api=incidents.*class=consent.*'
                      'SecurityIncident.Read.All'),
       'a permission that is missing for incidents is named',
       relay.read_log())
    tenant.add(alert('c1', incidentId='7'))
    ok(told(relay, 'c1'), 'alerts go on without it', relay.read_log())
    settle(tenant, 6)
    same(len(relay.wait_log('event=poll-failed')), 1, 'it is said once')
    same([m['Subject'] for m in relay.outbox(0) if 'Alert' not in
          m['Subject']], [], 'and wakes nobody')
    status, out, err = relay.command('customers')
    ok('SecurityIncident.Read.All' in out and
       'access granted' in out and 'yes, last proven' in out,
       'customers says it', out, err)
    status, out, err = relay.command('onboard', 'contoso')
    ok(status == 0 and 'the API answers' in out and
       'without the names' in out and 'SecurityIncident.Read.All' in out,
       'and so does onboard, which is content', out, err)
    status, out, err = relay.command('poll', '--once', 'contoso')
    ok(status == 0 and 'contoso %s incidents: failed' % T in out,
       'poll as well', out, err)
    tenant.incident_always = answer(401, {'error': {'code': 'x'}})
    status, out, err = relay.command('poll', '--once', 'contoso')
    ok(status == 0 and 'contoso %s incidents: failed' % T in out,
       'a token that is good for alerts only is no reason to wait', out, err)
    tenant.incident_always = None
    relay.stop()

    # The token end point fails: nothing hangs.
    tenant.token_script.append(answer(500))
    status, out, err = relay.command('poll', '--once', 'contoso')
    ok(status == 1 and 'failed' in out,
       'without a token poll --once ends', out, err)

done()
