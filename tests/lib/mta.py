"""Real MTAs around the real relay, for tests/scenario and tests/mta.

    enter('exim', Exim)                  # the rest runs in a private_root
    with System() as relay, Exim() as mta:
        relay.start()
        mta.send(mail(), 'contoso@relay.mssp.example')
        mta.mails(3)                     # the notifications come back to it
        mta.verdicts()                   # what became of each recipient

Everything is as the manual says: the programs in /usr/local, the daemon run by
the user tocsin, who owns /var/spool/tocsin, and the settings of each MTA word
for word as man/tocsin-deliver.8 prints them. What the classes add is what any
MTA needs, short times between tries, and a desk for mssp.example, whose mails
all go to the Maildir BOXES.
"""
import email
import email.policy
import glob
import os
import re
import shutil
import signal
import smtplib
import subprocess
import sys
import time

import private
import relay
from relay import BUILD, WAIT, Relay

PROGRAM = '/usr/local/bin/tocsin-deliver'
SPOOL = '/var/spool/tocsin'
BOXES = '/var/mail/boxes'
READER = '/usr/local/libexec/tocsin/tocsin-reader'
SHARE = '/usr/local/share/tocsin'
# A machine that has a relay of its own has these.
OURS = (PROGRAM, SPOOL, BOXES, os.path.dirname(READER), SHARE)
DOMAIN = 'relay.mssp.example'
CONTOSO = 'contoso@' + DOMAIN
SENDER = 'defender-noreply@microsoft.com'
IDS = {'tocsin': 3901, 'vmail': 3902, 'postfix': 3911, 'postdrop': 3912,
       'Debian-exim': 3921, 'opensmtpd': 3931, 'opensmtpq': 3932}


def manual(section):
    """The settings that the manual prints under this MTA's name."""
    with open('man/tocsin-deliver.8', encoding='utf-8') as file:
        page = file.read()
    part = re.search(r'(?ms)^\.Ss %s$(.*?)^\.S[sh] ' % section, page)
    blocks = re.findall(r'(?ms)^\.Bd -literal.*?\n(.*?)^\.Ed$',
                        part.group(1))
    return [block.replace(r'\e', '\\').replace(r'\&', '')
            for block in blocks]


def enter(name, kind, *packages):
    """Run this program once more where the MTA, and these, seem to be
    installed."""
    if os.environ.get('PRIVATE_TOP'):
        return
    top = os.path.join('build/private', name)
    os.makedirs(top, exist_ok=True)
    for file, row in (('passwd', '%s:x:%d:%d::/nonexistent:/bin/false\n'),
                      ('group', '%s:x:%d:\n')):
        with open(os.path.join(top, file), 'w') as out:
            for user, number in IDS.items():
                out.write(row % ((user,) + (number,) * row.count('%d')))
    private.enter(name, kind.package, *packages, folders=OURS + kind.folders)


def bail_out(why):
    print('Bail out! ' + why.replace('\n', ' '))
    sys.exit(1)


def wait_for(what, want=True, wait=WAIT):
    """Until `what()` gives `want` (or the time is up); its last answer."""
    end = time.monotonic() + wait
    while True:
        got = what()
        if got == want or time.monotonic() > end:
            return got
        time.sleep(0.05)


def names_in(folder):
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def folder_of(user, path, mode=0o755):
    os.makedirs(path, exist_ok=True)
    os.chmod(path, mode)
    os.chown(path, IDS[user], IDS[user])


def put_program(path):
    """As an upgrade does it: it is never missing and never half there."""
    shutil.copy2(path, PROGRAM + '.new')
    os.rename(PROGRAM + '.new', PROGRAM)


def put_script(text):
    """Something else in the place of tocsin-deliver."""
    with open(PROGRAM + '.new', 'w') as file:
        file.write('#!/bin/sh\n' + text)
    os.chmod(PROGRAM + '.new', 0o755)
    os.rename(PROGRAM + '.new', PROGRAM)


