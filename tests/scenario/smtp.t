#!/usr/bin/env python3
"""The send layer against real SMTP servers that refuse, stall, drop and lie
(TAP). Each fault has a class: the delivery was made, is refused, is tried
again, or may have been made. The table of what happened is printed."""
import base64
import concurrent.futures
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, 'lib'))
from certificates import Certificates
from relay import WAIT, wait_for
from smtp_server import SmtpServer, closed_port

BUILD = os.environ.get('BUILD', 'build')
PROGRAM = os.path.join(BUILD, 'tests', 'send_tool')
USER, PASSWORD = 'tocsin', 'Tr0ub4dor-and-3'
SECRETS = [PASSWORD, base64.b64encode(PASSWORD.encode()).decode(),
           base64.b64encode(('\0%s\0%s' % (USER, PASSWORD)).encode()).decode()]

work = tempfile.mkdtemp(prefix='tocsin-smtp-')
made = Certificates(work)
lock = threading.Lock()
count = failures = 0
said = []               # everything any sender wrote
table, each_answer = [], []


def ok(good, name, *notes):
    global count, failures
    with lock:
        count += 1
        failures += not good
        print('%s %d - %s' % ('ok' if good else 'not ok', count, name))
        for note in notes if not good else ():
            print('# ' + str(note))
    return good


def path(name, text=None, mode=0o600):
    name = os.path.join(work, name)
    if text is not None:
        with open(name, 'w', encoding='utf-8') as file:
            file.write(text)
        os.chmod(name, mode)
    return name


MESSAGE = path('message.eml', 'Subject: alert\n\n.a line with a dot\n' +
               'A device was seen.\n' * 20)
BIG = path('big.eml', 'Subject: alert\n\n' +
           ('A device was seen. ' * 50 + '\n') * 10000)
SECRET = path('password', PASSWORD + '\n')
LOGIN = 'login %s password-file %s' % (USER, SECRET)
TRUST = 'ca-file ' + made.authority
made.pair('good')


