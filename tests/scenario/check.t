#!/usr/bin/env python3
"""What `tocsin check` says of a configuration whose parts do not fit together,
each mistake alone; and what `test --cover`, `show` and `explain` say of a good
one."""
import json
import os
import sys

sys.path.insert(0, 'tests/lib')
from relay import CONTACTS, CONTOSO, MAIN, Relay, done, mail, same  # noqa: E402

TEST = '''
test "t" {
    given %s
    expect notify soc@mssp.example%s
}
'''
ALERT = 'alert { customer contoso }'

# name, file, its text, what is found
MISTAKES = [
    ('a folder of templates that is missing', 'tocsin.conf',
     MAIN % dict(relay='templates nowhere', top=os.getcwd()),
     ["tocsin.conf:8:11: error: cannot read the folder nowhere: No such file "
      "or directory (create it, or remove the setting)"]),
    ('one format of your own, which replaces all others', 'tocsin.conf',
     (MAIN % dict(relay='format f "F" { subject "a {title}" }',
                  top=os.getcwd())).replace(
         '"%s/rules/formats.rules", ' % os.getcwd(), ''),
     ["tocsin.conf:8:1: warning: with this format all shipped formats, labels "
      "and links are out of force (put it into a copy of the shipped "
      "formats.rules, and include that)"]),
    ('a contact that nobody uses', 'contacts.rules',
     CONTACTS + 'person zoe { mail zoe@mssp.example }\n',
     ["contacts.rules:7:8: warning: nobody uses person 'zoe'"]),
    ('an error, which is no reason to call what it leaves out unused',
     'customers/contoso.rules',
     CONTOSO.replace('notify archive', 'notify arhive'),
     ["customers/contoso.rules:10:26: error: unknown contact 'arhive' (did "
      "you mean 'archive'?)"]),
    ('a recipient that is none, which is not said of every rule again',
     'customers/contoso.rules', CONTOSO.replace('@mssp', 'mssp'),
     ["customers/contoso.rules:6:19: error: 'mssp.example' is neither a "
      "domain nor an address (as @example.com or LOCAL@example.com)"]),
    ('a test of a customer that there is not', 'customers/contoso.rules',
     CONTOSO + TEST % (ALERT.replace('contoso', 'contso'), ''),
     ["customers/contoso.rules:16:28: warning: this test fails: there is no "
      "customer 'contso'"]),
    ('a test of a rule that there is not', 'customers/contoso.rules',
     CONTOSO + TEST % (ALERT, ' by hihg'),
     ["customers/contoso.rules:17:39: warning: this test fails: there is no "
      "rule 'hihg'"]),
    ('a test of a template that there is not', 'customers/contoso.rules',
     CONTOSO + TEST % (ALERT, ' by otherwise using allert'),
     ["customers/contoso.rules:17:55: warning: this test fails: there is no "
      "template 'allert'"]),
    ('a test of a mail that there is not', 'customers/contoso.rules',
     CONTOSO + TEST % ('mail nowhere.eml', ''),
     ["customers/contoso.rules:15:6: warning: this test fails: cannot open "
      "customers/nowhere.eml: No such file or directory"]),
    ('a time in a test that does not say where', 'customers/contoso.rules',
     CONTOSO + TEST % (ALERT + ' at 2026-12-01T02:00:00', ''),
     ["customers/contoso.rules:16:41: error: '2026-12-01T02:00:00' is no "
      "time (write it as 2026-12-01T02:00:00+01:00)"]),
]


def check(relay, *options):
    """The status and the lines that name a place, without the folder."""
    status, out, errors = relay.command('check', *options)
    lines = [line for line in errors.replace(relay.folder + '/', '')
             .splitlines() if ': error: ' in line or ': warning: ' in line]
    return status, lines, out


for name, file, text, want in MISTAKES:
    with Relay() as relay:
        relay.write(file, text)
        status, got, _ = check(relay)
        same(got, want, name)
        same(status, 1 if ': error: ' in want[0] else 0, 'and the status')

with Relay() as relay:
    os.remove(relay.conf)
    status, got, _ = check(relay)
    same(got, ['tocsin.conf: error: cannot open tocsin.conf: No such file or '
               'directory'], 'a main file that is missing is one error')

with Relay() as relay:
    same(check(relay, '--strict')[:2], (0, []), 'nothing is wrong')
    relay.write('contacts.rules',
                CONTACTS + 'person zoe { mail zoe@mssp.example }\n')
    same(check(relay, '--strict')[0], 1, 'a warning fails with --strict')
    status, _, out = check(relay, '--json')
    same(json.loads(out.replace(relay.folder + '/', '')),
         {'file': 'contacts.rules', 'line': 7, 'column': 8,
          'severity': 'warning', 'message': "nobody uses person 'zoe'",
          'remedy': None}, '--json says the same')
    same(status, 0, 'and it is only a warning')

with Relay() as relay:
    relay.write('customers/contoso.rules',
                CONTOSO.replace('also notify archive', 'also notify soc-desk') +
                TEST % ('alert { customer contoso  severity medium }', ''))
    status, out, _ = relay.command('test', '--cover')
    same(out.replace(relay.folder + '/', ''),
         "customers/contoso.rules:7: no test reaches rule 'noise' of contoso\n"
         "customers/contoso.rules:11: no test reaches rule 'high' of contoso\n"
         "1 passed, 0 failed\n",
         'test --cover names the rules that no test reaches, and not one that '
         'tells whom a later rule tells as well')

SHOWN = """customer contoso "Contoso GmbH"
  tenant        72f988bf-86f1-41af-91ab-2d7cd011db47
  mailbox       contoso@relay.mssp.example
  organization  Contoso GmbH
  timezone      Europe/Berlin
  recipients    @mssp.example
  1 noise (customers/contoso.rules:8)
      when every device like "lab-*" and severity below high drop owner ana \
reason "pentest" always
  2 log (customers/contoso.rules:11)
      when title matches /\\d\\/"/ also notify archive
      archive: archive@mssp.example
  3 high (customers/contoso.rules:12)
      when severity at least high notify primary using urgent
      primary: ana@mssp.example, bob@mssp.example
    otherwise (customers/contoso.rules:13)
      soc-desk: soc@mssp.example
"""

with Relay() as relay:
    relay.write('customers/contoso.rules', CONTOSO.replace(
        '    recipients', '    timezone Europe/Berlin\n    recipients').replace(
        'also', 'when title matches /\\d\\/"/ also'))
    status, out, errors = relay.command('show', 'contoso')
    same(out.replace(relay.folder + '/', ''), SHOWN,
         'show prints the rules as they can be written, and who is told')
    same(relay.command('show', 'contso')[::2],
         (1, "tocsin show: there is no customer 'contso' (did you mean "
             "'contoso'?)\n"), 'and the name that was meant')

with Relay() as relay:
    relay.write('a.eml', mail().decode())
    os.environ['TOCSIN_READER'] = '/nowhere'
    same(relay.command('explain', relay.path('a.eml')),
         (1, '', 'tocsin explain: cannot start /nowhere: No such file or '
                 'directory\n'),
         'explain without a reader decides nothing, as the daemon does')
    del os.environ['TOCSIN_READER']

done()
