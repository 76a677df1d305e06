"""1,000 mails like those that Defender sends: 28 to 42 kB, two parts, quoted
printable, some 5 kB of header fields. The same ones on every machine.

    corpus.write(folder)            the mails, as an MTA hands them over
    corpus.tocsin(1000)             rules of which each mail meets one, and
    corpus.procmail(1000, ...)      the same in other programs' languages

A mail has a number of four digits in the name of its device, `pc-0123`. The
first digit says customer and severity. Of 10, 1,000 or 10,000 rules, one names
the first 1, 3 or 4 digits; so the rule that a mail meets stands in the middle
on average, and every program can be asked the same question.
"""
import json
import os
import quopri
import random

COUNT = 1000
DOMAIN = 'relay.mssp.example'

CUSTOMERS = [
    ('contoso', 'Contoso GmbH'), ('fabrikam', 'Fabrikam Inc'),
    ('mueller', 'Müller & Söhne'), ('tailspin', 'Tailspin Toys'),
    ('wingtip', 'Wingtip SARL'), ('northwind', 'Northwind Traders'),
    ('hidaka', '日高電機'), ('adatum', 'A. Datum Corporation'),
    ('litware', 'Litware SpA'), ('proseware', 'Proseware BV'),
]
SEVERITIES = ['Informational', 'Low', 'Medium', 'High']
THREATS = [
    'Suspicious PowerShell command line', 'Ransomware activity',
    'Password spray from an unusual place', 'Hands-on-keyboard attack',
    'Malicious file detected in mail', 'Possible theft of credentials',
    'Connection to a known command and control server',
]
WORDS = ('process file user account service logon registry value network '
         'connection script loaded module memory remote address scheduled '
         'task created modified observed blocked allowed behaviour pattern '
         'matches activity group seen before device evidence entity').split()
STYLE = ("font-family:'Segoe UI',Arial,sans-serif;font-size:14px;"
         'line-height:20px;color:#323130;padding:6px 12px;'
         'border-bottom:1px solid #edebe9')


def tenant(customer):
    return '%08x-86f1-41af-91ab-2d7cd011db47' % (0x72f98800 + customer)


def mailbox(customer):
    return '%s@%s' % (CUSTOMERS[customer][0], DOMAIN)


def severity(customer):
    return SEVERITIES[customer % 4]


def encoded_word(text):
    """A header's text, as it has to be written (RFC 2047)."""
    if text.isascii():
        return text
    return '=?utf-8?Q?%s?=' % ''.join(
        '_' if c == ' ' else c if c.isascii() and c.isalnum() else
        ''.join('=%02X' % b for b in c.encode()) for c in text)


def sentence(rng, words):
    return ' '.join(rng.choice(WORDS) for _ in range(words)).capitalize() + '.'


def token(rng, count):
    return ''.join(rng.choice('abcdefghijklmnopqrstuvwxyzABCDEF0123456789+/')
                   for _ in range(count))


def trace(rng, recipient):
    """The header fields that servers on the way put on top."""
    fields = ['Authentication-Results: mx.mssp.example;\n'
              '\tdkim=pass header.d=microsoft.com;\n'
              '\tdmarc=pass (policy=reject) header.from=microsoft.com']
    for hop in range(5):
        fields.append(
            'Received: from out%d.mail.example (192.0.2.%d)\n\tby in%d.mail.'
            'example (Postfix) with ESMTPS id %s\n\tfor <%s>; Mon,  9 Nov '
            '2026 08:15:%02d +0000 (UTC)' % (hop, rng.randrange(255), hop,
                                            token(rng, 12), recipient, hop))
    for name in ('ARC-Seal', 'ARC-Message-Signature', 'DKIM-Signature'):
        fields.append('%s: i=1; a=rsa-sha256; s=s1024; d=microsoft.com;\n\tb=%s'
                      % (name, '\n\t '.join(token(rng, 70)
                                            for _ in range(6))))
    fields.append('X-Report: ' + '\n '.join(token(rng, 70)
                                            for _ in range(34)))
    return fields


