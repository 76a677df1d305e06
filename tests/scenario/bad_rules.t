#!/usr/bin/env python3
"""Rules and templates that were made to hurt, in `check` and in a daemon that
runs; stage.py says what has to hold after each."""
import signal
import sys

sys.path.insert(0, 'tests/lib')
from relay import CONTOSO as GOOD                       # noqa: E402
from relay import Relay, mail, ok, same, done           # noqa: E402
from stage import FOUL, Stage, faults_of_log            # noqa: E402

RULES = 'customers/contoso.rules'
# Times what `check` costs for good rules: for a megabyte of bad ones.
EFFORT_MOST = 200


def before_otherwise(text):
    return GOOD.replace('otherwise', text + ' otherwise')


# What is wrong, the file, and words that `check` has to say.
BROKEN = [
    ('a line of 1 MB', 'customer contoso { rule ' + 'x' * (1 << 20),
     ['contoso.rules:1:']),
    ('1 MB of words on one line', before_otherwise(
        'rule r when title is ' + ', '.join(['"word"'] * 120000) +
        ' notify nobody'), ["unknown contact 'nobody'"]),
    ('unknown words', GOOD.replace('severity below', 'severty below').replace(
        'rule log', 'rool log'),
     ["'severty'", "did you mean 'severity'?", "'rool'"]),
    ('an include in a circle', GOOD + 'include "contoso.rules"\n',
     ['contoso.rules:']),
    ('10,000 blocks in each other', 'customer contoso {' * 10000,
     ['contoso.rules:1:']),
    ('10,000 brackets in each other', before_otherwise(
        'rule r when ' + '(' * 10000 + 'severity is high notify bob'),
     ['contoso.rules:']),
    ('octets that are no text', GOOD.replace('noise', 'no\udcffise'),
     ['contoso.rules:']),
    ('a NUL', GOOD.replace('noise', 'no\0ise'), ['contoso.rules:']),
    ('an escape sequence', 'customer \x1b[2J\x1b]0;x\x07 { rul x }',
     ['contoso.rules:1:']),
    ('a regular expression without an end', before_otherwise(
        'rule r when title matches /((a+)+ notify bob'), ['contoso.rules:']),
]


def check(relay):
    """Status and findings, unless that cost too much."""
    status, out, err, effort = relay.effort('check')
    times = effort / usual
    print('# the effort of %.0f good ones' % times)
    return status, out + err if times < EFFORT_MOST else '%.0f times' % times


def reload(relay):
    """Twice: the first one that is heard of may have read the files before
    they were changed."""
    before = relay.read_log().count('event=reloaded')
    for more in 1, 2:
        relay.daemon.send_signal(signal.SIGHUP)
        relay.wait_log('event=reloaded', before + more)
    return relay.read_log().count('event=reloaded') >= before + 2


def broken_rules(stage):
    relay = stage.relay
    for name, text, words in BROKEN:
        with open(relay.path(RULES), 'w', encoding='utf-8',
                  errors='surrogateescape') as file:
            file.write(text)
        status, out = check(relay)
        ok(status == 1 and all(word in out for word in words) and
           len(out) < 100000 and not FOUL.search(out),
           'check tells of %s' % name, status, len(out), out[:2000])
        kept = relay.read_log().count('event=kept')
        relay.daemon.send_signal(signal.SIGHUP)
        relay.wait_log('event=kept', kept + 1)
        stage.ordinary('a reload with ' + name)
    same(faults_of_log('\n'.join(
        line for line in relay.read_log().splitlines()
        if line.startswith('event='))), [], 'the log stays readable')
    relay.write(RULES, GOOD)
    ok(reload(relay), 'the good rules are taken back')


def exploding_regex(stage):
    relay = stage.relay
    relay.write(RULES, GOOD.replace(
        'rule noise', 'rule explode when title matches /^(a+)+$/ '
        'drop owner ana reason "never" always rule noise'))
    ok(reload(relay), 'a regular expression that can explode is loaded')
    stage.meet('a title that makes it explode', mail(
        id='explode', title='a' * 60 + '!', device='srv-1'), action='notify')
    trace, = relay.rows('SELECT trace FROM item WHERE message_id LIKE '
                        '"explode@%"')
    ok('explode: unknown' in trace[0], 'its answer is: unknown, which drops '
       'nothing', *trace)
    relay.write(RULES, GOOD)
    ok(reload(relay), 'the rule is taken out again')


def endless_template(stage):
    relay = stage.relay
    with open(relay.path('tocsin.conf'), encoding='utf-8') as file:
        main = file.read()
    relay.write('templates/again.mustache', 'again {{> again}}\n')
    for part in 'subject', 'text', 'html':
        relay.write('templates/alert/%s.mustache' % part, '{{> again}}\n')
    relay.write('tocsin.conf', main + '\ntemplates templates\n')
    status, out = check(relay)
    ok(status == 1 and 'again' in out,
       'check tells of a template that includes itself', status, out)
    relay.daemon.send_signal(signal.SIGHUP)
    relay.wait_log('event=kept.*everything')
    stage.ordinary('a reload with a template that includes itself')

    # One that ends for an alert that has everything, as check tries it.
    relay.write('templates/again.mustache',
                '{{#device}}x{{/device}}{{^device}}{{> again}}{{/device}}\n')
    same(check(relay)[0], 0, 'a template that ends for most alerts is good')
    ok(reload(relay), 'and is loaded')
    stage.meet('an alert for which it does not', mail(
        id='again', severity='Low', device='', title='Odd'), has=['Odd'])
    same(relay.rows('SELECT DISTINCT delivery.template FROM delivery JOIN '
                    'item ON delivery.item = item.id WHERE '
                    'item.message_id LIKE "again@%"'), [('built-in',)],
         'it is told by the built-in notification')
    ok('event=template' in relay.read_log(), 'and the log says so')


with Relay() as relay:
    relay.start()
    usual = relay.effort('check')[-1]
    stage = Stage(relay)
    stage.ordinary('before anything')
    for act in broken_rules, exploding_regex, endless_template:
        act(stage)
    same(relay.stop(), 0, 'after all of them, SIGTERM ends it in order')
done()
