"""What is tried with each of the three MTAs. What differs between them is
handed in as tables: see postfix.t, exim.t, opensmtpd.t."""
import collections
import concurrent.futures
import glob
import os
import re
import shutil
import sys
import time

sys.path.insert(0, 'tests/lib')
from mta import (BUILD, CONTOSO, DOMAIN, PROGRAM, SPOOL,    # noqa: E402
                 folder_of, names_in, put_program, put_script, wait_for)
from relay import mail, ok, same                            # noqa: E402

RUN = '/run/mta'           # where a script in the program's place leaves word
LOW = ['archive@mssp.example', 'soc@mssp.example']     # who hears of it
HUNDRED = 100
HANG = 'hang@' + DOMAIN


def say(*words):
    print('#', *words, flush=True)


def give_back_program():
    put_program(BUILD + '/tocsin-deliver')


def alert(number, **keywords):
    """A mail of its own: nothing in it is like in another one."""
    keywords.setdefault('severity', 'Low')
    return mail(id='alert-%s' % number, title='Alert %s here' % number,
                incident=str(100000 + int(number)), **keywords)


def told(mta, numbers, want=1, wait=60):
    """How many notifications of each of these alerts each of LOW got, once
    that is `want` (or the time is up), and what is wanted. The same Message-ID
    again is the MTA's doing when it was killed."""
    def look():
        ids = collections.defaultdict(set)
        for message in mta.mails():
            found = re.search(r'Alert (\d+) here', message['Subject'])
            if found:
                to = message['To'].strip('<>')
                ids[to, int(found.group(1))].add(message['Message-ID'])
        return {number: [len(ids[to, number]) for to in LOW]
                for number in numbers}

    wanted = {number: [want] * len(LOW) for number in numbers}
    return wait_for(look, wanted, wait), wanted


# ---- many at once ----

def burst(mta, mails, to=CONTOSO):
    """Mails over several connections at once; how many were delivered to the
    pipe a second, from the first word to the MTA on."""
    before = mta.count(to, 'delivered')

    def share(first):
        client = mta.client()
        for message in mails[first::mta.connections]:
            mta.send(message, to, client=client)
        client.quit()

    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(mta.connections) as threads:
        for done in [threads.submit(share, i)
                     for i in range(mta.connections)]:
            done.result()
    taken = len(mails) / (time.monotonic() - start)
    all_done = wait_for(lambda: mta.count(to, 'delivered') - before,
                        len(mails), 60) == len(mails)
    return len(mails) / (time.monotonic() - start), taken, all_done


def hundred_without_daemon(relay, mta):
    """The daemon is down: the mails wait in the spool; then they are told."""
    mails = [alert(i) for i in range(HUNDRED)]
    rate, taken, all_done = burst(mta, mails)
    ok(all_done, 'a hundred mails go through the pipe while the daemon is '
       'down', mta.tail())
    same(len(relay.inbox()), HUNDRED, 'and wait in the spool')
    same(names_in(SPOOL + '/tmp'), [], 'with nothing half written beside them')
    say('%s: %.0f mails/s into tocsin-deliver (it took them at %.0f/s)' %
        (mta.title, rate, taken))
    relay.start()
    start = time.monotonic()
    same(*told(mta, range(HUNDRED)),
         'when it is back, each of them is told to everybody')
    same(len(mta.arrived()), 2 * HUNDRED, 'by one mail each')
    say('%s: %.0f notifications/s back into it' %
        (mta.title, 2 * HUNDRED / (time.monotonic() - start)))


