#!/usr/bin/env python3
"""A real Postfix on both sides: it pipes a mail into tocsin-deliver and takes
the notification. It is unpacked into namespaces of its own (private_root) and
never installed."""
import os
import shutil
import smtplib
import subprocess
import sys
import time

sys.path.insert(0, 'tests/lib')
from relay import (BUILD, WAIT, Relay, mail, ok, same, done,  # noqa: E402
                   skip_all)

USERS = '''postfix:x:3901:3901::/var/spool/postfix:/usr/sbin/nologin
tocsin:x:3903:3903::/nonexistent:/usr/sbin/nologin
vmail:x:3904:3904::/nonexistent:/usr/sbin/nologin
'''
GROUPS = '''postfix:x:3901:
postdrop:x:3902:
tocsin:x:3903:
vmail:x:3904:
'''

MAIN_CF = '''compatibility_level = 3.6
myhostname = mx.mssp.example
mydestination =
inet_interfaces = loopback-only
inet_protocols = ipv4
relay_domains = relay.mssp.example
transport_maps = inline:{relay.mssp.example=tocsin:}
tocsin_destination_recipient_limit = 1
alias_maps =
local_recipient_maps =
smtpd_recipient_restrictions = check_recipient_access inline:{{refused@mssp.example=554 5.7.1 No such desk}}, permit_mynetworks, reject
virtual_mailbox_domains = mssp.example
virtual_mailbox_base = %(boxes)s
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:3904
virtual_gid_maps = static:3904
maillog_file = /dev/stdout
smtpd_peername_lookup = no
smtp_dns_support_level = disabled
minimal_backoff_time = 2s
queue_run_delay = 2s
message_size_limit = 60000000
virtual_mailbox_limit = 0
'''

MASTER_CF = '''smtp inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
postlog unix-dgram n - n - 1 postlogd
tocsin unix - n n - - pipe
  flags=R user=tocsin null_sender=
  argv=%(deliver)s -f ${sender} -s %(spool)s -- ${recipient}
'''


def enter():
    """Run this file once more inside the namespaces."""
    if os.environ.get('PRIVATE_TOP'):
        return
    top = 'build/private/postfix'
    os.makedirs(top, exist_ok=True)
    for name, text in (('passwd', USERS), ('group', GROUPS)):
        with open(os.path.join(top, name), 'w') as file:
            file.write(text)
    run = subprocess.run(['tests/lib/private_root', 'postfix', 'postfix', '--',
                          sys.executable] + sys.argv,
                         stderr=subprocess.PIPE, text=True)
    if run.returncode == 77:
        skip_all(run.stderr.strip())
    sys.stderr.write(run.stderr)
    sys.exit(run.returncode)


class Postfix:
    def __init__(self, relay):
        self.boxes = relay.path('boxes')
        self.log = relay.path('postfix.log')
        deliver = relay.path('tocsin-deliver')
        shutil.copy(BUILD + '/tocsin-deliver', deliver)
        os.chmod(relay.folder, 0o755)
        for folder in (self.boxes, relay.path('spool')):
            os.makedirs(folder, exist_ok=True)
        os.chown(self.boxes, 3904, 3904)
        os.chown(relay.path('spool'), 3903, 3903)
        os.makedirs('/etc/postfix', exist_ok=True)
        values = dict(boxes=self.boxes, deliver=deliver,
                      spool=relay.path('spool'))
        for name, text in (('main.cf', MAIN_CF), ('master.cf', MASTER_CF)):
            with open('/etc/postfix/' + name, 'w') as file:
                file.write(text % values)
        for folder in ('/var/spool/postfix', '/var/lib/postfix'):
            os.makedirs(folder, exist_ok=True)
        os.chown('/var/lib/postfix', 3901, 3901)

    def start(self):
        subprocess.run(['postfix', 'check'], check=True)
        self.file = open(self.log, 'w')
        self.process = subprocess.Popen(
            ['/usr/sbin/postfix', 'start-fg'], stdin=subprocess.DEVNULL,
            stdout=self.file, stderr=self.file)
        end = time.monotonic() + WAIT
        while time.monotonic() < end:
            try:
                smtplib.SMTP('127.0.0.1', 25, timeout=5).close()
                return
            except OSError:
                time.sleep(0.05)

    def stop(self):
        subprocess.run(['/usr/sbin/postfix', 'stop'], stdout=self.file,
                       stderr=self.file)
        self.process.wait(WAIT)

    def send(self, message, *recipients):
        client = smtplib.SMTP('127.0.0.1', 25, timeout=WAIT)
        client.sendmail('azure-noreply@microsoft.com', recipients, message)
        client.quit()

    def read_log(self):
        with open(self.log, errors='replace') as file:
            return file.read()

    def wait_log(self, text, wait=WAIT):
        end = time.monotonic() + wait
        while text not in self.read_log() and time.monotonic() < end:
            time.sleep(0.05)
        return text in self.read_log()

    def mails(self, want, wait=WAIT):
        folder = os.path.join(self.boxes, 'all', 'new')
        end = time.monotonic() + wait
        while True:
            names = sorted(os.listdir(folder)) \
                if os.path.isdir(folder) else []
            if len(names) >= want or time.monotonic() > end:
                break
            time.sleep(0.05)
        texts = []
        for name in names:
            with open(os.path.join(folder, name), errors='replace') as file:
                texts.append(file.read())
        return texts


