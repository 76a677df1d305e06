#!/usr/bin/env python3
"""Connecting a customer by API: the configuration, poll, customers, onboard,
and silence that is told."""
import json
import os
import re
import signal
import sqlite3
import sys
import time

sys.path.insert(0, 'tests/lib')
from relay import CONTOSO, Relay, mail, ok, same, done   # noqa: E402
from cloud import (Cloud, CLIENT, GRAPH, SECRET, aadsts, alert, hang,
                   utc)   # noqa: E402
from polled import told   # noqa: E402

T = '72f988bf-86f1-41af-91ab-2d7cd011db47'
TO = 'contoso@relay.mssp.example'


def customer(text):
    return CONTOSO.replace('recipients', text + '\n    recipients')


with Relay() as relay, Cloud(relay.folder) as cloud:
    with open(relay.conf, 'a') as file:
        file.write('include "app.rules"\n')

    # What is wrong with a configuration.
    good = cloud.app()
    relay.write('customers/contoso.rules',
                customer('poll graph using reader every 1s'))
    for text, want in [
            (good.replace('{', '{ cloud china '), 'has no alerts_v2'),
            (good.replace(CLIENT, 'x'), 'no client id'),
            (re.sub(r'secret-file \S+', '', good), 'nothing to prove'),
            (good.replace(cloud.url, 'http://127.0.0.1', 1), 'no base URL'),
            (good.replace(cloud.url, cloud.url + '/v1.0', 1), 'no base URL'),
            (good.replace('secret-file', 'certificate-file'),
             'no certificate'),
            (good.replace('app reader', 'app redaer'),
             "did you mean 'redaer'"),
            (good + good, 'defined twice')]:
        relay.write('app.rules', text)
        status, out, err = relay.command('check')
        ok(status == 1 and want in err + out, 'refused: ' + want, out, err)
    os.chmod(relay.path('app.secret'), 0o644)
    relay.write('app.rules', good)
    status, out, err = relay.command('check')
    ok(status == 1 and 'app.secret' in err + out and SECRET not in err + out,
       'a secret that everybody may read is refused, and not shown', out, err)
    os.chmod(relay.path('app.secret'), 0o600)
    for name in ('global', 'gcc', 'gcc-high', 'dod'):
        relay.write('app.rules', re.sub(
            'login .*', '}', good).replace('{', '{ cloud %s ' % name))
        same(relay.command('check')[0], 0, 'cloud %s is known' % name)
    for text, want in [
            ('poll graph using reader every 5ms', 'every 5ms'),
            ('poll graph every 1m', 'does not say with which app'),
            ('poll graph using reader poll graph using reader',
             "second 'poll graph'"),
            ('expect poll every 1m', 'is not polled'),
            ('expect mail', 'does not say how often')]:
        relay.write('app.rules', good)
        relay.write('customers/contoso.rules', customer(text))
        status, out, err = relay.command('check')
        ok(status == 1 and want in err + out, 'refused: ' + text, out, err)

    # Before the consent, and after it.
    relay.write('customers/contoso.rules',
                customer('poll graph using reader every 1s'))
    tenant = cloud.tenant(T)
    tenant.token_script.append(aadsts(700016, 'unauthorized_client', 400))
    status, out, err = relay.command('onboard', 'contoso')
    ok(status == 1 and '%s/%s/adminconsent?client_id=%s' % (
        cloud.url, T, CLIENT) in out and
       'Include tenant-specific portal link' in out and
       TO in out and '?tid=' + T in out and
       'its administrator has to consent' in out,
       'onboard says what to do, and that it was not done', out, err)
    tenant.token_script.append(aadsts(700016, 'unauthorized_client', 400))
    relay.command('poll', '--once', 'contoso')
    status, out, err = relay.command('customers', 'contoso')
    ok(status == 0 and '(consent)' in out and 'has to consent' in out,
       'customers says that it waits for the consent', out, err)
    status, out, err = relay.command('onboard', 'contoso')
    ok(status == 0 and 'the API answers' in out, 'and that it was', out, err)
    status, out, err = relay.command('onboard', 'nobody')
    ok(status == 1 and 'nobody' in err, 'of whom it knows', out, err)

    tenant.add(alert('c1', created=utc(time.time() - 3600)),
               alert('c2', created=utc(time.time() - 60)))
    status, out, err = relay.command('poll', '--dry-run', 'contoso')
    ok(status == 0 and 'c1' in out and 'notify by high' in out and
       '2 alerts, 2 new' in out, 'a dry run says who would be told', out, err)
    same(relay.outbox(0), [], 'and tells nobody')
    status, out, err = relay.command('poll', '--once', 'contoso')
    ok(status == 0 and 'drop by high' in out and 'from before' in out,
       'at the first contact what was there is no news', out, err)
    tenant.add(alert('c3', created=utc(time.time() - 7200)))
    status, out, err = relay.command('poll', '--once', '--since',
                                     utc(time.time() - 9000), 'contoso')
    ok(status == 0 and re.search('notify by high: c3', out) and
       'notify by high: c1' in out and 'c2' not in out and
       '3 alerts, 2 new' in out, 'unless it is asked for', out, err)
    tenant.token_script.append(aadsts(7000222))
    status, out, err = relay.command('poll', '--once', 'contoso')
    ok(status == 1 and 'has expired' in out, 'a failure is exit 1', out, err)
    status, out, err = relay.command('poll', 'nobody')
    ok(status == 1 and 'nobody' in err, 'nobody cannot be polled', out, err)

    # Silence.
    relay.write('customers/contoso.rules', customer(
        'poll graph using reader every 1s  expect mail every 2s '
        'expect poll every 15s'))
    relay.start()
    notice = [each for each in told(relay, 'quiet') if 'notification rule' in
              each.get_body(('plain',)).get_content()]
    ok(len(notice) == 1 and notice[0]['Delivered-To'] == 'soc@mssp.example',
       'mails that stop are told to the catch-all, with likely causes',
       relay.read_log())
    relay.deliver(mail(incident='99'), TO)
    same(len(told(relay, 'heard of again')), 1, 'and so is the end of it')
    tenant.token_script.extend([aadsts(7000222)] * 99)
    cloud.tokens.clear()
    lines = relay.wait_log('event=quiet.*road=poll')
    ok(lines, 'an API that is not read is told as well', relay.read_log())
    status, out, err = relay.command('customers')
    ok(status == 0 and 'has expired' in out and
       'ours' in out and 'notification mails' in out and
       'by API only' in out, 'customers shows what is proven and what is not',
       out, err)
    ok('no output to a SIEM' in out, 'and what it cannot do', out)
    with open('/proc/%d/cmdline' % relay.daemon.pid, 'rb') as file:
        shown = file.read().decode()
    with open('/proc/%d/environ' % relay.daemon.pid, 'rb') as file:
        shown += file.read().decode(errors='replace')
    relay.stop()
    shown += relay.read_log()
    for command in (['customers'], ['show', 'contoso'], ['check'],
                    ['explain', '--render', 'tests/api/graph-devices.json'],
                    ['queue', '--all'], ['poll', '--once', 'contoso']):
        status, out, err = relay.command(*command)
        shown += out + err
    shown += ''.join(str(m) for m in relay.outbox(0))
    same([s for s in [SECRET, 'token-'] + list(cloud.tokens) if s in shown],
         [], 'no secret and no token in any log, mail, answer or ps')