def hundred_during_upgrades(mta):
    """All at once, while the program is replaced again and again."""
    numbers = range(1000, 1000 + HUNDRED)
    mails = [alert(number) for number in numbers]
    busy = True

    def upgrade():
        while busy:
            give_back_program()
            time.sleep(0.01)

    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        thread.submit(upgrade)
        rate, _, all_done = burst(mta, mails)
        busy = False
    ok(all_done, 'a hundred mails while the program is upgraded: no try fails',
       mta.tail())
    same(*told(mta, numbers), 'and each is told')
    same(len(mta.arrived()), 4 * HUNDRED, 'by one mail each')
    say('%s: %.0f mails/s into tocsin-deliver beside the daemon, all told '
        'after %.1f s' % (mta.title, rate, time.monotonic() - start))


# ---- what the pipe hands over ----

def envelopes(relay, mta, cases):
    """Rows of (sender, recipient, SMTP options, what is stored: sender and
    recipient, or the code of the refusal)."""
    for number, (sender, recipient, options, want) in enumerate(cases):
        before = relay.inbox()
        refused = mta.send(alert(2000 + number), recipient, sender=sender,
                           options=options)
        name = 'from <%s> to <%s>' % (sender, recipient)
        if isinstance(want, int):
            same([code for code, _ in refused.values()], [want],
                 '%s: refused' % name)
            continue
        ok(not refused, '%s: taken' % name, refused)
        wait_for(lambda: len(relay.inbox()), len(before) + 1)
        stored = relay.stored()[len(before):]
        same([(who, to) for who, to, _ in stored], [(want[0], [want[1]])],
             '%s: stored' % name)


def with_row(number, octets):
    return alert(number).replace(
        b'</table>', b'<tr><td>Note</td><td>%s</td></tr></table>' % octets)


CONTENTS = {
    'NUL': (7001, b'a\0b', b'<td>a\0b</td></tr></table>\n<a href='),
    '8-bit octets': (7002, bytes(range(128, 256)), bytes(range(128, 256))),
    'a line of 50,000 octets': (7003, b'x' * 50000, b'x' * 50000),
    'a mail of 5 MB': (7004, b'many lines\n' * 500000, b'many lines\n' * 500000),
    'lines with dots and From': (7005, b'\n.\n..\nFrom x\n',
                                 b'\n.\n..\nFrom x\n'),
}


def contents(relay, mta, **differently):
    """Mails with odd octets arrive as they were sent, or as `differently`
    says."""
    for name, (number, octets, want) in CONTENTS.items():
        message, want = with_row(number, octets), differently.get(name, want)
        before = relay.inbox()
        refused = mta.send(message, CONTOSO)
        wait_for(lambda: len(relay.inbox()), len(before) + 1)
        stored = b''.join(body for _, _, body in
                          relay.stored()[len(before):])
        ok(want in stored, '%s: stored' % name, refused, len(stored),
           stored[:300], stored[-300:], want[:300])


def all_are_told(relay, mta, cases):
    """After envelopes() and contents()."""
    numbers = [2000 + i for i, case in enumerate(cases)
               if not isinstance(case[3], int)]
    numbers += [number for number, _, _ in CONTENTS.values()]
    relay.start()
    same(*told(mta, numbers), 'each of these is told')


# ---- what goes wrong ----

STUB = '''cat >/dev/null
for word in "$@" "$RECIPIENT"; do
	value=${word#*-}
	value=${value%%@*}
	case $word in
	exit-*) exit $value;;
	signal-*) kill -$value $$;;
	esac
done
exit 99
'''
ENDS = ['exit-%d' % status for status in
        [0, 1, 2] + list(range(64, 80)) + [99, 100, 111, 126, 127, 128, 255]]
ENDS += ['signal-9', 'signal-11']


def ends(mta, exceptions, usual, domain=DOMAIN,
         how='with the settings of the manual'):
    """How the MTA takes each end of the program."""
    put_script(STUB)
    for end in ENDS:
        mta.send(alert(1), '%s@%s' % (end, domain))
    got = {}
    for end in ENDS:
        address = '%s@%s' % (end, domain)
        wait_for(lambda: bool(mta.verdicts().get(address)))
        got[end] = mta.verdicts().get(address, ['nothing'])[0]
    want = {end: exceptions.get(end, usual) for end in ENDS}
    for word in sorted(set(got.values())):
        say('%s, %s: %s: %s' % (mta.title, how, word,
                                ' '.join(end for end in ENDS
                                         if got[end] == word)))
    same({end: got[end] for end in ENDS if got[end] != want[end]}, {},
         'each end of the program is taken as known, ' + how)
    give_back_program()