class Sender:
    """The program, with one relay."""

    numbers = itertools.count()

    def __init__(self, hosts, clauses='tls none', message=MESSAGE,
                 timeout='60s', more=''):
        number = next(Sender.numbers)
        hosts = ', '.join(each if isinstance(each, str) else
                          'localhost:%d' % each for each in hosts)
        conf = path('%d.conf' % number, 'relay r { smtp %s %s timeout %s }\n'
                    '%s\n' % (hosts, clauses, timeout, more))
        self.errors = open(path('%d.stderr' % number), 'w+')
        self.process = subprocess.Popen(
            [PROGRAM, conf, message], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self.errors, text=True)

    def tell(self, line):
        self.process.stdin.write(line + '\n')
        self.process.stdin.flush()

    def send(self, recipient='ana@mssp.example'):
        self.tell('send tocsin@mssp.example ' + recipient)
        return self.result()

    def result(self):
        line = self.process.stdout.readline()
        said.append(line)
        return json.loads(line)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.stdin.close()
        try:
            self.process.wait(WAIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.errors.seek(0)
        said.append(self.errors.read())
        self.errors.close()
        if self.process.returncode:
            raise RuntimeError('send_tool: %d %s' %
                               (self.process.returncode, said[-1]))


def tls(kind='good', **more):
    return dict(certificate=made.pair(kind), **more)


AUTH = dict(auth={USER: PASSWORD})
LOGGED_IN = tls(**AUTH)
SECURE = 'tls required %s ' % TRUST
OVER_TLS = SECURE + LOGIN

# Each kind of answer at each step, and what becomes of the mail.
ANSWERS = {
    '259': '259 a yes, but another one', '354': '354 go on',
    '421': '!421 4.3.2 busy', '450': '450 4.2.0 later',
    '550': '550 5.1.1 no', '650': '650 what?', 'garbage': 'garbage',
    'drop': 'drop', 'stall': 'stall', 'slow': 'slow'}
GRID = '''
step     259  354  421  450  550  650  garbage drop stall slow
greeting yes  no+  no+  no+  no+  -    -       -    -     yes
hello    tls  no+  no+  no+  no+  no   no      no   no    yes
tls      fix+ fix+ no+  fix+ fix+ fix  no      no   no    yes
auth     fix+ fix+ no+  no+  fix+ fix  no      no   no    yes
mail     yes  no+  no+  no+  bad+ no   no      no   no    yes
rcpt     yes  no+  no+  no+  bad+ no   no      no   no    yes
data     no+  yes  no+  no+  bad+ no   no      no   no    yes
dot      yes+ may+ no+  no+  bad+ may  may     may  may   yes
quit     yes  yes  yes  yes  yes  yes  yes     yes  yes   yes
'''
MEANINGS = {
    'yes': 'ok dot 250', 'yes+': 'ok dot {code}',
    'no': 'temporary {step} 0', 'no+': 'temporary {step} {code}',
    'fix': 'temporary {step} 0 mend', 'fix+': 'temporary {step} {code} mend',
    'may': 'temporary dot 0 maybe', 'may+': 'temporary dot {code} maybe',
    'bad+': 'permanent {step} {code}',
    '-': 'temporary connect 0',         # a greeting that none was
    'tls': 'temporary tls 0 mend'}      # EHLO without an offer of STARTTLS


def grid():
    """Its cells as rows of FAULTS."""
    head, *rows = [line.split() for line in GRID.strip().splitlines()]
    for step, *cells in rows:
        for kind, cell in zip(head[1:], cells):
            yield ('%s at %s' % (kind, step), dict(LOGGED_IN),
                   {step: ANSWERS[kind]}, OVER_TLS,
                   MEANINGS[cell].format(step=step, code=kind))


# One server, one mail. The name; what the server does; faults; clauses; what
# must come: outcome, step, reply code, and of `maybe` and `mend` those true.
FAULTS = [
    ('all is well', {}, {}, None, 'ok dot 250'),
    ('all is well over STARTTLS', tls(), {}, SECURE, 'ok dot 250'),
    ('all is well over implicit TLS', tls(is_implicit=True), {},
     'tls implicit ' + TRUST, 'ok dot 250'),
    ('login with PLAIN', dict(LOGGED_IN, require_auth=True), {},
     OVER_TLS, 'ok dot 250'),
    ('login with LOGIN', dict(LOGGED_IN, require_auth=True), {},
     OVER_TLS + ' auth login', 'ok dot 250'),
    ('LOGIN where PLAIN is not offered',
     dict(LOGGED_IN, require_auth=True, mechanisms=['LOGIN']), {}, OVER_TLS,
     'ok dot 250'),

    ('AUTH 535 that repeats the password', LOGGED_IN, {'auth': 'echo'},
     OVER_TLS, 'temporary auth 535 mend'),
    ('AUTH LOGIN 535 that repeats the password', LOGGED_IN, {'auth': 'echo'},
     OVER_TLS + ' auth login', 'temporary auth 535 mend'),
    ('no common way to log in', dict(LOGGED_IN, mechanisms=['XOAUTH2']), {},
     OVER_TLS, 'temporary auth 0 mend'),
    ('login needed, none given', tls(require_auth=True, **AUTH), {}, SECURE,
     'temporary mail 530 mend'),

    ('MAIL 552, by the size that was offered', dict(size=100), {}, None,
     'permanent mail 552'),
    ('552 in the middle of a large message', {},
     {'content': '552 5.3.4 too big'}, 'big', 'temporary content 0'),
    ('dot 552', {}, {'dot': '552 5.3.4 too big'}, None, 'permanent dot 552'),
    ('a lying 250', {}, {'dot': 'lie'}, None, 'ok dot 250'),

    ('dropped in the middle of a large message', {}, {'content': 'drop'},
     'big', 'temporary content 0'),

    ('stalled in the middle of a large message', {}, {'content': 'stall'},
     'big', 'temporary content 0'),
    ('longer to answer the dot than other steps', {}, {'dot': 'wait 8'}, None,
     'ok dot 250'),

    ('STARTTLS stripped', {}, {}, SECURE, 'temporary tls 0 mend'),
    ('certificate expired', tls('expired'), {}, SECURE,
     'temporary tls 0 mend'),
    ('certificate for another name', tls('wrong-name'), {}, SECURE,
     'temporary tls 0 mend'),
    ('certificate self-signed', tls('self-signed'), {}, SECURE,
     'temporary tls 0 mend'),
    ('certificate by an authority the system does not know', tls(), {},
     'tls required', 'temporary tls 0 mend'),
    ('certificate expired, implicit TLS', tls('expired', is_implicit=True), {},
     'tls implicit ' + TRUST, 'temporary tls 0 mend'),
    ('implicit TLS, and a server without', {}, {}, 'tls implicit ' + TRUST,
     'temporary connect 0'),
]


def describe(result):
    words = [result['outcome'], result['step'], str(result['code'])]
    return ' '.join(words + [each for each in ('maybe', 'mend', 'stopped')
                             if result[each]])


def patience(faults):
    """Little where the server makes us wait, much where it does not."""
    waits = [each for step, each in faults.items() if step != 'quit' and
             each.split()[0] in ('stall', 'garbage', 'wait')]
    return '3s' if waits or '259' in faults.get('data', '') else '60s'


def wait_for_quit(server):
    """Every connection ends with it."""
    return wait_for(lambda: all(each[-1:] == ['QUIT']
                                for each in server.commands))


def run_fault(case):
    name, server, faults, clauses, want = case
    is_big = clauses == 'big'
    clauses = 'tls none' if is_big else clauses or 'tls none'
    with SmtpServer(faults, **server) as served:
        with Sender([served.port], clauses, BIG if is_big else MESSAGE,
                    patience(faults)) as by:
            result = by.send()
        got = describe(result)
        if 'quit' in faults and not wait_for_quit(served):
            got += ' without QUIT'
    return name, want, got, result


def check_faults():
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        for name, want, got, result in pool.map(run_fault, [*grid(), *FAULTS]):
            each_answer.append((name, got, result['text']))
            ok(got == want and result['text'], '%s: %s' % (name, want),
               'got: ' + got, result)


# Stories of several mails or servers

def one_bad_of_five():
    bad = '550-5.1.1 unknown here\n550 5.1.1 see https://x.example'
    with SmtpServer({'rcpt c@x.example': bad}) as server:
        with Sender([server.port]) as by:
            results = [by.send(each + '@x.example') for each in 'abcde']
        ok([each['outcome'] for each in results] ==
           ['ok', 'ok', 'permanent', 'ok', 'ok'],
           'one bad recipient of five harms no other', results)
        ok(results[2]['text'] == '550 5.1.1 unknown here 5.1.1 see '
           'https://x.example', "and the server's words are kept whole",
           results[2])
        ok(len(server.mails) == 4 and
           all(len(mail.recipients) == 1 for mail in server.mails),
           'each mail has one recipient', server.mails)
        ok(server.mails[0].content.startswith(
           b'Subject: alert\r\n\r\n.a line'), 'and arrives octet for octet')


def connection_is_kept():
    with SmtpServer({'dot': [None, '554 5.6.0 spam']}) as server:
        with Sender([server.port]) as by:
            results = [by.send()['outcome'] for _ in range(3)]
            ok(results == ['ok', 'permanent', 'ok'] and
               len(server.commands) == 1,
               'one connection serves many mails, also after a refusal',
               results, server.commands)
            by.tell('rest')
            by.send()
        wait_for_quit(server)
        ok([each[-1] for each in server.commands] == ['QUIT', 'QUIT'],
           'an idle connection is closed with QUIT', server.commands)


def dead_connection():
    with SmtpServer() as server:
        with Sender([server.port]) as by:
            by.send()
            server.hang_up()
            ok(by.send()['outcome'] == 'ok',
               'a connection closed while idle costs no delivery')
    with SmtpServer({'mail': [None, '!421 4.4.2 idle for too long']}) as server:
        with Sender([server.port]) as by:
            by.send()
            ok(by.send()['outcome'] == 'ok', 'nor does 421 for being idle')


def late_reply():
    late = ['wait 12', None]
    with SmtpServer({'dot': late}) as server:
        with Sender([server.port], timeout='2s') as by:
            first = by.send('a@x.example')
            server.faults['rcpt b@x.example'] = '550 5.1.1 unknown'
            second = by.send('b@x.example')
            third = by.send('c@x.example')
        ok([describe(each) for each in (first, second, third)] ==
           ['temporary dot 0 maybe', 'permanent rcpt 550', 'ok dot 250'],
           'a late answer is never booked on the next mail',
           first, second, third)


def next_host(name, faults, want, clauses='tls none', **server):
    """What the second host gets after the first did this."""
    with SmtpServer(faults, **server) as bad:
        with SmtpServer(certificate=server.get('certificate') and
                        made.pair('good'), auth=server.get('auth')) as good:
            message = BIG if 'content' in faults else MESSAGE
            with Sender([bad.port, good.port], clauses, message,
                        patience(faults)) as by:
                result = by.send()
            ok(describe(result) == want and len(good.mails) ==
               (result['host'].endswith(str(good.port))) and
               bool(result['passed_over']) == bool(good.mails),
               'first of two hosts: %s: %s' % (name, want), result)
            table.append(('first of two: ' + name, describe(result),
                          result['text']))


def two_hosts():
    well = 'ok dot 250'
    for each in [
            ('554 at greeting', {'greeting': '554 no'}, well),
            ('450 at greeting', {'greeting': '450 no'}, well),
            ('stalls at once', {'connect': 'stall'}, well),
            ('drops after MAIL', {'mail': 'drop'}, well),
            ('stalls after RCPT', {'rcpt': 'stall'}, well),
            ('421 at RCPT', {'rcpt': '!421 busy'}, well),
            ('drops in the message', {'content': 'drop'}, well),
            ('421 at dot', {'dot': '!421 busy'}, well),
            ('550 at RCPT', {'rcpt': '550 no'}, 'permanent rcpt 550'),
            ('450 at RCPT', {'rcpt': '450 no'}, 'temporary rcpt 450'),
            ('554 at dot', {'dot': '554 no'}, 'permanent dot 554'),
            ('drops after the dot', {'dot': 'drop'},
             'temporary dot 0 maybe')]:
        next_host(*each)
    next_host('certificate expired', {}, 'ok dot 250 mend', SECURE,
              certificate=made.pair('expired'))
    next_host('AUTH refused', {'auth': '535 5.7.8 no'}, 'ok dot 250 mend',
              OVER_TLS, **LOGGED_IN)


def both_down():
    ports = [closed_port(), closed_port()]
    with Sender(ports) as by:
        result = by.send()
        table.append(('both hosts down', describe(result), result['text']))
        ok(describe(result) == 'temporary connect 0' and
           str(ports[0]) in result['passed_over'] and
           str(ports[1]) in result['text'],
           'both hosts down: temporary, and both reasons are told', result)
        by.tell('pass 3600')
        with SmtpServer(port=ports[1]):
            ok(by.send()['outcome'] == 'ok', 'and an hour later one is back')


def slow_host_is_left_alone():
    with SmtpServer({'connect': 'stall'}) as stalled, SmtpServer() as good:
        with Sender([stalled.port, good.port], timeout='2s') as by:
            first, second = by.send(), by.send()
            by.tell('pass 31')
            third = by.send()
        ok(['left alone' in each['passed_over'] for each in
            (first, second, third)] == [False, True, False] and
           stalled.stalling == 2,
           'a host that stalled is left alone for half a minute',
           first, second, third)


def wrong_password_is_not_hammered():
    with SmtpServer({'auth': '535 5.7.8 no'}, **LOGGED_IN) as server:
        with Sender([server.port], OVER_TLS) as by:
            by.send(), by.send(), by.send()
            ok(len(server.commands) == 1,
               'a refused login is not repeated at once', server.commands)


def smtputf8():
    with SmtpServer(smtputf8=False) as old, SmtpServer() as new:
        with Sender([old.port]) as by:
            result = by.send('jürgen@x.example')
            ok(describe(result) == 'permanent hello 0' and
               'SMTPUTF8' in result['text'],
               'a UTF-8 address where it is not offered: permanent', result)
            ok(len(old.commands[0]) == 1, 'and nothing of the mail was sent',
               old.commands)
            by.send()
            result = by.send('jürgen@x.example')
            ok(result['outcome'] == 'permanent' and len(old.mails) == 1,
               'nor over a connection that is kept', result)
        with SmtpServer(smtputf8=False, **tls()) as server:
            with Sender([server.port], SECURE) as by:
                result = by.send('jürgen@x.example')
            ok(describe(result) == 'permanent hello 0' and
               len(server.commands[0]) == 3, 'and so over STARTTLS', result,
               server.commands)
        with Sender([old.port, new.port]) as by:
            result = by.send('jürgen@x.example')
            ok(result['outcome'] == 'ok' and
               new.mails[0].options.startswith('SMTPUTF8'),
               'the host that offers it gets it', result)
        with Sender([old.port, closed_port()]) as by:
            ok(by.send('jürgen@x.example')['outcome'] == 'temporary',
               'temporary as long as another host may offer it')


def given_up():
    for step, want in (('rcpt', 'temporary rcpt 0 stopped'),
                       ('dot', 'temporary dot 0 maybe')):
        with SmtpServer({step: 'stall'}) as server:
            with Sender([server.port], timeout='%ds' % WAIT) as by:
                by.tell('send tocsin@mssp.example ana@mssp.example')
                wait_for(lambda: server.stalling)
                by.process.send_signal(signal.SIGUSR1)
                result = by.result()
        ok(describe(result) == want,
           'asked to stop, a delivery does not wait for its time-out: ' + want,
           result)


def pool_of_threads():
    with SmtpServer({'rcpt': 'stall'}) as bad, SmtpServer() as good:
        more = 'relay s { smtp localhost:%d tls none }' % good.port
        with Sender([bad.port], more=more, timeout='%ds' % WAIT) as by:
            for number in range(8):
                by.tell('submit r slow%d@x.example' % number)
            for number in range(30):
                by.tell('submit s %d@x.example' % number)
            by.tell('collect 30')
            first = [by.result() for _ in range(30)]
            ok({each['outcome'] for each in first} == {'ok'} and
               len(good.mails) == 30,
               'a relay that stalls never holds all threads', first)
            wait_for(lambda: bad.stalling == 3)
            by.tell('drain 500')
            rest = [by.result() for _ in range(8)]
        ok({describe(each) for each in rest} ==
           {'temporary rcpt 0 stopped', 'temporary none 0 stopped'},
           'draining hands back what was under way and what was not begun',
           [describe(each) for each in rest])


def hostile_replies():
    nasty = '550 5.1.1 \udcff\x1b[31m\x00' + 'x' * 5000
    with SmtpServer({'rcpt': nasty}) as server:
        with Sender([server.port]) as by:
            result = by.send()
    ok(describe(result) == 'permanent rcpt 550' and len(result['text']) < 1100,
       'a reply of 5,000 octets is cut', len(result['text']))
    endless = '\n'.join(['550-more and more'] * 100000)
    with SmtpServer({'rcpt': endless}) as server:
        with Sender([server.port]) as by:
            result = by.send()
    ok(result['outcome'] in ('permanent', 'temporary') and
       len(result['text']) < 1100, 'a reply that never ends is survived',
       result)
    with SmtpServer() as server:
        with Sender([server.port]) as by:
            result = by.send('a>b@x.example')
    ok(describe(result) == 'permanent none 0' and not server.commands,
       'what is no address never reaches a server', result)


def names():
    with SmtpServer() as server:
        with Sender([server.port], 'tls none hello relay.example') as by:
            by.send()
        ok(server.mails[0].hello == 'relay.example',
           'EHLO says the name that is configured', server.mails)
    with SmtpServer() as server:
        with Sender([server.port]) as by:
            by.send()
        ok(server.mails[0].hello == 'tool.mssp.example',
           'or the one that it is given', server.mails)
    try:
        server = SmtpServer(host='::1', **tls())
    except OSError:
        return                  # a machine without IPv6
    with server:
        with Sender(['[::1]:%d' % server.port], SECURE) as by:
            ok(by.send()['outcome'] == 'ok', 'an IPv6 address is a host too')


def environment():
    os.environ['all_proxy'] = 'http://127.0.0.1:1'
    with SmtpServer() as server:
        with Sender([server.port]) as by:
            ok(by.send()['outcome'] == 'ok', 'proxy variables are ignored')
    del os.environ['all_proxy']


def no_secret_was_told():
    text = ''.join(said)
    ok(not any(secret in text for secret in SECRETS),
       'no password in any result or error, in no encoding')
    ok('(hidden)' in text, 'not even when the server repeats it')


STORIES = [one_bad_of_five, connection_is_kept, dead_connection, late_reply,
           two_hosts, both_down, slow_host_is_left_alone,
           wrong_password_is_not_hammered, smtputf8, given_up,
           pool_of_threads, hostile_replies,
           names]

try:
    environment()
    with concurrent.futures.ThreadPoolExecutor() as stories:
        running = [stories.submit(story) for story in STORIES]
        check_faults()
        for story in running:
            story.result()
    no_secret_was_told()
    print('#')
    for row in each_answer + table:
        print('# %-52s %-26s %s' % (row[0], row[1],
                                    ascii(row[2])[1:-1][:90]))
finally:
    shutil.rmtree(work)
print('1..%d' % count)
sys.exit(failures != 0)