# What a store of the first version has, stays; days are counted.
with Relay() as relay, Cloud(relay.folder) as cloud:
    relay.write('app.rules', cloud.app())
    relay.write('customers/contoso.rules',
                customer('poll graph using reader every 1s'))
    with open(relay.conf, 'a') as file:
        file.write('include "app.rules"\n')
    cloud.tenant(T)
    now = int(time.time() * 1000)
    yesterday = now // 86400000 * 86400000 - 1000
    with open('src/store/schema_1.sql') as file, \
            sqlite3.connect(relay.path('state', 'store.db')) as db:
        db.executescript(file.read())
        db.execute('PRAGMA application_id = %d' % 0x746f6373)
        db.execute('PRAGMA user_version = 1')
        for i, (by_mail, by_api) in enumerate([
                (yesterday, None), (None, yesterday), (now, yesterday),
                (None, now)]):
            db.execute('INSERT INTO known (customer, alert, devices, mail, '
                       'api, seen) VALUES ("contoso", ?, "[]", ?, ?, ?)',
                       (str(i), by_mail, by_api, now))
    db.close()
    os.chmod(relay.path('state', 'store.db'), 0o600)
    relay.start()
    days = relay.wait_rows([(1, 1, 1), (0, 1, 0)], 'SELECT mail_only, '
                           'api_only, both FROM day ORDER BY day')
    same(days, [(1, 1, 1), (0, 1, 0)],
         'the alerts of each day are counted, by the roads they came')
    relay.wait_rows([(2,)], 'SELECT count(*) FROM poll')
    relay.stop()
    status, out, err = relay.command('customers', '--json')
    found = json.loads(out)
    same([(d['mail-only'], d['api-only'], d['both']) for d in found['days']],
         [(0, 1, 0), (1, 1, 1)], 'customers --json has them, latest first')
    day = time.strftime('%Y-%m-%d', time.gmtime(yesterday / 1000))
    same((found['customer'], found['days'][1]['day'], found['siem'],
          [(a['tenant'], a['api'], a['failed']) for a in found['apis']]),
         ('contoso', day, None,
          [(T, 'graph', None), (T, 'incidents', None)]),
         'and what is proven of each API')