def deferred_then_told(mta, number, name, mend, then=lambda: None):
    """A mail that cannot be stored waits at the MTA and is told later."""
    # A mail of its own recipient, to find it in the log.
    address = 'contoso+%d@%s' % (number, DOMAIN)
    mta.send(alert(number), address)
    same(mta.verdict(address, 'deferred'), 'deferred',
         name + ': the MTA keeps the mail')
    mend()
    mta.flush()
    same(mta.verdict(address, 'delivered', 60), 'delivered',
         name + ': and delivers it when that is mended')
    then()
    same(*told(mta, [number]), name + ': and it is told')


def troubles(relay, mta):
    os.rename(PROGRAM, PROGRAM + '.away')
    deferred_then_told(mta, 3001, 'the program is missing',
                       lambda: os.rename(PROGRAM + '.away', PROGRAM))

    os.chmod(PROGRAM, 0o644)
    deferred_then_told(mta, 3002, 'the program is not executable',
                       lambda: os.chmod(PROGRAM, 0o755))

    os.rename(SPOOL, SPOOL + '.away')
    deferred_then_told(mta, 3003, 'the spool is away',
                       lambda: os.rename(SPOOL + '.away', SPOOL))

    os.chmod(SPOOL + '/tmp', 0o500)
    deferred_then_told(mta, 3004, 'the spool cannot be written',
                       lambda: os.chmod(SPOOL + '/tmp', 0o700))

    ok('tocsin-deliver: cannot create a file in ' + SPOOL in mta.read_log(),
       "the MTA's log says why", mta.tail())

    shutil.rmtree(SPOOL)

    def make_anew():
        # In a place of its own first: never there without its owner.
        folder_of('tocsin', SPOOL + '.new', 0o700)
        os.rename(SPOOL + '.new', SPOOL)

    def start_again():
        # As a service manager does when the daemon ends because its sandbox
        # knows the old spool only. Without a sandbox it goes on.
        if wait_for(relay.daemon.poll, 1, 10) is not None:
            relay.start()

    deferred_then_told(mta, 3005, 'the spool is removed', make_anew,
                       start_again)


WAIT_FOR_GO = 'while [ ! -e %s/go ]; do sleep 0.05; done' % RUN


def begin_hold(before='', after=''):
    """A program that stays, before or after the real one has run."""
    shutil.rmtree(RUN, ignore_errors=True)
    folder_of('tocsin', RUN)
    shutil.copy2(BUILD + '/tocsin-deliver', PROGRAM + '.real')
    put_script('touch %s/started.$$\n%s\n%s.real "$@"\nstatus=$?\n'
               'touch %s/stored.$$\n%s\nexit $status\n' %
               (RUN, before, PROGRAM, RUN, after))


def has(word):
    return lambda: any(name.startswith(word) for name in names_in(RUN))


def stopped_after_it_was_stored(relay, mta, number, how, runs=2):
    """The MTA ends while the program runs, and never hears its 0."""
    duplicates = len(relay.wait_log('event=duplicate', 0))
    begin_hold(after=WAIT_FOR_GO)
    mta.send(alert(number), CONTOSO)
    wait_for(has('stored'))
    how()
    open(RUN + '/go', 'w').close()
    give_back_program()
    mta.start()
    mta.flush()
    seen = len(relay.wait_log('event=duplicate', duplicates + runs - 1))
    same(seen - duplicates, runs - 1, 'the MTA ends (%s) while the program '
         'runs: runs that are seen to be one more of the same mail: %d' %
         (how.__name__, runs - 1))
    time.sleep(1)           # for what must not come
    same(*told(mta, [number]), 'and it is told once')


