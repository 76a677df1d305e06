#!/usr/bin/env python3
"""Mails that were made to hurt, through the real pipe and the real daemon;
stage.py says what has to hold after each."""
import base64
import os
import re
import signal
import sys

sys.path.insert(0, 'tests/lib')
from relay import (IS_SANITIZED, Relay, mail, ok, same,  # noqa: E402
                   done)
from stage import (CATCH_ALL, CONTOSO, OURS, Stage,     # noqa: E402
                   faults_of_log)

FABRIKAM = 'fabrikam@relay.mssp.example'
OTHER_TENANT = '11111111-2222-3333-4444-555555555555'
FABRIKAM_RULES = '''
customer fabrikam "Fabrikam" {
    tenant       %s
    mailbox      %s
    organization "Fabrikam"
    recipients   @fabrikam.example
    otherwise    notify theirs
}
team theirs { mail desk@fabrikam.example }
''' % (OTHER_TENANT, FABRIKAM)

HEAD = '''Received: from mail.example by mx.mssp.example;
 Sat, 21 Nov 2026 10:00:00 +0000
Authentication-Results: mx.mssp.example; dmarc=pass header.from=microsoft.com
From: Microsoft 365 Defender <defender-noreply@microsoft.com>
To: contoso@relay.mssp.example
Subject: %s
Message-ID: <%s@az.westeurope.production.microsoft.com>
MIME-Version: 1.0
%sContent-Type: %s
'''
ROWS = (b'<table><tr><td>Incident name</td><td>Malware was found</td></tr>'
        b'<tr><td>Severity</td><td>High</td></tr>'
        b'<tr><td>Device</td><td>srv-1.contoso.example</td></tr></table>')
TITLE = ['Malware was found']


def head(id, content_type='text/html; charset=utf-8', more='',
         subject='Microsoft 365 Defender has detected a security threat'):
    return (HEAD % (subject, id, more, content_type)).encode()


def page(id, text, **more):
    return head(id, **more) + b'\n' + text


def nested(depth):
    parts = [b'Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n' %
             (i, i) for i in range(depth)]
    return page('nested', b'--top\n' + b''.join(parts) +
                b'Content-Type: text/html\n\n' + ROWS,
                content_type='multipart/mixed; boundary=top')


def sizes(stage):
    stage.meet('an empty mail', b'')
    stage.meet('a mail of one NUL', b'\0')
    stage.meet('a mail without an end of line', b'Subject: hello')
    lines = b'<p>' + b'x' * 96 + b'\n'
    stage.meet('a mail of 50 MB', page('50', ROWS + lines * (1 << 19)),
               has=TITLE)
    stage.meet('a mail of 70 MB, which is cut',
               page('70', ROWS + b'x' * (70 << 20)),
               has=TITLE + ['[?]'])
    stage.meet('100,000 header fields', head('fields') + b''.join(
        b'X-Field-%d: %d\n' % (i, i) for i in range(100000)) + b'\n' + ROWS)
    stage.meet('100,000 Received fields', b'Received: x\n' * 100000 +
               page('received', ROWS), action='hold', told=CATCH_ALL)
    stage.meet('one header field of 10 MB', page(
        'field', ROWS, more='X-Field: ' + 'y' * (10 << 20) + '\n'))
    # How much memory they take shows without the sanitizers only.
    if not IS_SANITIZED:
        large(stage, lines * (1 << 19))


def large(stage, content):
    """They come while the daemon looks elsewhere, so that it finds them all
    at once."""
    items = stage.items()
    stage.relay.daemon.send_signal(signal.SIGSTOP)
    for number in range(12):
        stage.relay.deliver(page('large-%d' % number, ROWS + content), CONTOSO)
    stage.relay.daemon.send_signal(signal.SIGCONT)
    ok(stage.settle(items + 12), 'twelve mails of 50 MB at once are taken')
    stage.new_mails()
    with open('/proc/%d/status' % stage.relay.daemon.pid,
              encoding='utf-8') as file:
        peak = int(re.search(r'VmHWM:\s*(\d+)', file.read())[1]) >> 10
    ok(peak < 400, 'in less than 400 MB of memory', '%d MB' % peak)


def structures(stage):
    stage.meet('10,000 nested parts', nested(10000))
    stage.meet('10,000 nested messages', page(
        'rfc822', b'Content-Type: message/rfc822\n\n' * 10000 + ROWS,
        content_type='message/rfc822'))
    stage.meet('100,000 parts side by side', page(
        'parts', b'--b\nContent-Type: text/html\n\n' + ROWS +
        b'\n--b\nContent-Type: text/plain\n\nx' * 100000 + b'\n--b--\n',
        content_type='multipart/mixed; boundary=b'))
    stage.meet('base64 cut in the middle', page(
        'cut', base64.b64encode(ROWS * 20)[:-1001],
        more='Content-Transfer-Encoding: base64\n'), has=TITLE)
    stage.meet('a boundary that never ends', page(
        'endless', b'--' + b'b' * 100000 + b'\n\n' + ROWS,
        content_type='multipart/mixed; boundary="' + 'b' * 100000))
    stage.meet('a boundary that never comes again', page(
        'open', b'--b\nContent-Type: text/html\n\n' + ROWS,
        content_type='multipart/alternative; boundary=b'), has=TITLE)
    for number, charset in enumerate([
            'klingon-8', '../../../etc/passwd', '"utf-8\0"', 'utf-16',
            'utf-7', "x'; drop", 'UCS-4//TRANSLIT', 'a' * 5000]):
        stage.meet('the charset %.20s' % charset.replace('\0', '(NUL)'), page(
            'charset-%d' % number, ROWS + b'\xff\xfe\x80',
            content_type='text/html; charset=' + charset))