# A mail waits for what the API knows, but not for long.
with Relay() as relay, Cloud(relay.folder) as cloud:
    def waits(within):
        relay.write('customers/contoso.rules', customer(
            'poll graph using reader every 1h complete within ' + within
        ).replace('rule log', 'rule dc when device-group is '
                  '"Domain Controllers" notify bob\n    rule log'))

    relay.write('app.rules', cloud.app())
    waits('1m')
    with open(relay.conf, 'a') as file:
        file.write('include "app.rules"\n')
    tenant = cloud.tenant(T)
    same(relay.command('poll', '--once', 'contoso')[0], 0, 'a tenant is met')
    relay.start()
    tenant.add(alert('w1', incidentId='4711', created=utc(time.time() + 1),
                     evidence=[{
                         '@odata.type': GRAPH + 'deviceEvidence',
                         'deviceDnsName': 'srv-1.contoso.example',
                         'rbacGroupName': 'Domain Controllers'}]))
    asked = len(tenant.asked)
    relay.deliver(mail(incident='4711'), TO)
    # Both the hour and the minute are longer than what is waited here.
    ok(relay.wait_log('event=(drop|notify).*mail=') and
       len(tenant.asked) > asked, 'the API is asked when a mail comes',
       relay.read_log())
    sent = told(relay, 'Alert w1')
    same([(m['Delivered-To'], m['X-Tocsin-Rule']) for m in sent],
         [('bob@mssp.example', 'dc')],
         'the alert is told once, by the rule that only the API makes true')
    waits('2s')
    relay.daemon.send_signal(signal.SIGHUP)
    relay.wait_log('event=reloaded')
    tenant.always = hang(600)
    begun = time.time()
    relay.deliver(mail(id='w2', incident='4712', title='Alone'), TO)
    sent = told(relay, 'Alone', 3)
    took = time.time() - begun
    ok(took > 1.9 and sent, 'a mail that the API does not answer goes as it '
       'is', took, relay.read_log())
    same(len(sent), 3, 'to all that the rules name')
    same([m['Subject'] for m in relay.outbox(0)
          if 'Alone' not in m['Subject']], [told(relay, 'w1')[0]['Subject']],
         'and the mail of the alert tells nobody again')
    tenant.always = None
    relay.deliver(mail(id='w3', incident='4713', title='Drain'), TO)
    relay.stop(signal.SIGKILL)
    relay.start()
    # The log need not have it: it may be killed between commit and word.
    same(len(told(relay, 'Drain', 3)), 3,
         'a mail that waits survives kill -9')
    relay.stop()

done()