class System(Relay):
    """The relay as the manual sets it up, told by the MTA on port 25."""
    programs = '/usr/local/bin'
    user = 'tocsin'

    def __init__(self):
        os.makedirs(os.path.dirname(READER))
        shutil.copy2(BUILD + '/tocsin-reader', READER)
        shutil.copy2(BUILD + '/tocsin', self.programs)
        shutil.copytree('rules', SHARE + '/rules')
        put_program(BUILD + '/tocsin-deliver')
        super().__init__('relay local { smtp 127.0.0.1:25 tls none }',
                         relay.MAIN.replace('%(top)s', SHARE))
        folder_of('tocsin', self.folder)
        folder_of('tocsin', self.path('state'), 0o700)
        folder_of('tocsin', SPOOL, 0o700)
        os.rmdir(self.path('spool'))
        os.symlink(SPOOL, self.path('spool'))

    def stored(self):
        """The mails in the spool: sender, recipients, what lies below."""
        mails = []
        for name in self.inbox():
            with open(os.path.join(SPOOL, 'new', name), 'rb') as file:
                block, rest = file.read().split(
                    b'\nReceived: (tocsin-deliver ', 1)
            sender, *recipients = block.decode().split('\n')
            mails.append((sender[len('Return-Path: <'):-1],
                          [line[len('Delivered-To: '):]
                           for line in recipients],
                          rest.split(b'\n', 1)[1]))
        return mails


class Mta:
    """What the three have in common; `title` is the one in the manual."""
    connections = 10           # to send many mails over
    folders = ()               # what an installed one has, to be hidden
    line = None                # of the log, with `address` and `word`
    words = {}                 # what `word` means

    def __init__(self):
        folder_of('vmail', BOXES, 0o700)
        self.parsed = {}       # of BOXES, by name
        self.prepare()
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.kill()
        if os.environ.get('KEEP'):
            shutil.copy2(self.log, '/tmp/' + os.path.basename(self.log))

    def start(self):
        """Start it and wait until it listens."""
        self.process = self.run()
        if not wait_for(self.is_listening):
            bail_out('%s does not start: %s' % (self.title, self.tail()))

    def is_listening(self):
        try:
            smtplib.SMTP('127.0.0.1', 25, timeout=5).close()
            return True
        except (OSError, smtplib.SMTPException):
            return False

    def processes(self):
        """Of this MTA and nobody else: all here are in our namespace."""
        found = []
        for link in glob.glob('/proc/[0-9]*/exe'):
            try:
                if os.readlink(link).startswith(self.programs):
                    found.append(int(link.split('/')[2]))
            except OSError:
                pass
        return found

    def kill(self):
        """All its processes at once, as by a power failure; but not what it
        has started."""
        for _ in range(100):
            for pid in self.processes():
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            if not self.processes():
                break
            time.sleep(0.02)
        self.process.wait(WAIT)

    def stop(self):
        """In order, as for an upgrade."""
        self.process.terminate()
        self.process.wait(WAIT)

    def client(self):
        return smtplib.SMTP('127.0.0.1', 25, 'client.example', timeout=WAIT)

    def send(self, message, *recipients, sender=SENDER, options=(),
             client=None):
        """The octets of a mail with LF; what each refused recipient, or the
        whole mail (None), was answered."""
        with_crlf = re.sub(rb'\r?\n', b'\r\n', message)
        own = client or self.client()
        own.command_encoding = 'utf-8'
        try:
            return own.sendmail(sender, recipients, with_crlf, list(options))
        except smtplib.SMTPRecipientsRefused as refused:
            return refused.recipients
        except smtplib.SMTPResponseException as refused:
            return {None: (refused.smtp_code, refused.smtp_error)}
        finally:
            if not client:
                own.close()

    def tail(self):
        return self.read_log()[-2000:]

    def read_log(self):
        try:
            with open(self.log, encoding='utf-8', errors='replace') as file:
                return file.read()
        except FileNotFoundError:
            return ''

    def verdicts(self):
        """What the log says of each recipient: of delivered, deferred and
        bounced, in order, what was new."""
        found = {}
        for match in re.finditer(self.line, self.read_log()):
            words = found.setdefault(match['address'].lower(), [])
            word = self.words.get(match['word'])
            if word and words[-1:] != [word]:
                words.append(word)
        return found

    def verdict(self, address, want, wait=WAIT):
        """Wait until the latest word of a recipient is this one."""
        return wait_for(lambda: self.verdicts().get(address.lower(),
                                                    [None])[-1], want, wait)

    def count(self, address, word):
        """How often the log says this of a recipient."""
        return sum(match['address'].lower() == address.lower() and
                   self.words.get(match['word']) == word
                   for match in re.finditer(self.line, self.read_log()))

    def arrived(self):
        return names_in(BOXES + '/new')

    def mails(self, want=0, wait=WAIT):
        """The mails that came to mssp.example, once there are `want`."""
        wait_for(lambda: len(self.arrived()) >= want, wait=wait)
        for name in self.arrived():
            if name not in self.parsed:
                with open(os.path.join(BOXES, 'new', name), 'rb') as file:
                    self.parsed[name] = email.message_from_binary_file(
                        file, policy=email.policy.default)
        return list(self.parsed.values())

    def settings(self, blocks):
        """The manual's, which there must be."""
        found = manual(self.title)
        if len(found) != blocks:
            bail_out('the manual has %d settings for %s, not %d' %
                     (len(found), self.title, blocks))
        return found


