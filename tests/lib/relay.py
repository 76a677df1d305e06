"""The real programs in a folder of their own, for scenario tests.

    with Relay() as relay:
        relay.write('contoso.rules', '...')
        relay.start()
        relay.deliver(mail, 'contoso@relay.mssp.example')
        sent, = relay.outbox(1)
        relay.command('why', code)

Nothing outlives the `with`; only processes started here are ended.
"""
import email
import email.policy
import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback

BUILD = os.path.abspath(os.environ.get('BUILD', 'build'))
IS_SANITIZED = 'san' in os.path.basename(BUILD)

# Seconds until something that must happen has happened. The machine may be as
# slow as it likes: what takes so long never comes.
WAIT = 180

MAIN = '''# Read top to bottom; the first rule that surely matches decides.
state      state
spool      spool
domain     relay.mssp.example
from       "MSSP SOC" tocsin@relay.mssp.example
authserv   mx.mssp.example
catch-all  soc-desk
%(relay)s
include    "%(top)s/rules/formats.rules", "contacts.rules", "customers/*.rules"
'''

CONTACTS = '''
person ana      { mail ana@mssp.example  language pt-BR  timezone America/Sao_Paulo }
person bob      { mail bob@mssp.example  language fr     timezone Europe/Paris }
team   primary  { members ana, bob }
team   soc-desk { mail soc@mssp.example }
team   archive  { mail archive@mssp.example }
'''

CONTOSO = '''
customer contoso "Contoso GmbH" {
    tenant        72f988bf-86f1-41af-91ab-2d7cd011db47
    mailbox       contoso@relay.mssp.example
    organization  "Contoso GmbH"
    recipients    @mssp.example
    rule noise
        when every device like "lab-*" and severity below high
        drop owner ana reason "pentest" always
    rule log also notify archive
    rule high when severity at least high notify primary using urgent
    otherwise notify soc-desk
}
'''

HEADERS = '''Received: from mail.example by mx.mssp.example; %(date)s
Authentication-Results: mx.mssp.example; dmarc=pass header.from=microsoft.com
From: Microsoft 365 Defender <defender-noreply@microsoft.com>
To: contoso@relay.mssp.example
Subject: Microsoft 365 Defender has detected a security threat
Message-ID: <%(id)s@az.westeurope.production.microsoft.com>
Date: %(date)s
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8

<html><body><table>
<tr><td>Incident name</td><td>%(title)s</td></tr>
<tr><td>Severity</td><td>%(severity)s</td></tr>
<tr><td>Device</td><td>%(device)s</td></tr>
</table>
<a href="https://security.microsoft.com/incident2/%(incident)s/overview?tid=%(tenant)s">View incident</a>
</body></html>
'''

count = failures = 0
in_vain = []       # what was waited for and never came


def ok(good, name, *notes):
    """One TAP line; the notes are shown when it is not good, where prove(1)
    lets them through."""
    global count, failures
    count += 1
    print('%s %d - %s' % ('ok' if good else 'not ok', count, name))
    if not good:
        failures += 1
        for note in notes:
            for line in str(note).splitlines():
                print('# ' + line, file=sys.stderr)
    sys.stdout.flush()
    return good


def same(got, want, name):
    return ok(got == want, name, 'got: %r' % (got,), 'want: %r' % (want,))


def done():
    ok(not in_vain, 'all that was waited for came', *in_vain)
    print('1..%d' % count)
    sys.exit(1 if failures else 0)


def skip_all(reason):
    print('1..0 # SKIP ' + reason)
    sys.exit(0)


def mail(id='1', title='Malware was found', severity='High',
         device='srv-1.contoso.example', incident='4711',
         tenant='72f988bf-86f1-41af-91ab-2d7cd011db47', headers=HEADERS):
    return (headers % dict(
        id=id, title=title, severity=severity, device=device,
        incident=incident, tenant=tenant,
        date='Sat, 21 Nov 2026 10:00:00 +0000')).encode()


def wait_until(ask, is_good):
    """Until the answer is good (or the time is up, which is a failure of its
    own: nobody is to wait for what need not come); the last answer."""
    end = time.monotonic() + WAIT
    while True:
        got = ask()
        if is_good(got):
            return got
        if time.monotonic() > end:
            in_vain.append(''.join(traceback.format_stack(limit=4)[:-1]))
            return got
        time.sleep(0.02)


def wait_for(what):
    """Until `what()` is true; its last answer."""
    return wait_until(what, bool)