def rows_of(customer, device, title):
    return [('Severity', severity(customer)), ('Title', title),
            ('Device', device + '.corp.example'),
            ('Organization', CUSTOMERS[customer][1]),
            ('Category', 'Execution'),
            ('First activity', '11/9/2026 7:58:12 AM UTC')]


def html(rows, story, link):
    lines = ['<html><head><meta http-equiv="Content-Type" content="text/html; '
             'charset=utf-8"></head><body style="margin:0">',
             '<table width="600" cellpadding="0" cellspacing="0">']
    for label, value in rows:
        lines.append('<tr><td style="%s"><b>%s</b></td><td style="%s">%s</td>'
                     '</tr>' % (STYLE, label, STYLE,
                                value.replace('&', '&amp;')))
    for line in story:
        lines.append('<tr><td colspan="2" style="%s"><span style="%s">%s'
                     '</span></td></tr>' % (STYLE, STYLE, line))
    lines.append('<tr><td colspan="2"><a href="%s">View alert</a></td></tr>'
                 '</table></body></html>' % link.replace('&', '&amp;'))
    return '\n'.join(lines)


def slot_of(number):
    """The number in the name of the device that a mail is about."""
    return random.Random(number).randrange(10000)


def mail(number):
    """The bytes of a mail, and who gets it."""
    rng = random.Random(number)
    slot = rng.randrange(10000)
    customer = slot // 1000
    title = '%s at %s, case %04d' % (rng.choice(THREATS),
                                     CUSTOMERS[customer][1], number)
    subject = '%s-severity alert: %s' % (severity(customer), title)
    link = ('https://security.microsoft.com/alerts/da%d_-1?tid=%s'
            % (637000000000000000 + number, tenant(customer)))
    rows = rows_of(customer, 'pc-%04d' % slot, title)
    story = [sentence(rng, 14) for _ in range(rng.randrange(38, 61))]
    plain = '\n'.join(['%s: %s' % row for row in rows] + [''] + story +
                      ['', link])
    recipient = mailbox(customer)
    fields = trace(rng, recipient) + [
        'From: Office 365 Alerts <Office365Alerts@microsoft.com>',
        'To: ' + recipient,
        'Subject: ' + encoded_word(subject),
        'Date: Mon, 09 Nov 2026 08:14:58 +0000',
        'Message-ID: <%d.%s@az.westeurope.microsoft.com>'
        % (number, token(rng, 10).replace('/', 'x')),
        'MIME-Version: 1.0',
        'Content-Type: multipart/alternative; boundary="--==_b1"']
    parts = []
    for kind, text in (('plain', plain), ('html', html(rows, story, link))):
        parts.append('----==_b1\nContent-Type: text/%s; charset=utf-8\n'
                     'Content-Transfer-Encoding: quoted-printable\n\n%s\n'
                     % (kind, quopri.encodestring(text.encode())
                        .decode('ascii')))
    return (('\n'.join(fields) + '\n\n' + ''.join(parts) + '----==_b1--\n')
            .encode('ascii'), recipient)


def write(folder, count=COUNT):
    """NUMBER.eml; a list of (file, recipient)."""
    mails = []
    for number in range(count):
        name = os.path.join(folder, '%04d.eml' % number)
        data, recipient = mail(number)
        with open(name, 'wb') as file:
            file.write(data)
        mails.append((name, recipient))
    return mails


# ---- the same rules for each program ----

def each_rule(count):
    """Number, customer and the start of a device's name."""
    digits = len(str(count - 1)) if count > 1 else 1
    for number in range(count):
        start = '%0*d' % (digits, number)
        yield number, int(start[0]), 'pc-' + start


def tocsin(count):
    out = []
    for customer, (name, organization) in enumerate(CUSTOMERS):
        out.append('customer %s "%s" {\n\ttenant %s\n\tmailbox %s\n'
                   '\trecipients @mssp.example' %
                   (name, organization, tenant(customer), mailbox(customer)))
        for number, owner, start in each_rule(count):
            if owner == customer:
                out.append('\trule r%d when severity is %s and device like '
                           '"%s*" notify primary' %
                           (number, severity(customer).lower(), start))
        out.append('\totherwise notify soc-desk\n}')
    return '\n'.join(out) + '\n'


