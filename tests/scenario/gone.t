#!/usr/bin/env python3
"""A customer who vanishes from the files without a word stays in force, is
logged, and told once; one who moved, or is forgotten, does not. And a new
file's mistake harms nobody else."""
import os
import sys

sys.path.insert(0, 'tests/lib')
from relay import CONTOSO as RULES                       # noqa: E402
from relay import Relay, mail, ok, same, done            # noqa: E402

CONTOSO = 'contoso@relay.mssp.example'
FILE = 'customers/contoso.rules'
SOC = 'soc@mssp.example'
FABRIKAM = '''
person fay { mail fay@mssp.example }
customer fabrikam {
    mailbox    fabrikam@relay.mssp.example
    recipients @mssp.example
    otherwise  notify fay
}
'''
HIGH = ['ana@mssp.example', 'archive@mssp.example', 'bob@mssp.example']


def unlink(relay):
    os.unlink(relay.path(FILE))


def typo(relay):
    with open(relay.conf) as file:
        text = file.read()
    relay.write('tocsin.conf', text.replace('customers/*', 'custmers/*'))


def replaced(relay):
    """Another customer stands there now, and takes a name of the old text."""
    relay.write(FILE, FABRIKAM)


def commented(relay):
    relay.write(FILE, '# ' + RULES.replace('\n', '\n# '))


# How the customer vanishes, and whether somebody else is there then.
WAYS = [('emptied', lambda relay: relay.write(FILE, '')),
        ('commented out', commented),
        ('removed', unlink),
        ('renamed', lambda relay: os.rename(relay.path(FILE),
                                            relay.path(FILE + '.old'))),
        ('missed by a typo in the include', typo),
        ('replaced by another customer', replaced)]


def is_served(relay, number, name):
    """Three more notifications, to those of the rule `high`."""
    before = relay.sent_to(0)
    relay.deliver(mail(id=str(number), incident=str(900 + number)), CONTOSO)
    same(relay.sent_to(len(before) + 3), sorted(before + HIGH), name)


def gone(name, vanish):
    with Relay() as relay:
        relay.start()
        vanish(relay)
        code, out, _ = relay.command('reload')
        ok(code == 1 and 'gone: contoso' in out and
           'tocsin forget contoso' in out, '%s: reload says so' % name, out)
        ok(relay.wait_log('event=gone customer=contoso'), 'the log, too')
        same(relay.sent_to(1), [SOC], 'the catch-all is told')
        told, = relay.outbox(1)
        ok('gone' in told['Subject'] and 'tocsin forget contoso' in
           told.get_body(('plain',)).get_content(),
           'who is gone, and what to type', told)
        is_served(relay, 1, 'the last good rules are in force')
        relay.command('reload')
        relay.stop()
        relay.start()
        is_served(relay, 2, 'over a restart, too')
        same(relay.rows("select count(*) from item where kind = 'notice'"),
             [(1,)], 'and it was told once')
        ok('contoso kept since' in relay.command('status')[1],
           'status says it')

        code, out, err = relay.command('forget', 'contoso')
        same((code, out), (0, 'contoso is forgotten\n'), 'until it is '
             'forgotten')
        code, out, _ = relay.command('reload')
        ok('contoso' not in out, 'which lasts', out)
        relay.write('tocsin.conf', open(relay.conf).read().replace(
            'custmers', 'customers'))
        relay.write(FILE, RULES)
        code, out, _ = relay.command('reload')
        ok('contoso' not in out.replace('contoso.rules', ''),
           'and it may come back', out)
        vanish(relay)
        ok('gone: contoso' in relay.command('reload')[1],
           'to be missed again')


def moved():
    with Relay() as relay:
        relay.start()
        relay.write('customers/new-name.rules', RULES.replace(
            'customer contoso', 'customer contoso-gmbh'))
        unlink(relay)
        same(relay.command('reload')[0], 0, 'who is there under another '
             'name, with a tenant or mailbox of his, is not missed')


def forgotten_while_down():
    with Relay() as relay:
        relay.start()
        relay.stop()
        unlink(relay)
        code, out, _ = relay.command('forget', 'contoso')
        same((code, out), (0, 'contoso will be forgotten when the daemon '
                           'starts\n'), 'forget without a daemon')
        relay.start()
        ok('event=gone' not in relay.read_log(), 'nobody is missed')
        code, out, err = relay.command('forget', 'contoso')
        ok(code == 1 and 'ever in force' in err, 'nor to be forgotten', err)
        relay.write(FILE, RULES)
        relay.command('reload')
        code, out, err = relay.command('forget', 'contoso')
        ok(code == 1 and 'stands in the files' in err,
           'who stands in the files is not forgotten', err)


def others():
    with Relay() as relay:
        relay.start()
        relay.write('customers/new.rules', 'customer new { recipints x }')
        relay.write('contacts.rules', open(
            relay.path('contacts.rules')).read().replace('soc@', 'desk@'))
        code, out, err = relay.command('reload')
        ok(code == 1 and 'new.rules' in out and 'in force: none' in out and
           out.count('kept:') == 1, 'a new file that is broken is left out',
           out)
        ok("'recipints'" in err, 'it is said why', err)
        relay.write('customers/new.rules', FABRIKAM)
        same(relay.command('reload')[0], 0, 'until it is mended')

        relay.write('customers/contoso.bak.rules', RULES)
        relay.write(FILE, RULES.replace('otherwise', 'rule more when title '
                                        'is x notify bob otherwise'))
        code, out, _ = relay.command('reload')
        ok(code == 1 and out.count('kept:') == 1 and
           'contoso.bak.rules' in out, 'of two that clash the new one is '
           'left out', out)
        ok('2 customers, 4 rules' in out, 'and the other one is loaded as it '
           'is now', out)
        relay.stop()
        relay.start()
        is_served(relay, 3, 'as it is at a start')


for way in WAYS:
    gone(*way)
for story in moved, forgotten_while_down, others:
    story()
done()