def killed_in_the_middle_of_the_mail(mta):
    """More than a pipe holds, and the program reads when the MTA is gone."""
    long = alert(4003).replace(b'</table>', b'</table>' + 5000 *
                               b'<p>Much more is said of this alert.</p>\n')
    begin_hold(before=WAIT_FOR_GO)
    mta.send(long, CONTOSO)
    wait_for(has('started'))
    mta.kill()
    open(RUN + '/go', 'w').close()
    wait_for(has('stored'))
    give_back_program()
    mta.start()
    mta.flush()
    # The first while there is no MTA to take it, so after a pause.
    same(*told(mta, [4003], 2, 120), 'the MTA is killed in the middle of a mail: what had '
         'come is told, and the whole mail when it comes')


# ---- loops ----

def our_own_comes_back(relay, mta):
    """A notification that is forwarded to the intake."""
    own = mta.mails()[-1]
    before = len(mta.arrived())
    held = len(relay.wait_log('event=hold', 0))
    mta.send(own.as_bytes(), CONTOSO)
    lines = relay.wait_log('event=hold', held + 1)
    ok(len(lines) == held + 1, 'a notification of ours that comes back is held',
       relay.read_log()[-2000:])
    status, out, err = relay.command('held')
    ok(status == 0 and 'notification of this relay' in out,
       'tocsin held says why', out, err)
    time.sleep(0.5)
    same(len(mta.arrived()), before, 'and starts no loop')


def received(count, number):
    """A mail that has passed so many servers, one of them in alert()."""
    return b''.join(b'Received: from a%d.example by b%d.example; '
                    b'Sat, 21 Nov 2026 10:00:00 +0000\n' % (i, i)
                    for i in range(count - 1)) + alert(number)


def many_received(relay, mta, most, refused):
    """`most` Received lines are still delivered, `refused` are not."""
    before = len(relay.wait_log('event=(notify|hold)', 0))
    mta.send(received(most, 5001), 'received+%d@%s' % (most, DOMAIN))
    lines = relay.wait_log('event=(notify|hold)', before + 1)
    ok(len(lines) == before + 1, 'a mail with %d Received lines arrives' %
       most, mta.tail()) and say(*re.findall('event=\\w+|reason=.*"',
                                             lines[-1])[:2])
    address = 'received+%d@%s' % (refused, DOMAIN)
    answer = mta.send(received(refused, 5002), address)
    ok(answer or mta.verdict(address, 'bounced') == 'bounced',
       'one with %d does not: %s stops that loop' % (refused, mta.title),
       answer, mta.tail())


# ---- at the end ----

def begin_hang(mta):
    """Goes on beside the stories that follow; hang_is_over() asks for it."""
    put_script('cat >/dev/null; touch %s/started.$$; exec sleep 1000\n' % RUN)
    shutil.rmtree(RUN, ignore_errors=True)
    folder_of('tocsin', RUN)
    mta.send(alert(6001), HANG)
    wait_for(has('started'))
    give_back_program()


def hang_is_over(mta, want, wait=90):
    wait_for(lambda: mta.verdicts().get(HANG, [])[:len(want)], want, wait)
    same(mta.verdicts().get(HANG), want, 'a program that hangs: %s' %
         ', then '.join(want))
    same([pid for pid in glob.glob('/proc/[0-9]*/cmdline')
          if b'sleep\x001000' in open(pid, 'rb').read()], [],
         'and it does not live on')


def nothing_else_bounced(mta, *expected):
    bounced = {address for address, words in mta.verdicts().items()
               if 'bounced' in words}
    same(sorted(address for address in bounced
                if not address.startswith(expected)), [],
         'the MTA returned no alert')