class Postfix(Mta):
    title = 'Postfix'
    package = 'postfix'
    folders = ('/etc/postfix', '/var/lib/postfix', '/var/spool/postfix',
               '/var/log/postfix.log')
    programs = ('/usr/lib/postfix/', '/usr/sbin/post')
    log = '/var/log/postfix.log'
    line = (r'postfix/(?!smtp/)\w+\[\d+\]: \w+: to=<(?P<address>[^>]*)>, .*'
            r'relay=(?:tocsin|local),.* status=(?P<word>\w+)')
    words = {'sent': 'delivered', 'deferred': 'deferred',
             'bounced': 'bounced'}

    MAIN_CF = '''compatibility_level = 3.6
myhostname = mx.mssp.example
mydestination =
inet_interfaces = loopback-only
inet_protocols = ipv4
alias_maps =
smtpd_recipient_restrictions =
  check_recipient_access inline:{{refused@mssp.example=550 5.1.1 No such desk}}
  permit_mynetworks
  reject
virtual_mailbox_domains = mssp.example
virtual_mailbox_base = /var/mail
virtual_mailbox_maps = static:boxes/
virtual_uid_maps = static:%(vmail)d
virtual_gid_maps = static:%(vmail)d
virtual_mailbox_limit = 0
maillog_file = %(log)s
smtpd_peername_lookup = no
smtp_dns_support_level = disabled
minimal_backoff_time = 2s
maximal_backoff_time = 4s
queue_run_delay = 2s
'''
    MASTER_CF = '''smtp inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
flush unix n - n 1000? 0 flush
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
local unix - n n - - local
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
'''

    def prepare(self):
        master, main, self.table, self.alias = self.settings(4)
        values = dict(log=self.log, vmail=IDS['vmail'])
        for name, text in (('main.cf', self.MAIN_CF % values + main),
                           ('master.cf', self.MASTER_CF + master)):
            with open('/etc/postfix/' + name, 'w') as file:
                file.write(text)
        # Any address, until a test has made the table.
        with open('/etc/postfix/tocsin-recipients', 'w') as file:
            file.write('@%s -\n' % DOMAIN)
        shutil.copy('/usr/share/postfix/dynamicmaps.cf', '/etc/postfix')
        os.makedirs('/var/spool/postfix', exist_ok=True)
        folder_of('postfix', '/var/lib/postfix', 0o700)

    def run(self):
        return subprocess.Popen(['postfix', 'start-fg'],
                                stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)

    def stop(self):
        subprocess.run(['postfix', 'stop'], stderr=subprocess.DEVNULL)
        self.process.wait(WAIT)

    def set(self, *settings):
        """In main.cf, from now on. After a reload some of its processes
        would go on with the old ones for a while."""
        self.stop()
        subprocess.run(['postconf', '-e', *settings], check=True)
        self.start()

    def make_table(self, conf):
        """Of recipients, with the manual's commands, but for the place of the
        configuration."""
        subprocess.run(self.table.replace('--mailboxes', '--mailboxes -c ' +
                                          conf), shell=True, check=True)

    def flush(self):
        subprocess.run(['postqueue', '-f'], check=True)


