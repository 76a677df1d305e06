#!/usr/bin/env python3
"""A mail comes in through the pipe and the right people are told: the main
job, told as stories, with the real programs."""
import os
import re
import signal
import sys

sys.path.insert(0, 'tests/lib')
from relay import (CONTACTS, WAIT, Relay, mail, ok, same,  # noqa: E402
                   done)

CONTOSO = 'contoso@relay.mssp.example'


def code_of(message):
    return message['X-Tocsin-Code']


def text_of(message):
    return message.get_body(('plain',)).get_content()


# An alert arrives.
with Relay() as relay:
    relay.start()
    same(relay.deliver(mail(), CONTOSO), (0, ''), 'the pipe takes the mail')
    sent = relay.outbox(3)
    same(sorted(m['Delivered-To'] for m in sent),
         ['ana@mssp.example', 'archive@mssp.example', 'bob@mssp.example'],
         'everybody the rules name is told, each by a mail of his own')
    by = {m['Delivered-To']: m for m in sent}
    ana = by['ana@mssp.example']
    ok('Malware was found' in ana['Subject'], 'the subject has the title',
       ana['Subject'])
    same(ana['Auto-Submitted'], 'auto-generated', 'no robot will answer')
    same(ana['X-Tocsin-Rule'], 'high', 'the mail names its rule')
    same(ana['To'], 'ana@mssp.example', 'the mail is to its reader alone')
    same(ana['From'], 'MSSP SOC <tocsin@relay.mssp.example>',
         'it comes from the relay')
    ok(len({m['Message-ID'] for m in sent}) == 3,
       'each has a Message-ID of its own')
    ok('srv-1.contoso.example' in text_of(ana), 'the text names the device',
       text_of(ana))
    ok('Contoso GmbH' in text_of(ana), 'and the customer')
    ok('https://security.microsoft.com/incident2/4711' in text_of(ana),
       "and has the tenant's own portal link")
    ok('Gravidade' in text_of(ana) and 'Gravité' in
       text_of(by['bob@mssp.example']), 'each reads it in his language',
       text_of(ana), text_of(by['bob@mssp.example']))
    same(relay.inbox(), [], 'the mail has left the inbox')

    status, out, err = relay.command('why', code_of(ana))
    ok(status == 0 and 'high' in out and 'ana@mssp.example' in out and
       'sent' in out, 'why tells the rule and every delivery', out, err)

    # The MTA was stopped and runs the pipe once more.
    relay.deliver(mail(), CONTOSO)
    relay.wait_log('event=duplicate')
    same(len(relay.outbox(3)), 3, 'the second run of one message tells nobody')

    # The sender did not hear that it was taken, and asks the other server.
    relay.deliver(b'Received: from mail.example by mx2.mssp.example;\n'
                  b' Sat, 21 Nov 2026 10:09:00 +0000\nX-Score: 0\n' + mail(),
                  CONTOSO)
    relay.wait_log('event=duplicate', 2)
    same(len(relay.outbox(3)), 3,
         'nor does the same mail by another server')
    status, out, err = relay.command('why', code_of(ana))
    ok('2 times' in out and 'same-mail' in out, 'why says what it was', out)

    # The same alert text, but another mail.
    relay.deliver(mail(id='2', severity='Low', device='lab-1'), CONTOSO)
    dropped = relay.wait_log('event=drop')
    ok(dropped and 'rule=noise' in dropped[0], 'noise is dropped, and logged',
       relay.read_log())
    code = re.search(r'code=(\S+)', dropped[0]).group(1) if dropped else ''
    status, out, err = relay.command('why', code)
    ok(status == 0 and 'pentest' in out, 'why tells the reason of the drop',
       out, err)

    relay.deliver(mail(id='3', severity='Fancy', device='lab-1'), CONTOSO)
    same(relay.sent_to(6)[-3:] and len(relay.outbox(6)), 6,
         'a severity of tomorrow is not below high: it pages')

    same(relay.stop(), 0, 'SIGTERM drains and exits 0')
    ok('event=stopped' in relay.read_log(), 'and says so')

# Nobody knows the customer; nothing is known of the mail.
with Relay() as relay:
    relay.start()
    relay.deliver(b'Subject: hello\n\nwho are you\n', 'x@relay.mssp.example')
    sent = relay.outbox(1)
    same([m['Delivered-To'] for m in sent], ['soc@mssp.example'],
         'what nobody claims goes to the catch-all')
    ok(sent and 'hello' in sent[0]['Subject'], 'with its subject as title')
    relay.deliver(b'', 'x@relay.mssp.example')
    same(len(relay.outbox(2)), 2, 'an empty mail is told as well')

    # Another customer's tenant in this customer's mailbox.
    relay.write('customers/fabrikam.rules', '''
        customer fabrikam "Fabrikam" {
            tenant 11111111-2222-3333-4444-555555555555
            mailbox fabrikam@relay.mssp.example
            recipients @mssp.example
            otherwise notify bob
        }''')
    relay.daemon.send_signal(signal.SIGHUP)
    relay.wait_log('event=reloaded')
    relay.deliver(mail(id='9'), 'fabrikam@relay.mssp.example')
    sent = relay.outbox(3)
    same(sorted({m['Delivered-To'] for m in sent}), ['soc@mssp.example'],
         'a mail of two customers is told to the catch-all only')
    status, out, err = relay.command('held')
    ok(status == 0 and 'contoso' in out and 'fabrikam' in out,
       'and is held, with both names', out, err)
    code = re.search(r'^\s*(\S+)', out.splitlines()[-1]).group(1)
    status, out, err = relay.command('held', 'show', code)
    ok(status == 0 and 'Malware was found' in out, 'held show prints the mail',
       out, err)
    status, out, err = relay.command('held', 'release', code, '--customer',
                                     'fabrikam')
    same((status, err), (0, ''), 'an operator releases it for one of them')
    sent = relay.sent_to(4)
    ok('bob@mssp.example' in sent, 'whose people are told now', sent,
       relay.read_log())
    status, out, err = relay.command('held', 'release', 'nosuchcode')
    ok(status == 1 and 'nosuchcode' in err, 'what is not held is not released',
       out, err)