enter()
with Relay(relay='relay local { smtp 127.0.0.1:25 tls none }') as relay:
    # Inside the namespaces the daemon is root, as the spool is another's.
    postfix = Postfix(relay)
    postfix.start()
    try:
        relay.start()
        postfix.send(mail(), 'contoso@relay.mssp.example')
        got = postfix.mails(3)
        same(len(got), 3, 'a mail through the pipe comes back as three '
             'notifications') or print('# ' + relay.read_log() +
                                       postfix.read_log())
        ok(all('Auto-Submitted: auto-generated' in text for text in got),
           'which say that a program wrote them')
        ok('status=sent (delivered via tocsin service)' in postfix.read_log(),
           'Postfix saw the mail delivered')

        # The envelope of Postfix: plus, quotes, capitals, many recipients.
        postfix.send(mail(id='2'), 'Contoso+Rule7@relay.mssp.example',
                     '"a b"@relay.mssp.example')
        ok(len(postfix.mails(7)) >= 7,
           'odd addresses reach the relay, each by a run of its own',
           relay.read_log(), postfix.read_log())

        # The daemon is down: nothing is lost, and nothing bounces.
        relay.stop()
        postfix.send(mail(id='3'), 'contoso@relay.mssp.example')
        end = time.monotonic() + WAIT
        while not relay.inbox() and time.monotonic() < end:
            time.sleep(0.05)
        same(len(relay.inbox()), 1, 'a mail waits while the daemon is down')
        before = len(postfix.mails(0))
        relay.start()
        same(len(postfix.mails(before + 3)), before + 3,
             'and is told when it is back')

        # The spool is gone: Postfix defers, and tries again.
        os.rename(relay.path('spool'), relay.path('away'))
        postfix.send(mail(id='4'), 'contoso@relay.mssp.example')
        ok(postfix.wait_log('status=deferred'),
           'without a spool the mail is deferred', postfix.read_log())
        os.rename(relay.path('away'), relay.path('spool'))
        same(len(postfix.mails(before + 6)), before + 6,
             'and told when the spool is back')
        ok('status=bounced' not in postfix.read_log(), 'nothing bounced',
           postfix.read_log())

        # A refused address does not stop the others, and is told.
        relay.write('contacts.rules', '''
            person ana { mail refused@mssp.example }
            person bob { mail bob@mssp.example }
            team primary { members ana, bob }
            team soc-desk { mail soc@mssp.example }
            team archive { mail archive@mssp.example }''')
        relay.daemon.send_signal(1)
        relay.wait_log('event=reloaded')
        before = len(postfix.mails(0))
        postfix.send(mail(id='5'), 'contoso@relay.mssp.example')
        got = postfix.mails(before + 3)[before:]
        same(len(got), 3, 'the other two and the catch-all are told of a '
             'refusal')
        ok(relay.wait_log('event=failed .*No such desk'),
           "with the server's own words in the log", relay.read_log())
        relay.stop()
    finally:
        postfix.stop()
done()
