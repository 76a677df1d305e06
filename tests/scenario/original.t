#!/usr/bin/env python3
"""What was not understood is shown as it came: its text, what no format knows of
it, and the mail itself, to whoever is told of it and to nobody else (TAP)."""
import email
import email.policy
import re
import sys

sys.path.insert(0, 'tests/lib')
from relay import Relay, mail, ok, same, done           # noqa: E402
from smtp_server import SmtpServer                      # noqa: E402

TO = 'contoso@relay.mssp.example'
PROVED = ('Authentication-Results: mx.mssp.example; dmarc=pass '
          'header.from=microsoft.com\n')
PROSE = PROVED + '''From: Azure Team <azure-team@microsoft.com>
To: contoso@relay.mssp.example
Subject: Something about your account
Message-ID: <%s@prose.microsoft.com>
Date: Sat, 21 Nov 2026 10:00:00 +0000
Content-Type: text/plain; charset=us-ascii

Dear customer,

on the device named fin-07 we have seen something.
.
..a line that begins with dots
Why you receive this: Nothing
'''


def prose(id):
    return (PROSE % id).encode()


def parts(message):
    text = message.get_body(('plain',)).get_content()
    html = message.get_body(('html',))
    return text, html.get_content() if html else ''


def attached(message):
    """The attachment, and its type."""
    for part in message.iter_attachments():
        if part.get_filename() == 'original.eml':
            kind = part.get_content_type()
            if kind == 'message/rfc822':
                return part.get_content().as_bytes(
                    policy=email.policy.SMTP), kind
            return part.get_payload(decode=True), kind
    return None, None


def same_mail(got, want):
    return got is not None and got.split() == want.split()


seen = set()


def told(relay, want=1):
    """What was told since this was last asked, so many mails, sorted by whom."""
    new = [m for m in relay.outbox(len(seen) + want)
           if m['Message-ID'] not in seen]
    seen.update(m['Message-ID'] for m in new)
    return sorted(new, key=lambda m: m['To'])


with Relay() as relay:
    relay.write('customers/contoso.rules', '''
customer contoso "Contoso GmbH" {
    tenant        72f988bf-86f1-41af-91ab-2d7cd011db47
    mailbox       contoso@relay.mssp.example
    organization  "Contoso GmbH"
    recipients    @mssp.example
    otherwise     notify archive
}
customer fabrikam { organization "Fabrikam"  recipients @mssp.example
                    otherwise notify soc-desk }
''')
    relay.start()

    relay.deliver(mail(id='good', title='good'), TO)
    message, = told(relay)
    text, html = parts(message)
    ok(attached(message) == (None, None) and '> ' not in text and
       'What the mail says' not in text + html,
       'a mail that was understood needs no original', text)

    # Prose, genuine.
    relay.deliver(prose('1'), TO)
    message, = told(relay)
    text, html = parts(message)
    ok('> on the device named fin-07 we have seen something.' in text and
       'on the device named fin-07 we have seen' in html,
       'the text of a mail in prose is shown', text)
    ok('From: Azure Team <azure-team@microsoft.com>' in text and
       'Azure Team' in html, 'with who says to have sent it', text)
    ok('\n> Why you receive this: Nothing' in text and
       '\nWhy you receive this: Nothing' not in text,
       'as a quotation', text)
    ok('stated' not in text + html and 'Not found' in text,
       'nothing is said to be missing that is only not understood', text)
    got, kind = attached(message)
    ok(kind == 'message/rfc822' and same_mail(got, prose('1')),
       'and the mail goes along as a mail', kind, got)
    same(message['To'], 'archive@mssp.example',
         'to those whom the rules of the customer name')

    # What no format knows in one that is known.
    odd = mail(id='row', title='row').replace(
        b'</table>', b'<tr><td>Blast radius</td><td>12 mailboxes</td></tr>'
        b'</table>')
    relay.deliver(odd, TO)
    told_alert, told_format = told(relay, 2)
    text, html = parts(told_alert)
    ok('> Blast radius: 12 mailboxes' in text and '12 mailboxes' in html,
       'a row that no format knows is shown', text)
    same(attached(told_alert), (None, None), 'the rest was understood')
    ok(same_mail(attached(told_format)[0], odd),
       'who is to mend the format gets the mail')

    # Nothing proves it.
    forged = mail(id='forged', title='forged').replace(
        b'dmarc=pass', b'dmarc=fail') + b'\xff'
    relay.deliver(forged, TO)
    got, kind = attached(*told(relay))
    ok(kind == 'application/octet-stream' and got == forged,
       'one that nothing proves goes along, octet for octet if it must',
       kind)

    # Nobody's.
    relay.deliver(prose('2'), 'nobody@relay.mssp.example')
    message, = told(relay)
    same((message['To'], attached(message)[1]),
         ('soc@mssp.example', 'message/rfc822'),
         'one that is nobody\'s goes to the catch-all, and to nobody else')

    # Held.
    held = mail(id='held', title='held').replace(
        b'</table>', b'<tr><td>Organization</td><td>Fabrikam</td></tr>'
        b'</table>')
    relay.deliver(held, TO)
    message, = told(relay)
    ok(message['To'] == 'soc@mssp.example' and
       same_mail(attached(message)[0], held) and
       'What the mail says' in parts(message)[0],
       'a word about what is held has it with it', parts(message)[0])

    # Too large.
    large = prose('3') + b'x' * (5 << 20)
    relay.deliver(large, TO)
    message, = told(relay)
    text, html = parts(message)
    code = message['X-Tocsin-Code']
    ok(attached(message) == (None, None) and
       'too large to be attached (5 MB): tocsin why --mail ' + code in text and
       'tocsin why --mail ' + code in html,
       'one that is too large is named, and where it is', text)
    same(len(relay.command('why', '--mail', code)[1]), len(large),
         'and it is there')

with SmtpServer(faults={'rcpt archive@mssp.example': '550 5.1.1 no such user'}
                ) as server, \
        Relay(relay='relay sink { smtp 127.0.0.1:%d tls none }' %
              server.port) as relay:
    relay.write('customers/contoso.rules', '''
customer contoso { mailbox contoso@relay.mssp.example
                   recipients @mssp.example  otherwise notify archive }
''')
    relay.start()
    relay.deliver(prose('4'), TO)
    relay.wait_log('event=sent')
    message = email.message_from_bytes(server.mails[0].content,
                                       policy=email.policy.default)
    ok(re.search('deliver|zugestellt', message['Subject']),
       'a word about a delivery that failed', message['Subject'])
    got, kind = attached(message)
    ok(kind == 'message/rfc822' and same_mail(got, prose('4')),
       'has the mail with it, with each dot of it', kind, got)
done()