# A customer's file breaks while the relay runs.
with Relay() as relay:
    relay.write('customers/fabrikam.rules', '''
        customer fabrikam "Fabrikam" {
            mailbox fabrikam@relay.mssp.example
            recipients @mssp.example
            otherwise notify bob
        }''')
    relay.start()
    relay.write('customers/contoso.rules', 'customer contoso { rul x }')
    relay.write('customers/fabrikam.rules', '''
        customer fabrikam "Fabrikam" {
            mailbox fabrikam@relay.mssp.example
            recipients @mssp.example
            otherwise notify ana
        }''')
    relay.daemon.send_signal(signal.SIGHUP)
    lines = relay.wait_log('event=reloaded|event=kept')
    relay.wait_log('event=reloaded')
    ok('contoso.rules:1:' in relay.read_log(),
       'a broken file is reported with its place', relay.read_log())
    relay.deliver(mail(), CONTOSO)
    same(relay.sent_to(3), ['ana@mssp.example', 'archive@mssp.example',
                            'bob@mssp.example'],
         "the broken customer's last good rules stay in force")
    relay.deliver(mail(id='5', tenant=''), 'fabrikam@relay.mssp.example')
    same(relay.sent_to(4).count('ana@mssp.example'), 2,
         "while the other customer's new rules hold")
    relay.stop()

    status, out, err = relay.command('why', code_of(relay.outbox(1)[0]))
    ok(status == 0 and 'decision' in out and 'has errors' in err,
       'why answers although a file is broken', out, err)

    # It is broken still when the relay starts anew.
    relay.start()
    relay.deliver(mail(id='6'), CONTOSO)
    same(len(relay.outbox(7)), 7, 'also over a restart of the relay')

# Microsoft changes a mail.
with Relay() as relay:
    relay.start()
    new = mail().replace(b'<tr><td>Device',
                         b'<tr><td>Blast radius</td><td>seven</td></tr>'
                         b'<tr><td>Device')
    relay.deliver(new, CONTOSO)
    sent = relay.outbox(4)
    soc = [m for m in sent if m['Delivered-To'] == 'soc@mssp.example']
    ok(len(soc) == 1 and 'Blast radius' in text_of(soc[0]),
       'a label that no format knows is told to the catch-all', len(sent))
    ok(soc and b'Blast radius' in b''.join(
        p.as_bytes() for p in soc[0].iter_attachments()),
       'with the mail')
    relay.deliver(new.replace(b'<1@az', b'<2@az'), CONTOSO)
    relay.wait_log('event=sent', times=7)
    forged = new.replace(b'dmarc=pass', b'dmarc=fail') \
        .replace(b'<1@az', b'<3@az').replace(b'Blast radius', b'Evil label')
    relay.deliver(forged, CONTOSO)
    relay.wait_log('event=sent', times=10)
    same(sorted(m['Delivered-To'] for m in relay.outbox(10)).count(
        'soc@mssp.example'), 1, 'once, and never for a mail that anybody '
        'could have written')

# One relay per state.
with Relay() as relay:
    relay.start()
    kept = relay.path('state', 'last-good')
    before = {name: os.stat(os.path.join(kept, name)).st_mtime_ns
              for name in os.listdir(kept)}
    relay.write('contacts.rules', CONTACTS + '# a change\n')
    status, out, err = relay.command('run')
    ok(status == 1 and 'another tocsin' in err,
       'a second instance on the same state is refused', out, err)
    same({name: os.stat(os.path.join(kept, name)).st_mtime_ns
          for name in os.listdir(kept)}, before,
         'and has not touched the last good texts of the first')

# Power comes and goes.
with Relay() as relay:
    relay.deliver(mail(), CONTOSO)
    same(len(relay.inbox()), 1, 'mail waits in the inbox while nobody runs')
    relay.start()
    first = relay.outbox(3)
    same(len(first), 3, 'and is told when the relay starts')
    relay.stop(signal.SIGKILL)
    relay.deliver(mail(id='2'), CONTOSO)
    relay.start(wait=False)
    same(len(relay.outbox(6)), 6, 'a killed relay goes on where it was')

# Systemd's word.
with Relay() as relay:
    import socket
    path = relay.path('notify')
    server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    server.bind(path)
    server.settimeout(WAIT)
    relay.start(env={'NOTIFY_SOCKET': path, 'WATCHDOG_USEC': '400000'})
    words = []
    while 'WATCHDOG=1' not in words:
        words += server.recv(4096).decode().split('\n')
    ok('READY=1' in words, 'systemd is told when the relay is ready', words)
    ok('WATCHDOG=1' in words, 'and that it is alive', words)
    relay.stop()
    server.close()

done()