class Exim(Mta):
    title = 'Exim'
    package = 'exim4-daemon-light'
    folders = '/etc/exim4', '/var/spool/exim4', '/var/log/exim4'
    programs = '/usr/sbin/exim4'
    log = '/var/log/exim4/main'
    line = (r'(?m)^\S+ \S+ \S+ (?P<word>[=-]>|==|\*\*) (?:\S+ <)?'
            r'(?P<address>(?:"[^"]*")?[^ >:]*(?=@(?!mssp))[^ >:]*)')
    words = {'=>': 'delivered', '->': 'delivered', '==': 'deferred',
             '**': 'bounced'}

    CONFIGURE = '''primary_hostname = mx.mssp.example
acl_smtp_rcpt = rcpt
log_file_path = /var/log/exim4/%%s
host_lookup =
rfc1413_query_timeout = 0s
log_selector = -queue_run
begin acl
rcpt:
  deny message = No such desk
       recipients = refused@mssp.example
  accept
begin routers
%(router)s
boxes:
  driver = accept
  domains = mssp.example
  transport = boxes
bare:
  driver = accept
  domains = bare.example
  transport = bare
batch:
  driver = accept
  domains = batch.example
  transport = batch
bounces:
  driver = redirect
  data = :blackhole:
begin transports
%(transport)s
bare:
  driver = pipe
  command = /usr/local/bin/tocsin-deliver
  user = tocsin
batch:
  driver = pipe
  command = /usr/local/bin/tocsin-deliver
  user = tocsin
  batch_max = 100
boxes:
  driver = appendfile
  maildir_format
  directory = %(boxes)s
  user = vmail
begin retry
* * F,1h,2s
'''

    def prepare(self):
        settings, = self.settings(1)
        router, transport = settings.split('\n\n')
        with open('/etc/exim4/exim4.conf', 'w') as file:
            file.write(self.CONFIGURE % dict(
                router=router, transport=transport, boxes=BOXES))
        for folder in '/var/spool/exim4', '/var/log/exim4':
            folder_of('Debian-exim', folder)

    def run(self):
        return subprocess.Popen(['exim4', '-bdf', '-q2s'],
                                stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)

    def flush(self):
        subprocess.run(['exim4', '-qff'], check=True)


class OpenSmtpd(Mta):
    title = 'OpenSMTPD'
    package = 'opensmtpd'
    folders = ('/etc/smtpd.conf', '/var/lib/opensmtpd', '/var/spool/smtpd',
               '/var/log/smtpd.log')
    programs = '/usr/sbin/smtpd'
    log = '/var/log/smtpd.log'
    connections = 5            # it lets no more than that wait
    line = (r'mda delivery evpid=\S+ from=<[^>]*> to=<(?P<address>[^>]*)> .*'
            r'result=(?P<word>\w+)')
    words = {'Ok': 'delivered', 'TempFail': 'deferred',
             'PermFail': 'bounced'}

    CONF = '''listen on 127.0.0.1 port 25 hostname mx.mssp.example
action "boxes" maildir "%(boxes)s" virtual { "@" = vmail }
match from any for domain mssp.example action "boxes"
action "bare" mda "/usr/local/bin/tocsin-deliver" user tocsin \\
  virtual { "@" = tocsin }
match from any for domain bare.example action "bare"
%(settings)s
'''

    def prepare(self):
        settings, = self.settings(1)
        with open('/etc/smtpd.conf', 'w') as file:
            file.write(self.CONF % dict(boxes=BOXES, settings=settings))
        os.chown('/usr/sbin/smtpctl', 0, IDS['opensmtpq'])
        os.chmod('/usr/sbin/smtpctl', 0o2755)

    def run(self):
        with open(self.log, 'a') as log:
            return subprocess.Popen(['smtpd', '-d'], stdin=subprocess.DEVNULL,
                                    stdout=log, stderr=log)

    def flush(self):
        subprocess.run(['smtpctl', 'schedule', 'all'],
                       stdout=subprocess.DEVNULL)
