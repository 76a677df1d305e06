#!/usr/bin/env python3
"""Ana has a pager and Bob has none: a rule that says so calls her there, by the
template that the pager wants, and him where he reads mail."""
import re
import sys

sys.path.insert(0, 'tests/lib')
from relay import Relay, mail, ok, same, done           # noqa: E402

CONTOSO = 'contoso@relay.mssp.example'
CONTACTS = '''
person ana { mail ana@mssp.example  pager ana@sms.example using urgent }
person bob { mail bob@mssp.example }
team soc-desk { mail soc@mssp.example }
'''
RULES = '''
customer contoso "Contoso GmbH" {
    tenant     72f988bf-86f1-41af-91ab-2d7cd011db47
    mailbox    contoso@relay.mssp.example
    recipients %s
    rule calls when severity at least medium
        notify ana, bob by pager
    otherwise notify soc-desk
}
test "she is called, and he gets a mail" {
    given alert { customer contoso  severity high }
    expect notify ana@sms.example, bob@mssp.example by calls
}
'''

with Relay() as relay:
    relay.write('contacts.rules', CONTACTS)
    relay.write('customers/contoso.rules', RULES %
                '@mssp.example, ana@sms.example')
    relay.write('alert.eml', mail().decode())
    status, out, err = relay.command('test')
    same(status, 0, 'a test of rules names the pager')
    out = relay.command('show', 'contoso')[1]
    ok(re.search(r'notify ana, bob by pager\n +ana: ana@sms.example\n'
                 ' +bob: bob@mssp.example\n', out),
       'show has it, and the addresses', out)
    out = relay.command('explain', relay.path('alert.eml'))[1]
    ok('to ana@sms.example (ana) by calls using urgent\n'
       '  to bob@mssp.example (bob) by calls using alert\n' in out and
       'by pager: ana@sms.example (ana)\n' in out and
       'by pager: bob@mssp.example (bob, who has no pager)\n' in out,
       'explain says who is told, by what, and why', out)

    relay.start()
    relay.deliver(mail(), CONTOSO)
    sent = {m['To']: m for m in relay.outbox(2)}
    same(sorted(sent), ['ana@sms.example', 'bob@mssp.example'],
         'so they are told')
    same([to for to in sorted(sent) if 'calls' not in
          sent[to].get_body(('plain',)).get_content()], [],
         'a pager is one of ours as the person is: it has the rule')
    rows = relay.rows('SELECT address, template, contact FROM delivery '
                      'ORDER BY 1')
    same(rows, [('ana@sms.example', 'urgent', 'ana'),
                ('bob@mssp.example', 'alert', 'bob')], 'by their templates')
    why = relay.command('why', sent['ana@sms.example']['X-Tocsin-Code'])[1]
    ok('by pager: ana@sms.example (ana)' in why, 'why has recorded it', why)

    relay.write('customers/contoso.rules', RULES % '@mssp.example')
    status, out, err = relay.command('check')
    ok(status == 1 and 'would send data to ana@sms.example, which no '
       '`recipients` allow' in err,
       'a pager is an address that recipients have to allow', status, err)
    relay.write('customers/contoso.rules', (RULES % '@mssp.example').replace(
        ' by pager', '').replace('ana@sms', 'ana@mssp'))
    same(relay.command('check')[0], 0, 'where a rule calls it')

done()
