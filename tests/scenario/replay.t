#!/usr/bin/env python3
"""A replay of the journal gives the recorded decisions: the rules are a pure
function of alert, rules and time."""
import glob
import re
import signal
import sqlite3
import subprocess
import sys

sys.path.insert(0, 'tests/lib')
from relay import BUILD, WAIT, Relay, mail, ok, same, done   # noqa: E402

RULES = '''
window nights   { timezone Europe/Paris  mon-fri 18:00-08:00
                  sat-sun 00:00-24:00 }
window weekdays { timezone America/Sao_Paulo  mon-fri 00:00-24:00 }
customer contoso "Contoso GmbH" {
    tenant       72f988bf-86f1-41af-91ab-2d7cd011db47
    mailbox      contoso@relay.mssp.example
    organization "Contoso GmbH"
    recipients   @mssp.example
    rule lab
        when every device like "lab-*" and severity below high
        drop owner ana reason "pentest" always
    rule log when severity at least low also notify archive
    rule regex when title matches /ransom(ware)?|mimikatz/ notify primary
    rule nights when severity at least medium during nights
        notify bob using urgent
    rule weekdays when severity at least medium during weekdays notify ana
    rule words when title contains "Mail", "user" or device present
        notify primary
    rule silent when severity is informational
        drop owner bob reason "noise" until 2027-12-31
}
customer fabrikam "Fabrikam, Inc." {
    tenant       5d1f3c2a-9b64-4e0a-8f57-0a7c2e91b3d6
    mailbox      fabrikam@relay.mssp.example
    organization "Fabrikam"
    recipients   @mssp.example
    rule unproven when authentic in none, fail notify soc-desk
    rule known when not (format is generic) notify bob
}
customer tailspin {
    mailbox    tailspin@relay.mssp.example
    recipients @mssp.example
    otherwise  notify ana
}
'''


def replay(relay):
    ended = subprocess.run([BUILD + '/tests/replay_tool', relay.conf],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           timeout=WAIT)
    return ended.returncode, ended.stdout.decode(errors='replace')


def counts(out):
    return [int(each) for each in re.findall(r'\d+', out.splitlines()[-1])]


def fill(relay):
    """Every mail that the tests have, and devices and severities in all
    combinations."""
    names = sorted(glob.glob('tests/mail/*.eml'))
    for name in names:
        with open(name, 'rb') as file:
            subprocess.run([BUILD + '/tocsin-deliver', '-s',
                            relay.path('spool')], stdin=file, check=True)
    serial = 0
    for severity in ('High', 'Medium', 'Low', 'Informational', 'Fancy', ''):
        for device in ('lab-1', 'lab-1.contoso.example', 'srv-1', '',
                       'lab-1</td><td>srv-1'):
            for title in 'Malware was found', 'Mimikatz in café':
                serial += 1
                relay.deliver(mail(id='r%d' % serial, severity=severity,
                                   device=device, title=title),
                              'contoso@relay.mssp.example')
    return len(names) + serial


with Relay() as relay:
    relay.write('customers/contoso.rules', RULES)
    relay.start()
    total = fill(relay)
    relay.wait_rows([(total,)],
                    'SELECT count(*) + sum(duplicates) FROM item '
                    "WHERE kind <> 'notice'")
    kinds = relay.rows('SELECT action, rule, count(*) FROM item GROUP BY 1, 2')
    ok(len(kinds) >= 8, 'the journal has decisions of many kinds', *kinds)
    status, out = replay(relay)
    ok(status == 0 and counts(out)[0] > 60 and counts(out)[1] == 0,
       'each of them is decided again as it was', out)
    print('# ' + out.splitlines()[-1])

    # Other rules: they answer only for what they decided.
    decided = counts(out)[0]
    relay.write('customers/contoso.rules', RULES.replace(
        'rule lab\n', 'rule nothing when title is "nothing" notify ana\n'
        '    rule lab\n'))
    relay.daemon.send_signal(signal.SIGHUP)
    relay.wait_log('event=reloaded')
    relay.deliver(mail(id='after'), 'contoso@relay.mssp.example')
    relay.wait_rows([(total + 1,)],
                    'SELECT count(*) + sum(duplicates) FROM item '
                    "WHERE kind <> 'notice'")
    status, out = replay(relay)
    same((status, counts(out)[:2]), (0, [1, 0]),
         'after a change of the rules, only what they decided is compared')
    relay.write('customers/contoso.rules', RULES)
    same(counts(replay(relay)[1])[0], decided,
         'the old rules in place again, they are the version they were')

    # The test of the test: a journal that says otherwise.
    relay.stop()
    with sqlite3.connect(relay.path('state', 'store.db')) as store:
        store.execute('UPDATE item SET rule = "weekdays" WHERE id = (SELECT '
                      'min(id) FROM item WHERE rule = "regex")')
        store.execute('DELETE FROM delivery WHERE id = (SELECT min(id) FROM '
                      'delivery WHERE rule = "log")')
    status, out = replay(relay)
    ok(status == 1 and counts(out)[1] == 2,
       'a journal that was changed is found out', out[-1000:])
done()
