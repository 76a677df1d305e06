#!/usr/bin/env python3
"""The daemon behind its own doors: it works as before, over reloads and a
reader that dies, and cannot write where it could not at its start."""
import ctypes
import os
import re
import signal
import socket
import sys
import tempfile

sys.path.insert(0, 'tests/lib')
from certificates import Certificates                   # noqa: E402
from relay import Relay, mail, ok, same, done, skip_all   # noqa: E402
from smtp_server import SmtpServer                      # noqa: E402

CONTOSO = 'contoso@relay.mssp.example'
LANDLOCK_CREATE_RULESET = 444

if ctypes.CDLL(None).syscall(LANDLOCK_CREATE_RULESET, None, 0, 1) < 2:
    skip_all('this kernel has no Landlock of version 2 or later')

outside = tempfile.mkdtemp(prefix='tocsin-outside-')


def children(relay):
    with open('/proc/%d/task/%d/children' % ((relay.daemon.pid,) * 2)) as file:
        return [int(pid) for pid in file.read().split()]


def route_to(relay, name, statement):
    """From now on ana is told by another relay."""
    relay.write('contacts.rules', '''
        person ana      { mail ana@mssp.example  relay %s }
        team   primary  { members ana }
        team   soc-desk { mail soc@mssp.example }
        team   archive  { mail archive@mssp.example }
        relay  usual    { maildir state/outbox }
        relay  %s       { %s }
        ''' % (name, name, statement))


def reload(relay):
    before = relay.read_log().count('event=reloaded version=')
    relay.daemon.send_signal(signal.SIGHUP)
    relay.wait_log('event=reloaded version=', before + 1)


def delivered(folder):
    folder = os.path.join(folder, 'new')
    return os.listdir(folder) if os.path.isdir(folder) else []


with Relay() as relay:
    os.umask(0)
    relay.start()
    os.umask(0o022)
    ok(relay.wait_log('event=ready.*sandbox=yes'), 'the doors are shut')
    relay.deliver(mail(), CONTOSO)
    same(len(relay.outbox(3)), 3, 'a mail is taken, read and told')
    modes = [oct(os.stat(os.path.join(folder, name)).st_mode & 0o077)
             for folder, _, names in os.walk(relay.path('state'))
             for name in names]
    same(set(modes), {'0o0'}, 'whatever the umask, the state is for its owner')

    os.kill(children(relay)[0], signal.SIGKILL)
    relay.deliver(mail(id='2'), CONTOSO)
    same(len(relay.outbox(6)), 6, 'a reader that died is started again')

    relay.write('customers/fabrikam.rules', '''
        customer fabrikam "Fabrikam" {
            mailbox fabrikam@relay.mssp.example
            recipients @mssp.example
            otherwise notify archive
        }''')
    reload(relay)
    relay.deliver(b'Subject: hello\n\nx\n', 'fabrikam@relay.mssp.example')
    same(len(relay.outbox(7)), 7, 'a reload takes a file that is new')
    ok(len(os.listdir(relay.path('state', 'last-good'))) >= 3,
       'and keeps it as the last good one')

    route_to(relay, 'other', 'maildir %s/box' % outside)
    reload(relay)
    ok(relay.wait_log('event=reloaded.*restart.*relay=other'),
       'a reload that names a Maildir elsewhere says that it needs a restart',
       relay.read_log())
    relay.deliver(mail(id='3'), CONTOSO)
    retried = relay.wait_log('event=retry.*recipient=ana')
    ok(retried and 'Permission denied' in retried[0],
       'until then the delivery waits', relay.read_log())
    same(os.listdir(outside), [], 'and nothing is written there')

    relay.write('customers/fabrikam.rules', 'customer fabrikam {')
    relay.daemon.send_signal(signal.SIGHUP)
    relay.wait_log('event=kept')
    ok('hint=' not in relay.read_log(), 'a mistake in a file has no hint',
       relay.read_log())
    with open(os.path.join(outside, 'new.rules'), 'w') as file:
        file.write('person eve { mail eve@mssp.example }')
    relay.write('customers/fabrikam.rules',
                'include "%s/new.rules"' % outside)
    relay.daemon.send_signal(signal.SIGHUP)
    ok(relay.wait_log('cannot be read.*its folder is new.*restart'),
       'a file that its own limits keep from it has one', relay.read_log())
    os.unlink(os.path.join(outside, 'new.rules'))
    os.unlink(relay.path('customers/fabrikam.rules'))
    reload(relay)
    same(relay.stop(), 0, 'it stops as ever')
    relay.start()
    relay.command('queue', 'retry', '%d' % relay.rows(
        "select id from delivery where state = 'retry'")[0][0])
    same(relay.wait_rows([(0,)], "select count(*) from delivery "
                         "where state <> 'sent'"), [(0,)],
         'after the restart it is made')
    same(len(delivered(outside + '/box')), 1, 'into that Maildir')

# The outside world from within: names, certificates.
with Relay() as relay:
    made = Certificates(relay.folder)
    with SmtpServer(certificate=made.pair('good')) as server:
        route_to(relay, 'smarthost', 'smtp localhost:%d tls required '
                 'ca-file %s' % (server.port, made.authority))
        relay.start()
        relay.deliver(mail(), CONTOSO)
        relay.wait_log('event=sent.*recipient=ana')
        same([m.recipients for m in server.mails], [['ana@mssp.example']],
             'a mail goes out by SMTP and TLS, to a host known by name')

# Without.
with Relay() as relay:
    relay.start(options=['--no-sandbox'])
    ok(relay.wait_log('event=ready.*sandbox=no'), '--no-sandbox leaves it out')
    route_to(relay, 'other', 'maildir %s/free' % outside)
    reload(relay)
    relay.deliver(mail(), CONTOSO)
    relay.wait_log('event=sent.*recipient=ana')
    same(len(delivered(outside + '/free')), 1,
         'then a new Maildir needs no restart')

for folder, folders, names in os.walk(outside, topdown=False):
    for name in names:
        os.unlink(os.path.join(folder, name))
    os.rmdir(folder)
done()