class Relay:
    programs = BUILD
    user = None        # who runs the daemon and the commands
    store = 'state', 'store.db'

    def __init__(self, relay='', main=MAIN):
        self.folder = tempfile.mkdtemp(prefix='tocsin-')
        self.conf = self.path('tocsin.conf')
        self.daemon = None
        self.messages = {}      # of the outbox, which has each name once
        os.mkdir(self.path('spool'))
        os.mkdir(self.path('state'))
        self.write('tocsin.conf', main % dict(relay=relay, top=os.getcwd()))
        self.write('contacts.rules', CONTACTS)
        self.write('customers/contoso.rules', CONTOSO)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stop(signal.SIGKILL)
        if os.environ.get('KEEP'):
            print('# kept: ' + self.folder)
        else:
            shutil.rmtree(self.folder)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), 'w', encoding='utf-8') as file:
            file.write(text)

    def start(self, wait=True, env=None, under=(), options=()):
        """Start the daemon, `under` another program, and wait until it says
        that it is ready."""
        self.log = open(self.path('log'), 'a+', encoding='utf-8')
        before = self.read_log().count('event=ready')
        self.daemon = subprocess.Popen(
            list(under) + [self.programs + '/tocsin', 'run', '-c', self.conf] +
            list(options),
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            user=self.user, group=self.user,
            env=dict(os.environ, **(env or {})))
        if wait:
            self.wait_log('event=ready', before + 1)

    def stop(self, how=signal.SIGTERM):
        """End the daemon; its exit status, negative for a signal."""
        if not self.daemon:
            return None
        daemon, self.daemon = self.daemon, None
        if daemon.poll() is None:
            daemon.send_signal(how)
        try:
            return daemon.wait(WAIT)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()
            return None

    def read_log(self):
        with open(self.path('log'), encoding='utf-8',
                  errors='replace') as file:
            return file.read()

    def wait_log(self, pattern, times=1):
        """Until the log has `times` lines that match; the lines."""
        return wait_until(
            lambda: [line for line in self.read_log().splitlines()
                     if re.search(pattern, line)],
            lambda lines: len(lines) >= times)

    def deliver(self, message, *recipients,
                sender='azure-noreply@microsoft.com'):
        """The MTA's part: exit status and standard error."""
        done = subprocess.run(
            [self.programs + '/tocsin-deliver', '-f', sender, '-s',
             self.path('spool'), '--'] + list(recipients),
            input=message, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=WAIT)
        return done.returncode, done.stdout.decode(errors='replace')

    def command(self, name, *words, input=None):
        """A subcommand: exit status, standard output, standard error."""
        done = subprocess.run(
            [self.programs + '/tocsin', name, '-c', self.conf] + list(words),
            input=input, stdin=None if input else subprocess.DEVNULL,
            user=self.user, group=self.user,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=WAIT)
        return (done.returncode, done.stdout.decode(errors='replace'),
                done.stderr.decode(errors='replace'))

    def effort(self, name, *words):
        """The same, and the seconds of processor time that it took. They are
        for comparison with those of another command, here and now."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = self.command(name, *words)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (*done, after.ru_utime - before.ru_utime +
                after.ru_stime - before.ru_stime)

    def rows(self, sql, *values):
        """What the store says, without touching it."""
        store = sqlite3.connect('file:%s?mode=ro' %
                                self.path(*self.store), uri=True)
        try:
            return store.execute(sql, values).fetchall()
        finally:
            store.close()

    def wait_rows(self, want, sql, *values):
        """Until the store gives that answer; the last one it gave."""
        def ask():
            try:
                return self.rows(sql, *values)
            except sqlite3.OperationalError:
                return None         # it is not there yet
        return wait_until(ask, lambda rows: rows == want)

    def inbox(self):
        try:
            return sorted(os.listdir(self.path('spool', 'new')))
        except FileNotFoundError:
            return []

    def outbox(self, want):
        """The notifications in the Maildir, once there are `want` of them,
        oldest first, as email messages."""
        folder = self.path('state', 'outbox', 'new')
        names = wait_until(
            lambda: sorted(os.listdir(folder)) if os.path.isdir(folder) else [],
            lambda names: len(names) >= want)
        for name in names:
            if name not in self.messages:
                with open(os.path.join(folder, name), 'rb') as file:
                    self.messages[name] = email.message_from_binary_file(
                        file, policy=email.policy.default)
        return [self.messages[name] for name in names]

    def sent_to(self, want):
        """Who has been told, sorted."""
        return sorted(m['Delivered-To'] for m in self.outbox(want))
