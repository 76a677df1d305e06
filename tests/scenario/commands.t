#!/usr/bin/env python3
"""Commands that are used wrongly, or where something is missing: the status is
right, one sentence says what to do, and nothing is half done."""
import os
import re
import subprocess
import sys

sys.path.insert(0, 'tests/lib')
from relay import Relay, mail, ok, same, done      # noqa: E402

CONTOSO = 'contoso@relay.mssp.example'
NOBODY = 65534

# What is typed, and what the sentence says. Nothing is opened for it.
USAGE = [
    ('held show', 'show which CODE?'),
    ('held release', 'release which CODE?'),
    ('held relase x', "'relase' is none of list, show, release"),
    ('held list x', "'x' is not expected behind list"),
    ('held show x y', "'y' is not expected behind show"),
    ('held list --customer contoso', 'belong to release'),
    ('queue shw', "'shw' is none of list, show, retry, cancel"),
    ('queue show', 'show which ID?'),
    ('queue show x', "'x' is no number"),
    ('queue show 0', "'0' is no number"),
    ('queue retry', 'either each ID, or --relay NAME, or --all'),
    ('queue retry 1 --all', 'either each ID, or --relay NAME, or --all'),
    ('queue retry --all --relay x', 'either each ID, or --relay NAME'),
    ('queue list --relay x', '--relay belongs to retry'),
    ('queue retry 1 x', "'x' is no number"),
    ('queue cancel 1', '--reason'),
    ('queue retry --reason x 1', '--reason belongs to cancel'),
    ('queue show --all 1', '--all belongs to list and retry'),
    ('queue list 1', "'1' is not expected behind list"),
    ('why', 'which CODE?'),
    ('why a b', 'which CODE?'),
    ('show', 'which CUSTOMER?'),
    ('explain', 'which FILE?'),
    ('explain --at noon x.eml', "'noon' is no time"),
    ('explain --to bob x.eml', "'bob' is no address"),
    ('test x', "'x' is not expected"),
    ('check x', "'x' is not expected"),
    ('check --jsn', "did you mean '--json'?"),
    ('check -json', "did you mean '--json'?"),
    ('test -cover', "did you mean '--cover'?"),
    ('backup', 'into which FILE?'),
    ('backup a b', 'one FILE is enough'),
    ('restore', 'from which FILE?'),
    ('restore a b', 'one FILE is enough'),
    ('forget', 'which CUSTOMER?'),
    ('reload x', "'x' is not expected"),
    ('check -cx.conf', "write --cx.conf, or -c x.conf for a FILE"),
]

# What asks the store, and what is printed where it has nothing of that name.
ASKING = [
    ('why abcdefghjk', 'no mail with the code'),
    ('queue show 99', 'no delivery 99'),
    ('queue retry 99', 'no delivery 99'),
    ('queue cancel --reason x 99', 'no delivery 99'),
    ('held show abcdefghjk', 'no mail with the code'),
    ('held release abcdefghjk', 'no mail with the code'),
    ('held release --customer nope abcdefghjk', "no customer 'nope'"),
]

PRINTING = ['test', 'show contoso', 'queue --all', 'held',
            'explain tests/mail/m365d-incident.eml',
            'explain --json tests/mail/m365d-incident.eml', 'check --help']


def command(relay, words, **how):
    name, *rest = words.split()
    ran = subprocess.run(
        [relay.programs + '/tocsin', name, '-c', relay.conf] + rest,
        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
        **dict(dict(stdout=subprocess.PIPE), **how))
    return ran.returncode, ran.stdout, ran.stderr.decode()


