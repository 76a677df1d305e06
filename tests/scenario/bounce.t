#!/usr/bin/env python3
"""Notifications that come back: every address bounces, also those of the
catch-all, for thirty rounds. Each failure is told once, to somebody else, and
nothing grows."""
import sys

sys.path.insert(0, 'tests/lib')
from relay import Relay, mail, ok, same, done       # noqa: E402

CONTOSO = 'contoso@relay.mssp.example'
US = 'tocsin@relay.mssp.example'
ROUNDS = 30

CONTACTS = '''
person ana      { mail ana@mssp.example }
person bob      { mail bob@mssp.example }
team   primary  { members ana, bob }
team   soc-desk { mail soc@mssp.example, deputy@mssp.example }
team   archive  { mail archive@mssp.example }
'''

TOP = '''From: MAILER-DAEMON@smarthost.example
To: tocsin@relay.mssp.example
Subject: %s
Message-ID: <bounce%d@smarthost.example>
Date: Sat, 21 Nov 2026 10:00:00 +0000
'''
REPORT = '''MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; smarthost.example

Final-Recipient: rfc822; %s
Action: failed
Status: 5.2.2

--b
Content-Type: %s

%s
--b--
'''


def header_of(octets):
    return octets.replace('\r\n', '\n').split('\n\n')[0] + '\n'


class Bouncer:
    """A mail system at which every mailbox is full. It says so in the ways
    that there are."""

    def __init__(self, relay):
        self.relay, self.seen, self.count = relay, set(), 0

    def whole(self, to, octets):
        return (TOP % ('Undelivered Mail Returned to Sender', self.count) +
                'Auto-Submitted: auto-replied\n' +
                REPORT % (to, 'message/rfc822', octets))

    def headers(self, to, octets):
        return (TOP % ('Delivery Status Notification (Failure)', self.count) +
                REPORT % (to, 'text/rfc822-headers', header_of(octets)))

    def late(self, to, octets):
        """Of a server that has no report-type and marks nothing."""
        text = self.headers(to, octets).replace('failed', 'delayed')
        text = text.replace('Status: 5', 'Status: 4')
        return text.replace('/report; report-type=delivery-status', '/mixed')

    def plain(self, to, octets):
        return (TOP % ('failure notice', self.count) +
                '\n<%s>: 552 5.2.2 mailbox full\n\n%s' %
                (to, header_of(octets)))

    def bounce(self, message, way, sender=''):
        self.count += 1
        text = way(message['To'].strip('<>'), message.as_string())
        self.relay.deliver(text.encode(), US, sender=sender)

    def wait(self):
        """Until all that came is decided and sent."""
        self.relay.wait_rows([(0,)], 'SELECT count(*) FROM delivery WHERE '
                             "state <> 'sent'")
        self.relay.wait_log('event=(notify|hold|drop|duplicate) ', self.count + 1)

    def new(self):
        found = [each for each in self.relay.outbox(0)
                 if each['Message-ID'] not in self.seen]
        self.seen.update(each['Message-ID'] for each in found)
        return found


def figures(relay):
    return relay.rows('SELECT (SELECT count(*) FROM item), '
                      '(SELECT count(*) FROM delivery)')[0]


with Relay() as relay:
    relay.write('contacts.rules', CONTACTS)
    relay.start()
    bouncer = Bouncer(relay)
    ways = [bouncer.whole, bouncer.headers, bouncer.plain]
    relay.deliver(mail(title='Ransomware activity'), CONTOSO)
    relay.wait_rows([(3,)], "SELECT count(*) FROM delivery "
                    "WHERE state = 'sent'")

    # What is late is no failure, and keeps none from being told.
    first = bouncer.new()
    bob, = (each for each in first if each['To'] == 'bob@mssp.example')
    bouncer.bounce(bob, bouncer.late)
    bouncer.wait()
    same(figures(relay)[1], 3, 'that a mail is late is told to nobody')
    same(relay.rows('SELECT count(*) FROM held')[0][0], 0, 'nor does it wait '
         'for a person')
    status, out, err = relay.command('why', bob['X-Tocsin-Code'])
    ok('reported' in out and 'delayed' in out and 'returned' not in out,
       'but why says it of the alert', out, err)

    # Bob's mailbox is full.
    bouncer.bounce(bob, bouncer.headers)
    bouncer.wait()
    relay.wait_rows([(5,)], "SELECT count(*) FROM delivery "
                    "WHERE state = 'sent'")
    told = bouncer.new()
    same(sorted(each['To'] for each in told),
         ['deputy@mssp.example', 'soc@mssp.example'],
         'that it failed is told to the catch-all')
    text = told[0].get_body(('plain',)).get_content()
    ok('bob@mssp.example' in text and 'Ransomware activity' in text and
       'igh' in text and 'Contoso' in text,
       'with the address, and the title, severity and customer of its alert',
       told[0]['Subject'], text)
    bouncer.bounce(bob, bouncer.plain)
    bouncer.wait()
    same(figures(relay)[1], 5, 'and not again when it is reported again')
    code = bob['X-Tocsin-Code']
    status, out, err = relay.command('why', code)
    ok('returned' in out, 'why says of the alert that it came back', out, err)

    # The catch-all bounces as well, and so does all that is left.
    last = first + told
    story = []
    for round in range(ROUNDS):
        for number, message in enumerate(last):
            bouncer.bounce(message, ways[(round + number) % len(ways)])
        bouncer.wait()
        story.append(figures(relay))
        last = bouncer.new() or told[:1]
    print('# items, deliveries after each round:', *story)
    same(story[-1][1], story[2][1],
         'after three rounds no mail is made any more')
    ok(story[-1][1] <= 3 + 3 * 2,
       'each mail to a person was told of once, to both of the catch-all',
       story[-1])
    same(story[-1][0] - story[4][0], ROUNDS - 5,
         'and what comes is held, an item each, and nothing more')

    # Reports of which nobody can say what they are about.
    before = figures(relay)[1]
    for number in range(ROUNDS):
        bouncer.count += 1
        relay.deliver((TOP % ('failure notice', 1000 + number) +
                       '\nSomething failed, %d.\n' % number).encode(), US,
                      sender='')
    bouncer.wait()
    same(figures(relay)[1] - before, 2,
         'a report that names nothing is told once a day for its sender')

    # What a program answers to a word of the relay itself.
    before = figures(relay)[1]
    relay.deliver(('From: robot@mssp.example\nSubject: Got it\n'
                   'Message-ID: <robot@mssp.example>\nIn-Reply-To: %s\n\n'
                   'Thank you.\n' % told[0]['Message-ID']).encode(), US,
                  sender='robot@mssp.example')
    bouncer.count += 1
    bouncer.wait()
    same(figures(relay)[1] - before, 0,
         'an answer to a word of the relay itself is told to nobody')
    relay.deliver(('From: bob@mssp.example\nSubject: Re: x\n'
                   'Message-ID: <bob@mssp.example>\nIn-Reply-To: %s\n\n'
                   'I am on it.\n' % first[0]['Message-ID']).encode(), US,
                  sender='bob@mssp.example')
    bouncer.count += 1
    bouncer.wait()
    ok(relay.rows("SELECT count(*) FROM held WHERE reason LIKE '%answers%'")
       [0][0] == 2, 'answers are held')
    relay.stop()
done()