def pages(stage):
    stage.meet('HTML of a million tags',
               page('tags', ROWS + b'<b>' * 1000000), has=TITLE)
    stage.meet('HTML of 100,000 unclosed tables', page(
        'tables', ROWS + b'<table><tr><td>' * 100000), has=TITLE)
    stage.meet('rows without an end', page(
        'rows', b'<table>' + b'<tr><td>Device<td>srv-1<td>' * 50000))
    stage.meet('entities that are too large, forbidden or unknown', page(
        'entities', ROWS.replace(
            b'Malware', b'M&#0;&#x202E;&#13;&#10;Bcc: x@evil.example'
            b'&#xD800;&#8203;&#x1F600;&bogus;') +
        b'&amp;' * 200000 + b'&#x110000;'), lacks=['\u202e', '\nBcc'])
    stage.meet('HTML of 30 MB in one line', page(
        'line', ROWS + b'<b>x</b>' * (30 << 17)), has=TITLE)
    stage.meet('an attribute of 10 MB', page(
        'attribute', ROWS + b'<a href="' + b'x' * (10 << 20) + b'">y</a>'),
        has=TITLE)
    stage.meet('a tag with 100,000 attributes', page(
        'attributes', b'<p ' + b''.join(b'a%d=1 ' % i for i in range(100000)) +
        b'>' + ROWS))
    stage.meet('100,000 nested elements', page(
        'depth', b'<div>' * 100000 + ROWS))
    stage.meet('entities that grow', page(
        'grow', b'<!DOCTYPE html [<!ENTITY a0 "ha">' + b''.join(
            b'<!ENTITY a%d "%s">' % (i + 1, b'&a%d;' % i * 10)
            for i in range(9)) + b'<!ENTITY x SYSTEM "file:///etc/passwd">]>' +
        ROWS.replace(b'Malware', b'&a9; &x; Malware')),
        lacks=['root:', 'hahaha'])
    stage.meet('a style that hides everything', page(
        'style', b'<style>*{display:none}</style>'
        b'<body style="display:none">' + ROWS))


def texts(stage):
    stage.meet('a subject of 100 KB',
               page('subject', ROWS, subject='very ' * 20000), has=TITLE)
    stage.meet('a subject of 100 KB without a blank',
               page('subject-2', ROWS, subject='x' * 100000), has=TITLE)
    stage.meet('a subject with hidden line ends', page(
        'crlf', b'<p>nothing known</p>', subject='=?utf-8?q?a=0D=0ABcc:_'
        'x@evil.example=0D=0A=0D=0Abody?='), 'x@relay.mssp.example',
        told=CATCH_ALL, lacks=['\nBcc'])
    for number, (name, foul) in enumerate([
            ('CR', b'\r'), ('CR and LF', b'\r\n'), ('NUL', b'\0'),
            ('U+202E', '\u202e'.encode()), ('U+200B', '\u200b'.encode()),
            ('a lone surrogate', b'\xed\xa0\x80'),
            ('ESC', b'\x1b]0;owned\x07\x1b[2J'), ('U+0085', b'\xc2\x85'),
            ('octets that are no text', b'\xff\xfe\xc0\x80')]):
        stage.meet('a title with ' + name, page(
            'title-%d' % number,
            ROWS.replace(b'Malware', b'Mal' + foul + b'ware')))
    for number, device in enumerate([
            '../../../../etc/passwd', '" && rm -rf / #', "' OR 1=1 --",
            '{{>alert}}{{#x}}{{{code}}}', '<script>alert(1)</script>',
            '%s%n%d', '$(id)`id`', '=?utf-8?q?x?=', '.', '..', '-rf']):
        stage.meet('a device named %s' % device, mail(
            id='device-%d' % number,
            device=device.replace('&', '&amp;').replace('<', '&lt;')),
            has=[device])