def of_all(relay, *words):
    """What each command makes of the words: status and sentence."""
    names = subprocess.run([relay.programs + '/tocsin', '--help'],
                           stdout=subprocess.PIPE, text=True).stdout
    for name in re.findall(r'^  ([a-z]+) ', names, re.M):
        ran = subprocess.run([relay.programs + '/tocsin', name, *words],
                             stdin=subprocess.DEVNULL, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        yield name, ran.returncode, ran.stderr


def wrong(relay, words, status, sentence, **how):
    got = command(relay, words, **how)
    ok(got[0] == status and not got[1] and sentence in got[2],
       '%s: %s' % (words, sentence), got)


def into(file, words):
    """Standard output is a file that takes nothing."""
    with open(file, 'w') as out:
        return command(relay, words, stdout=out)


with Relay() as relay:
    for words, sentence in USAGE:
        wrong(relay, words, 2, sentence)
    same([each for each in of_all(relay, '-count')
          if each[1] != (3 if each[0] == 'status' else 2) or
          '--count, or -c ount for' not in each[2]], [],
         'no command takes -count for the file ount')
    for name in '/none', './none', '../none':
        same([each for each in of_all(relay, '-c' + name, '--help')
              if each[1]], [], 'every command takes -c' + name)
    same(subprocess.run([relay.programs + '/tocsin', '-c' + relay.conf,
                         'check'], stderr=subprocess.DEVNULL).returncode, 0,
         'which may stand before the command, too')
    for words, _ in ASKING[:5] + [('queue', ''), ('held', '')]:
        wrong(relay, words, 1, 'there is no store ' +
              relay.path('state', 'store.db'))
    same(os.listdir(relay.path('state')), [], 'asking makes no store')

    relay.write('contacts.rules', '''
        person ana      { mail ana@mssp.example }
        team   primary  { members ana }
        team   soc-desk { mail soc@mssp.example }
        team   archive  { mail archive@mssp.example }''')
    relay.write('customers/fabrikam.rules', '''
        customer fabrikam {
            mailbox    fabrikam@relay.mssp.example
            recipients @mssp.example
            rule both  notify ana using urgent notify archive
        }''')
    relay.start()
    relay.deliver(mail(), CONTOSO)
    relay.outbox(2)
    for running in 'while the daemon runs', 'when it does not':
        for words, sentence in ASKING:
            wrong(relay, words, 1, sentence)
        same(command(relay, 'held')[1], b'nothing is held\n', running)
        relay.stop()

    for words in PRINTING:
        status, _, said = into('/dev/full', words)
        ok(status == 1 and said.count('cannot write: No space') == 1,
           '%s: a full disk' % words, said)
        status, _, said = command(
            relay, words, stdout=None, preexec_fn=lambda: os.close(1))
        ok(status == 1 and 'cannot write: Bad file' in said,
           '%s: no standard output' % words, said)

    status, out, said = command(relay, 'explain --json --to '
                                'fabrikam@relay.mssp.example tests/mail/'
                                'hostile-title.eml')
    ok(status == 0 and b'"template":"urgent"' in out,
       'of several templates the first is the one of the rule', out, said)

    relay.write('customers/tests.rules', '''
        test "ana alone" {
            given alert { customer fabrikam }
            expect notify ana@mssp.example by both using alert
        }''')
    status, out, said = command(relay, 'test')
    ok(status == 1 and b'ana alone\n'
       b'  want: notify ana@mssp.example by both using alert\n'
       b'  got:  notify ana@mssp.example, archive@mssp.example by both\n'
       b'        ana@mssp.example by both using urgent\n'
       b'        archive@mssp.example by both using alert\n' in out, 'a test that fails says what it wanted and '
       'what it got', out, said)

    os.unlink(relay.path('customers/tests.rules'))
    relay.write('customers/fabrikam.rules', '''
        customer fabrikam {
            mailbox    fabrikam@relay.mssp.example
            recipients @mssp.example
            %s
            otherwise notify ana
        }''' % '\n'.join('rule r%d when title contains w%d notify ana'
                          % (n, n) for n in range(65)))
    status, out, said = command(relay, 'explain --to '
                                'fabrikam@relay.mssp.example tests/mail/'
                                'hostile-title.eml')
    same(len(re.findall(rb'^ *r[0-9]+: no: title is ', out, re.M)), 65,
         'of 65 rules explain says why each does not apply')
    ok(status == 0 and b'not tried' not in out and b'more rules' not in out,
       'and leaves out none', out, said)

    if os.getuid() == 0:
        os.chmod(relay.folder, 0o755)
        for words in 'why x', 'queue', 'held':
            wrong(relay, words, 1, 'run this as its owner or as root',
                  user=NOBODY, group=NOBODY)

done()