# Where the other programs look for severity and customer: in the subject, or, as
# mails of Defender XDR need it, in the body.
SUBJECT, BODY = 'subject', 'body'


def wanted(style, customer):
    """The pieces that must be there."""
    organization = CUSTOMERS[customer][1]
    if style == SUBJECT:
        return severity(customer) + '-severity alert', organization
    return ('Severity: ' + severity(customer), 'Organization: ' + organization)


def procmail(count, boxes, style):
    where = '^Subject:.*' if style == SUBJECT else 'B ?? '
    out = ['MAILDIR=%s\nDEFAULT=%s/otherwise/\nSHELL=/bin/sh\n' %
           (boxes, boxes)]
    for number, customer, start in each_rule(count):
        tests = ['* %s%s' % (where, piece)
                 for piece in wanted(style, customer)]
        out.append(':0\n%s\n* B ?? %s\n%s/r%d/\n' %
                   ('\n'.join(tests), start, boxes, number))
    return '\n'.join(out)


def maildrop(count, boxes, style):
    form = '/^Subject:.*%s/' if style == SUBJECT else '/%s/:b'
    out = []
    for number, customer, start in each_rule(count):
        tests = [form % piece.replace('&', '\\&')
                 for piece in wanted(style, customer)]
        out.append('if (%s && /%s/:b)\n{\n\tto "%s/r%d"\n}' %
                   (' && '.join(tests), start, boxes, number))
    return '\n'.join(out) + '\nto "%s/otherwise"\n' % boxes


def fdm(count, boxes, style):
    form = '"^Subject:.*%s" in headers' if style == SUBJECT else '"%s" in body'
    out = ['set lock-file "%s/lock"\naccount "stdin" disabled stdin\n'
           'action "otherwise" maildir "%s/otherwise"' % (boxes, boxes)]
    matches = []
    for number, customer, start in each_rule(count):
        out.append('action "r%d" maildir "%s/r%d"' % (number, boxes, number))
        tests = [form % piece for piece in wanted(style, customer)]
        matches.append('match %s and "%s" in body action "r%d"' %
                       (' and '.join(tests), start, number))
    return '\n'.join(out + matches + ['match all action "otherwise"', ''])


def script(count, style):
    """For script.py."""
    return json.dumps([[wanted(style, customer), start, 'r%d' % number]
                       for number, customer, start in each_rule(count)])


def alertmanager(count):
    """The route of Alertmanager's configuration, and its receivers."""
    out = ['route:\n  receiver: otherwise\n  routes:']
    for number, customer, start in each_rule(count):
        out.append('  - receiver: r%d\n    matchers: [customer="%s", '
                   'severity="%s", device=~"%s.*"]' %
                   (number, CUSTOMERS[customer][0],
                    severity(customer).lower(), start))
    out.append('receivers:\n- name: otherwise')
    return '\n'.join(out + ['- name: r%d' % number for number in
                            range(count)]) + '\n'


def labels(number, count):
    """A mail as arguments of amtool, with the receiver that it must find."""
    slot = slot_of(number)
    rule = slot // (10000 // count)
    return ('customer=%s severity=%s device=pc-%04d --verify.receivers=r%d' %
            (CUSTOMERS[slot // 1000][0], severity(slot // 1000).lower(), slot,
             rule))


def sieve(count, style):
    form = ('header :contains "subject" "%s"' if style == SUBJECT else
            'body :content "text" :contains "%s"')
    out = ['require ["fileinto", "body"];']
    for number, customer, start in each_rule(count):
        tests = [form % piece for piece in wanted(style, customer)]
        out.append('if allof (%s, body :content "text" :contains "%s") '
                   '{ fileinto "r%d"; stop; }' %
                   (', '.join(tests), start, number))
    return '\n'.join(out) + '\n'