def customers(stage):
    two = ('<a href="https://security.microsoft.com/incident2/1/overview?tid='
           '%s">x</a>' % OTHER_TENANT).encode()
    for name, octets in [
            ('two tenants in one mail', mail(id='two') + two),
            ("another customer's tenant in this customer's mailbox",
             mail(id='other', tenant=OTHER_TENANT)),
            ('the same, written with an escape',
             mail(id='escape', tenant=OTHER_TENANT.replace('1', '%31'))),
            ("a stranger's tenant in this customer's mailbox",
             mail(id='stranger',
                  tenant='99999999-2222-3333-4444-555555555555'))]:
        stage.meet(name, octets, told=CATCH_ALL, action='hold')
    stage.meet('one mail to the mailboxes of two customers',
               mail(id='both', tenant=''), CONTOSO, FABRIKAM, told=CATCH_ALL,
               action='hold')
    stage.meet('a forged envelope on top', b'Return-Path: <a@b.example>\n'
               b'Delivered-To: %s\nReceived: (tocsin-deliver whole) by host '
               b'id name; Sat, 21 Nov 2026 10:00:00 +0000\n' %
               FABRIKAM.encode() + mail(id='envelope', tenant=''),
               action='notify')


def forgeries(stage):
    """Ours says fail; whatever else is written, it does not become pass."""
    passes = b'dmarc=pass header.from=microsoft.com\n'
    fails = passes.replace(b'pass', b'fail')
    forged = b'Authentication-Results: %s; ' + passes

    def genuine(number):
        return mail(id='forged-%d' % number)

    stage.meet('a forged Authentication-Results below ours',
               genuine(1).replace(passes, fails + forged %
                                  b'mx.mssp.example'), authentic='fail')
    stage.meet("another server's Authentication-Results above ours",
               forged % b'mx.evil.example' +
               genuine(2).replace(passes, fails), authentic='fail')
    stage.meet('Authentication-Results of another server only',
               genuine(3).replace(b'Results: mx.mssp', b'Results: mx.evil'),
               authentic='none')
    stage.meet('Authentication-Results of ours in the fold of another field',
               genuine(4).replace(b'Authentication-Results:',
                                  b'X-A: b\n Authentication-Results:'),
               authentic='none')


def loops(stage):
    own, = stage.relay.rows('SELECT body FROM delivery JOIN message ON '
                            'message.delivery = delivery.id '
                            'WHERE address LIKE "ana@%" LIMIT 1')
    own = own[0].replace(b'\r\n', b'\n')
    stage.meet('our own notification coming back', own, told=CATCH_ALL,
               action='hold')
    stage.meet('our own notification coming back again, through others',
               b'Received: from a by b\n' * 3 +
               own.replace(b'Subject: ', b'Subject: FW: '), told=set(),
               action='hold')
    stage.meet('a bounce of our notification',
               b'From: MAILER-DAEMON@mx.example\nTo: tocsin@relay.mssp.example'
               b'\nAuto-Submitted: auto-replied\nSubject: Undelivered Mail\n'
               b'MIME-Version: 1.0\nContent-Type: multipart/report; '
               b'report-type=delivery-status; boundary=b\n\n--b\n'
               b'Content-Type: message/rfc822\n\n' + own + b'\n--b--\n',
               'tocsin@relay.mssp.example', told=CATCH_ALL)
    stage.meet('an absent person answers', page(
        'absent', ROWS, more='Auto-Submitted: auto-replied\n'),
        told=CATCH_ALL, action='hold')
    stage.meet('a mail with 31 Received fields',
               b'Received: from a by b\n' * 31 + mail(id='31'))
    stage.meet('a mail with 101 Received fields',
               b'Received: from a by b\n' * 101 + mail(id='101'),
               told=CATCH_ALL, action='hold')


def odd_files(stage):
    """What no mail system puts into the inbox."""
    new = stage.relay.path('spool', 'new')
    os.mkdir(new + '/0000000001.directory')
    os.mkfifo(new + '/0000000002.fifo')
    os.symlink('/etc/passwd', new + '/0000000003.link')
    os.symlink('/nowhere', new + '/0000000004\n\x1b[2J.link')
    items = stage.items()
    stage.relay.deliver(mail(id='beside'), CONTOSO)
    stage.relay.wait_rows([(items + 1,)], 'SELECT count(*) FROM item')
    same(stage.items(), items + 1, 'odd files in the inbox hold up no mail')
    lines = stage.relay.wait_log('event=trouble')
    ok(lines and '0000000001' in lines[0], 'and are complained of', lines)
    same(faults_of_log(stage.relay.read_log()), [], 'in readable lines')
    os.rmdir(new + '/0000000001.directory')
    for name in os.listdir(new):
        if name.startswith('000000000'):
            os.unlink(os.path.join(new, name))
    stage.settle(items + 1)
    stage.new_mails()
    stage.ordinary('once they are gone')


with Relay() as relay:
    relay.write('customers/fabrikam.rules', FABRIKAM_RULES)
    relay.start()
    stage = Stage(relay)
    stage.ordinary('before anything')
    for act in (sizes, structures, pages, texts, customers, forgeries, loops,
                odd_files):
        act(stage)
    codes = relay.rows('SELECT code FROM item')
    same(len(codes), len(set(codes)), 'each mail has a code of its own')
    told = {row[0] for row in relay.rows('SELECT address FROM delivery')}
    ok(told <= OURS, "the other customer's people were told of nothing", told)
    same(relay.stop(), 0, 'after all of them, SIGTERM ends it in order')
done()
