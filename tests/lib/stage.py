"""One daemon that meets one hostile thing after the other, for scenario tests.

After each, somebody was told or a row says why not; what went out is a
well-formed mail to people who may have it; the log is one readable line for
each event; and the next ordinary mail is told.
"""
import email
import email.policy
import html.parser
import re

from relay import WAIT, mail, ok, wait_for

CONTOSO = 'contoso@relay.mssp.example'
CATCH_ALL = {'soc@mssp.example'}
PEOPLE = {'ana@mssp.example', 'bob@mssp.example', 'archive@mssp.example'}
OURS = CATCH_ALL | PEOPLE

HEADERS = {'From', 'To', 'Subject', 'Date', 'Message-ID', 'References',
           'Auto-Submitted', 'X-Auto-Response-Suppress', 'Importance', 'List-Id',
           'X-Tocsin-Code',
           'X-Tocsin-Customer', 'X-Tocsin-Rule', 'MIME-Version',
           'Content-Type', 'Content-Transfer-Encoding'}

# What a reader must not meet: control characters that are no line end, those
# that reorder or hide text, halves of characters.
FOUL = re.compile('[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f'
                  '\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]')


class Tags(html.parser.HTMLParser):
    """What a page of ours never has."""

    def __init__(self, text):
        super().__init__()
        self.faults = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name.startswith('on') or 'javascript:' in (value or ''):
                self.faults.append('%s %s=%s' % (tag, name, value))
        if tag in ('script', 'iframe', 'object', 'form', 'base', 'img'):
            self.faults.append(tag)


def faults_of_headers(message, recipient):
    names = list(message.keys())
    faults = ['header %s' % name for name in names if name not in HEADERS]
    faults += ['%s twice' % name for name in names if names.count(name) > 1]
    if message['To'] not in (recipient, '<%s>' % recipient):
        faults.append('it is to %s' % message['To'])
    if FOUL.search(message['Subject']):
        faults.append('subject %r' % message['Subject'])
    return faults


def faults_of_part(part):
    if part.get_content_maintype() != 'text':
        part.get_content()
        return []
    text = part.get_content()
    faults = ['%s has %r' % (part.get_content_type(), found)
              for found in FOUL.findall(text)[:3]]
    if part.get_content_type() == 'text/html':
        faults += Tags(text).faults
    return faults


# The mail that is attached to ours, up to the boundary of ours behind it.
ORIGINAL = re.compile(rb'(\r\nContent-Type: message/rfc822; .*?\r\n\r\n)'
                      rb'.*?(\r\n--=_tocsin)', re.S)


def faults_of_mail(octets, recipient):
    """What is not as RFC 5322 and 2045 want it in an outgoing mail; what is
    attached may be as wrong as it came, within its part."""
    faults = []
    lines = octets.split(b'\r\n')
    if lines[-1] or any(b'\r' in line or b'\n' in line for line in lines):
        faults.append('a line does not end in CRLF')
    if max(map(len, lines)) > 998:
        faults.append('a line of %d octets' % max(map(len, lines)))
    if any(octet > 126 or octet == 0 for octet in octets):
        faults.append('not in 7 bits')
    strict = email.policy.SMTP.clone(raise_on_defect=True)
    try:
        message = email.message_from_bytes(
            ORIGINAL.sub(rb'\1From: x@x.example\r\n\r\nx\2', octets),
            policy=strict)
        faults += faults_of_headers(message, recipient)
        for part in message.walk():
            if not part.is_multipart():
                faults += faults_of_part(part)
    except Exception as error:      # whatever it is, the mail is at fault
        faults.append('%s: %s' % (type(error).__name__, error))
    return faults


def faults_of_log(text):
    value = r'(?:[^" =]*|"(?:[^"\\]|\\.)*")'
    form = re.compile(r'event=[a-z-]+(?: [a-z]+=%s)*' % value)
    return ['log: %r' % line[:200] for line in text.splitlines()
            if FOUL.search(line) or not form.fullmatch(line)]


