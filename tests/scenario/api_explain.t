#!/usr/bin/env python3
"""What an API sends becomes alerts: tests/api/NAME.json gives NAME.want, which
has a line for each alert (without what is null), or the sentence of an error.
With UPDATE=1 the wants are written anew."""
import glob
import json
import os
import subprocess
import sys

sys.path.insert(0, 'tests/lib')
from relay import BUILD, Relay, ok, same, done   # noqa: E402

KEYS = ['kind', 'format', 'authentic', 'customer', 'action', 'reason', 'rule',
        'recipients', 'doubts']


def tidy(line):
    """The part of an explain object that says how the alert was read."""
    whole = json.loads(line)
    out = {key: whole[key] for key in KEYS if whole[key]}
    out['alert'] = {k: v for k, v in whole['alert'].items()
                    if v is not None and k not in ('intake', 'format',
                                                   'authentic', 'customer')}
    notes = [t[6:] for t in whole['trace'] if t.startswith('note: ')]
    if notes:
        out['notes'] = notes
    return json.dumps(out, indent=1, ensure_ascii=False)


with Relay() as relay:
    for path in sorted(glob.glob('tests/api/*.json')):
        name = os.path.basename(path)[:-5]
        status, out, err = relay.command('explain', '--json', path)
        got = '\n'.join([tidy(line) for line in out.splitlines()] +
                        err.replace('tests/api/', '').splitlines() +
                        ['exit %d' % status]) + '\n'
        want = path[:-5] + '.want'
        if os.environ.get('UPDATE'):
            with open(want, 'w', encoding='utf-8') as file:
                file.write(got)
        with open(want, encoding='utf-8') as file:
            same(got, file.read(), name + ' is read as it was')

    status, out, err = relay.command('explain', '--render',
                                     'tests/api/graph-devices.json')
    ok(status == 0 and 'API field evidence[2].deviceDnsName' in out,
       'explain says which member of the record a value comes from', out, err)
    ok('Domain Controllers' in out and 'to soc@mssp.example' in out,
       'and shows the notification', out)
    with open('tests/api/graph-devices.json', 'rb') as file:
        status, out, err = relay.command('explain', '--json', '-',
                                         input=file.read())
    ok(status == 0 and json.loads(out)['kind'] == 'api',
       'a record comes from standard input as well', out, err)

    # As people save what they fetched: PowerShell in UTF-16, jq and others an
    # array or one object a line.
    with open('tests/api/graph-devices.json', encoding='utf-8') as file:
        one = json.load(file)['value'][0]
    two = dict(one, id='da22bb')
    line, second = json.dumps(one), json.dumps(two)
    for kind, data in [
            ('an array', '[%s,%s]' % (line, second)),
            ('one object a line', line + '\r\n' + second + '\n\n'),
            ('a page a line', '{"value":[%s]}\n{"value":[%s]}\n' %
                              (line, second)),
            ('UTF-16', ('\ufeff[%s,\r\n%s]' % (line, second))),
            ('UTF-16 without a mark', '[%s,%s]' % (line, second))]:
        encoding = 'utf-16-le' if 'UTF-16' in kind else 'utf-8'
        status, out, err = relay.command('explain', '--json', '-',
                                         input=data.encode(encoding))
        same([json.loads(each)['alert']['alert']
              for each in out.splitlines()], ['da11aa', 'da22bb'],
             kind + ' is read')
    status, out, err = relay.command(
        'explain', '--json', '-',
        input=line.replace('"Suspicious', '"\\ud83d').encode())
    ok(status == 0 and json.loads(out)['alert']['title'] ==
       '\ufffd command line', 'half an emoji is a strange character', out,
       err)

    # A page that ends early: what is read of it is explained, and what ended
    # it is said.
    error = '{"error":{"code":"UnknownError","message":"Backend failed."}}'
    within, before, behind = ('breaks off in this record',
                              'breaks off before the end of its list',
                              'breaks off behind its list')
    for tail, where in [(',{"id":"da2","ti', within),
                        (',{"id":"da2","title":"x"', within),
                        (',{"id":"da2","title":{"a":["x",', within),
                        (',', before), ('', before), (' , \n', before),
                        (']', behind), ('],"@odata.count":1', behind)]:
        for last in '', error, error + '\n', error.replace(':{', ' : {', 1):
            status, out, err = relay.command(
                'explain', '--json', '-',
                input=('{"value":[%s%s%s' % (line, tail, last)).encode())
            ok(status == 1 and where in err and err.count('\n') == 1 and
               ('with an error of the API: UnknownError' in err) ==
               (last != '') and [json.loads(each)['alert']['alert'] for each
                                 in out.splitlines()] == ['da11aa'],
               'a page that %s, behind %r%s' % (
                   where, tail, ', with an error' if last else ''), out, err)
    status, out, err = relay.command(
        'explain', '--json', '-',
        input=('{"value":[%s]}%s' % (line, error)).encode())
    ok(status == 1 and 'UnknownError' in err and 'da11aa' in out,
       'an error behind a whole page', out, err)
    status, out, err = relay.command(
        'explain', '--json', '-',
        input=('{"value":[%s,{"id":1.2.3},%s]}' % (line, line)).encode())
    ok(status == 1 and 'a record is held' in err and out.count('\n') == 2,
       'a record that is none hides no other', out, err)

    # A rule that tests status asks for alerts that need nobody.
    relay.write('customers/contoso.rules', '''
        customer contoso "Contoso GmbH" {
            tenant 72f988bf-86f1-41af-91ab-2d7cd011db47
            recipients @mssp.example
            rule closed when status is resolved notify ana
            otherwise notify soc-desk
        }''')
    status, out, err = relay.command('explain', '--json',
                                     'tests/api/graph-handled.json')
    same([json.loads(line)['recipients'] for line in out.splitlines()],
         [['ana@mssp.example'], ['ana@mssp.example'], [],
          ['soc@mssp.example']],
         'alerts that the tenant has dealt with tell only those who ask')

    # Deep and large documents end with a sentence, not with the process.
    status, out, err = relay.command('explain', '-', input=b'{"a":' * 90000)
    ok(status == 1 and 'no valid JSON' in err, 'depth is limited', err)
    deep = ('{"id":"1","title":"x","createdDateTime":"2026-01-01T00:00:00Z",'
            '"evidence":' + '[' * 900 + ']' * 900 + '}').encode()
    status, out, err = relay.command('explain', '--json', '-', input=deep)
    ok(status == 0 and json.loads(out)['alert']['alert'] == '1',
       'nested evidence is looked at only so far', out[:300], err)
    many = {'@odata.type': '#microsoft.graph.security.deviceEvidence'}
    wide = json.dumps({'value': [{
        'id': '1', 'title': 'x', 'severity': 'high', 'evidence': [
            dict(many, deviceDnsName='host-%d' % i) for i in range(5000)]}]})
    status, out, err = relay.command('explain', '--json', '-',
                                     input=wide.encode())
    ok(status == 0 and len(json.loads(out)['alert']['device']) == 1000,
       'five thousand devices cost no more than a thousand', err)

done()
