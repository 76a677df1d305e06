#!/usr/bin/env python3
"""What a person gets: with what the configuration has for whoever acts on it,
without how we work where that is nobody's business, in forms to look at."""
import email
import email.policy
import json
import re
import sys

sys.path.insert(0, 'tests/lib')
from relay import Relay, ok, same, done   # noqa: E402

ALERT = 'tests/api/graph-devices.json'
OURS, THEIRS = 'soc@mssp.example', 'it@contoso.example'
RULES = '''
team theirs { mail it@contoso.example  language fr }
customer contoso "Contoso GmbH" {
    tenant     72f988bf-86f1-41af-91ab-2d7cd011db47
    recipients @mssp.example, @contoso.example
    note       "The plant runs at night"
    runbook    https://wiki.mssp.example/contoso
    phone      "+49 30 5550 (Frau Seidel)"
    rule everything "they want it so"
        notify soc-desk, theirs  do "Isolate it first"
        runbook https://wiki.mssp.example/isolate
}
'''


def rendered(form):
    return relay.command('explain', '--render' + form, ALERT)


def first_lines(text):
    return '\n'.join(text.splitlines()[:40])


with Relay() as relay:
    relay.write('customers/contoso.rules', RULES)
    status, out, err = rendered('=eml')
    same((status, err), (0, ''), 'the mails are printed alone')
    mails = [email.message_from_string(each, policy=email.policy.default)
             for each in re.split('^From tocsin .*\n', out, flags=re.M)[1:]]
    texts = {m['To'].strip('<>'): m.get_body(('plain',)).get_content()
             for m in mails}
    same(sorted(texts), sorted([OURS, THEIRS]), 'two of them as an mbox')
    for to, text in sorted(texts.items()):
        for what in ('Isolate it first', 'https://wiki.mssp.example/isolate',
                     'Frau Seidel', 'The plant runs at night'):
            ok(what in first_lines(text),
               '%s reads %r within 40 lines' % (to, what), text)
        ok('wiki.mssp.example/contoso' not in text,
           "a rule's runbook replaces the customer's", text)
    ok('everything' in texts[OURS] and 'they want it so' in texts[OURS] and
       'tocsin why' in texts[OURS] and 'theirs' in texts[OURS],
       'our people read by which rule, who else, and how to ask why',
       texts[OURS])
    for secret in ('everything', 'they want it so', 'tocsin why', 'soc-desk'):
        ok(secret not in texts[THEIRS],
           "the customer's own people do not read %r" % secret,
           texts[THEIRS])
    ok('Appareil' in texts[THEIRS], 'but their language', texts[THEIRS])
    same({m['Importance'] for m in mails}, {'normal'},
         'a medium alert is of normal importance')
    same({m['List-Id'] for m in mails},
         {'<contoso.tocsin.relay.mssp.example>'},
         'and has the list of its customer')

    with open(ALERT, encoding='utf-8') as file:
        record = json.load(file)['value'][0]
    record.update(severity='high', mitreTechniques=['T1003.001'],
                  recommendedActions='1. Isolate.\r\n2. Look further.',
                  actorDisplayName='Storm-0501')
    status, out, err = relay.command('explain', '--render', '-',
                                     input=json.dumps(record).encode())
    ok('Microsoft recommends: \n1. Isolate.\n2. Look further.\n' in out and
       'LSASS Memory (T1003.001)' in out and 'Actor: Storm-0501' in out,
       'what Microsoft recommends, the name of the technique and the actor '
       'are shown', out)

    status, out, err = rendered('=html')
    ok(not status and out.startswith('<!DOCTYPE html>') and
       out.count('</html>') == 2, 'so are their pages', out[:200], err)
    status, out, err = rendered('=text')
    same((status, out), rendered('')[:2], 'text is what is shown unasked')
    status, out, err = rendered('=pdf')
    ok(status == 2 and "text, html or eml, not 'pdf'" in err,
       'no other form is known', err)

    relay.write('customers/contoso.rules', RULES.replace(
        'https://wiki.mssp.example/contoso', '"javascript:alert(1)"'))
    status, out, err = relay.command('check')
    ok(status == 1 and "'javascript:alert(1)' is no link" in err,
       'a runbook is a link', err)
    relay.write('customers/contoso.rules', RULES.replace(
        'theirs  do', 'theirs using notice  do'))
    status, out, err = relay.command('check')
    ok(status == 1 and "unknown template 'notice'" in err,
       'no rule chooses the template of notices', err)

done()