class Stage:
    def __init__(self, relay):
        self.relay = relay
        self.seen = 0               # the last delivery that was looked at
        self.serial = 0             # of ordinary mails

    def items(self):
        return self.relay.rows('SELECT count(*) FROM item')[0][0]

    def settle(self, items):
        """Until there are so many items and nothing is on its way."""
        return wait_for(lambda: not self.relay.inbox() and
                        self.items() >= items and not self.relay.rows(
                            'SELECT 1 FROM delivery WHERE state IN '
                            '("pending", "claimed") LIMIT 1'))

    def new_mails(self):
        """(recipient, octets) of all that went out since the last time."""
        mails = self.relay.rows(
            'SELECT delivery.id, address, body FROM delivery JOIN message '
            'ON message.delivery = delivery.id WHERE id > ? ORDER BY id',
            self.seen)
        if mails:
            self.seen = mails[-1][0]
        return [each[1:] for each in mails]

    def tail(self):
        return self.relay.read_log()[-3000:]

    def ordinary(self, name):
        """The next ordinary mail."""
        self.serial += 1
        items = self.items()
        self.relay.deliver(mail(id='ordinary-%d' % self.serial), CONTOSO)
        self.settle(items + 1)
        mails = self.new_mails()
        faults = [fault for recipient, octets in mails
                  for fault in faults_of_mail(octets, recipient)]
        ok({who for who, _ in mails} == PEOPLE and not faults and
           self.relay.daemon.poll() is None,
           '%s: and the next ordinary mail is told' % name, *faults,
           self.tail())

    def problem_of_row(self, code, action, reason, sent):
        """Was somebody told, or does a row say why not?"""
        status, out, err = self.relay.command('why', code)
        if status or err or FOUL.search(out):
            return 'why: %s %s' % (out, err)
        if action == 'hold' and code not in self.relay.command('held')[1]:
            return 'held does not show it'
        if not sent and not reason:
            return 'nobody was told, and there is no reason'
        return None

    def meet(self, name, octets, *recipients, told=OURS, action=None,
             authentic=None, has=(), lacks=()):
        """One hostile mail: who may be told of it, what is to be decided, and
        what the texts that go out have and lack."""
        before, log = self.items(), len(self.relay.read_log())
        problems = []
        status = self.relay.deliver(octets, *(recipients or [CONTOSO]))
        if status != (0, ''):
            problems.append('the pipe said %r' % (status,))
        if not self.settle(before + 1):
            problems.append('it is not over after %d s' % WAIT)
        code, did, passed, reason, sent, trace = self.relay.rows(
            'SELECT code, action, authentic, reason, (SELECT count(*) FROM '
            'delivery WHERE item = item.id AND state = "sent"), trace '
            'FROM item ORDER BY id DESC LIMIT 1')[0]
        problems.append(self.problem_of_row(code, did, reason, sent))
        mails = self.new_mails()
        who = {recipient for recipient, _ in mails}
        if not who <= told or (did == 'notify' and not who):
            problems.append('%s were told' % who)
        if action and did != action:
            problems.append('the action is %s' % did)
        if authentic and passed != authentic:
            problems.append('authentic is %s' % passed)
        for recipient, each in mails:
            problems += faults_of_mail(each, recipient)
            problems += self.faults_of_texts(each, has, lacks)
        problems += faults_of_log(self.relay.read_log()[log:])
        problems = [each for each in problems if each]
        ok(not problems, name, *problems, 'trace: %s' % trace, self.tail())
        self.ordinary(name)

    @staticmethod
    def faults_of_texts(octets, has, lacks):
        message = email.message_from_bytes(octets,
                                           policy=email.policy.default)
        text = message['Subject'] + '\n' + ''.join(
            part.get_content() for part in message.walk()
            if part.get_content_type() == 'text/plain')
        return (['no %r in %s' % (word, text[:2000]) for word in has
                 if word not in text] +
                ['%r in it' % word for word in lacks if word in text])
