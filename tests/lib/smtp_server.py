#!/usr/bin/env python3
"""A real SMTP server on loopback that can misbehave at every step.

In a test:

    with SmtpServer(faults={'rcpt bad@x.example': '550 5.1.1 no such user'},
                    directory=folder) as server:
        ... send to 127.0.0.1, server.port ...
        server.mails        # accepted: Mail(sender, recipients, content, ...)
        server.commands     # a list of the lines of each connection
        server.stalling     # how often it fell silent
        server.refused      # tries beyond its limits
        server.times        # when recipients were taken, in its seconds
        server.most         # connections that it had at once

As a program, until it is ended (`port N` is its first line of output):

    tests/lib/smtp_server.py [--port N] [--dir FOLDER] [--starttls KIND]
        [--implicit KIND] [--auth USER:PASSWORD] [--require-auth]
        [--mechanisms PLAIN,LOGIN] [--size N] [--no-smtputf8]
        [--connections N] [--rate N/SECONDS]
        [--fault 'STEP=ACTION']...

`faults` maps a step to an action, or to a list of actions: one for each time
the step is reached, None for a normal answer, and normal answers afterwards.

    steps       connect greeting hello tls auth mail rcpt data content dot quit,
                and `rcpt ADDRESS` for one recipient
    actions     '550 5.1.1 text'    this reply; lines are parted by a newline
                '!421 text'         this reply, then the connection is closed
                'drop'              close without a word
                'stall'             no word, and nothing is read, for good
                'wait 0.5'          half a second later, then as usual
                'slow'              the usual reply, octet by octet
                'garbage'           a line that is no reply
                'lie'               at dot: 250, but the mail is thrown away
                'echo'              at auth: 535 with what the client sent

Limits: with `connections` N, more at once are greeted with 421 4.7.0 and
closed; with `rate` (N, SECONDS), more recipients in any time of that length are
answered 450 4.7.1.

With a `directory`, each accepted mail is a file N.eml there, and log.jsonl has
one line for each mail that came whole: its `outcome` is accepted, refused,
unanswered or lie. `certificate` is a pair of files
(certificates.py): with it STARTTLS is offered, or TLS spoken from the first
octet (`is_implicit`). What follows AUTH is never kept.
"""
import argparse
import base64
import collections
import json
import os
import re
import socket
import ssl
import tempfile
import threading
import time

Mail = collections.namedtuple(
    'Mail', 'sender options recipients content user is_tls hello')


class Gone(Exception):
    """The connection is over."""


held = []


def closed_port():
    """One that refuses until an SmtpServer of ours is given it; nobody else on
    the machine gets it meanwhile."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(('127.0.0.1', 0))
    held.append(sock)
    return sock.getsockname()[1]


class SmtpServer:
    def __init__(self, faults=None, *, port=0, host='127.0.0.1',
                 directory=None, certificate=None, is_implicit=False,
                 auth=None, require_auth=False, mechanisms=('PLAIN', 'LOGIN'),
                 size=None, smtputf8=True, connections=None, rate=None):
        self.faults = {step: list(actions) if isinstance(actions, list)
                       else actions for step, actions in (faults or {}).items()}
        self.directory, self.is_implicit = directory, is_implicit
        self.auth, self.require_auth = auth or {}, require_auth
        self.mechanisms, self.size, self.smtputf8 = mechanisms, size, smtputf8
        self.connections, self.rate = connections, rate
        self.refused, self.times = 0, []
        self.connected = self.most = 0
        self.tls = None
        if certificate:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(*certificate)
        self.mails, self.commands = [], []
        self.lock, self.stopped = threading.Lock(), threading.Event()
        self.stalling = 0
        self.sockets, self.threads = [], []
        self.listener = socket.create_server(
            (host, port), family=socket.AF_INET6 if ':' in host
            else socket.AF_INET)
        self.port = self.listener.getsockname()[1]
        self._start(self._accept)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stop()

    def stop(self):
        """End it; every connection is closed."""
        self.stopped.set()
        with self.lock:
            self.sockets.append(self.listener)
            for each in self.sockets:
                try:
                    each.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        for thread in self.threads:
            thread.join()
        self.listener.close()

    def hang_up(self):
        """Close every connection, but stay."""
        with self.lock:
            for each in self.sockets:
                try:
                    each.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def action(self, step):
        """What is to go wrong at this step now, or None."""
        with self.lock:
            actions = self.faults.get(step)
            if isinstance(actions, list):
                return actions.pop(0) if actions else None
            return actions

    def enter(self):
        """Is there room for one more connection?"""
        with self.lock:
            self.connected += 1
            is_good = (not self.connections or
                       self.connected <= self.connections)
            self.refused += not is_good
            if is_good:
                self.most = max(self.most, self.connected)
            return is_good

    def leave(self):
        with self.lock:
            self.connected -= 1

    def admit(self):
        """May one more recipient be taken now?"""
        with self.lock:
            now = time.monotonic()
            if self.rate:
                count, seconds = self.rate
                if sum(now - each < seconds for each in
                       self.times[-count:]) >= count:
                    self.refused += 1
                    return False
            self.times.append(now)
            return True

    def fastest(self, seconds):
        """The most recipients that were taken in any time of that length."""
        with self.lock:
            times = list(self.times)
        return max((sum(start <= each < start + seconds for each in times)
                    for start in times), default=0)

    def store(self, mail, outcome):
        with self.lock:
            if outcome == 'accepted':
                self.mails.append(mail)
            if not self.directory:
                return
            name = None
            if outcome == 'accepted':
                name = '%d.eml' % len(self.mails)
                with open(os.path.join(self.directory, name), 'wb') as file:
                    file.write(mail.content)
            entry = dict(mail._asdict(), content=name, outcome=outcome,
                         size=len(mail.content))
            with open(os.path.join(self.directory, 'log.jsonl'), 'a',
                      encoding='utf-8') as file:
                file.write(json.dumps(entry) + '\n')

    def _start(self, run, *arguments):
        thread = threading.Thread(target=run, args=arguments, daemon=True)
        self.threads.append(thread)
        thread.start()

    def _accept(self):
        while not self.stopped.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.sockets.append(connection)
                seen = []
                self.commands.append(seen)
            self._start(Session(self, connection, seen).run)


class Session:
    """One connection."""

    def __init__(self, server, connection, seen):
        self.server, self.socket, self.seen = server, connection, seen
        self.reader = connection.makefile('rb')
        self.is_tls, self.user, self.hello = False, None, None
        self.sender = None
        self.recipients, self.options = [], ''

    def run(self):
        is_good = self.server.enter()
        try:
            self.converse(is_good)
        except (Gone, OSError, ValueError):
            pass
        finally:
            self.server.leave()
            with self.server.lock:
                if self.socket in self.server.sockets:
                    self.server.sockets.remove(self.socket)
            self.reader.close()
            self.socket.close()

    def converse(self, is_good):
        if self.server.is_implicit:
            self.start_tls()
        if not is_good:
            self.reply('421 4.7.0 too many connections')
            raise Gone
        self.fault('connect')
        self.answer('greeting', '220 localhost ESMTP')
        while True:
            line = self.read_line().decode('utf-8', 'surrogateescape')
            verb = line.split(' ')[0].upper()
            self.seen.append(verb if verb == 'AUTH' else line)
            run = getattr(self, 'do_' + verb.lower(), None)
            if run:
                run(line)
            else:
                self.reply('502 5.5.2 not known')

    # Reading and writing

    def read_line(self):
        line = self.reader.readline()
        if not line.endswith(b'\n'):
            raise Gone
        return line[:-2] if line.endswith(b'\r\n') else line[:-1]

    def reply(self, text, is_slow=False):
        octets = text.replace('\n', '\r\n') + '\r\n'
        octets = octets.encode('utf-8', 'surrogateescape')
        if not is_slow:
            self.socket.sendall(octets)
            return
        for octet in octets:
            self.socket.sendall(bytes([octet]))
            time.sleep(0.002)

    def fault(self, step):
        """Act out the faults that need no usual reply; the action's name."""
        action = self.server.action(step)
        if action == 'drop':
            raise Gone
        if action == 'stall':
            with self.server.lock:
                self.server.stalling += 1
            # Nothing is read either, so a long message cannot be handed over.
            while not self.server.stopped.wait(0.05):
                if self.is_closed():
                    break
            raise Gone
        if action and action.startswith('wait '):
            time.sleep(float(action[5:]))
            return None
        if action and action.startswith('!'):
            self.reply(action[1:])
            raise Gone
        return action

    def is_closed(self):
        if isinstance(self.socket, ssl.SSLSocket):
            return False
        try:
            flags = socket.MSG_PEEK | socket.MSG_DONTWAIT
            return self.socket.recv(1, flags) == b''
        except BlockingIOError:
            return False
        except OSError:
            return True

    def answer(self, step, usual, action=None):
        """Reply as the script says, or as usual; was it a yes?"""
        action = action or self.fault(step)
        if action == 'garbage':
            self.reply('this is no reply')
            return False
        if action and action[0].isdigit():
            self.reply(action)
            return action[0] in '23'
        self.reply(usual, is_slow=action == 'slow')
        return usual[0] in '23'

    # Commands

    def start_tls(self):
        self.socket.settimeout(10)
        plain = self.socket
        self.socket = self.server.tls.wrap_socket(plain, server_side=True)
        self.socket.settimeout(None)
        with self.server.lock:
            self.server.sockets.remove(plain)
            self.server.sockets.append(self.socket)
        self.reader, self.is_tls = self.socket.makefile('rb'), True

    def do_ehlo(self, line):
        server = self.server
        self.hello = line[5:]
        offers = ['localhost', 'ENHANCEDSTATUSCODES', '8BITMIME']
        if server.smtputf8:
            offers.append('SMTPUTF8')
        if server.size:
            offers.append('SIZE %d' % server.size)
        if server.tls and not self.is_tls:
            offers.append('STARTTLS')
        if server.auth:
            offers.append('AUTH ' + ' '.join(server.mechanisms))
        lines = ['250-' + offer for offer in offers[:-1]]
        self.answer('hello', '\n'.join(lines + ['250 ' + offers[-1]]))

    def do_helo(self, line):
        self.hello = line[5:]
        self.answer('hello', '250 localhost')

    def do_starttls(self, line):
        if not self.server.tls:
            self.reply('502 5.5.1 not offered')
        elif self.answer('tls', '220 2.0.0 go ahead'):
            self.start_tls()

    def ask(self, challenge):
        self.reply('334 ' + challenge)
        return self.read_line().decode()

    def do_auth(self, line):
        words = line.split(' ')
        sent = words[2:] or None
        if words[1] == 'PLAIN':
            sent = sent or [self.ask('')]
            _, user, password = base64.b64decode(sent[0]).decode().split('\0')
        else:
            sent = sent or [self.ask('VXNlcm5hbWU6')]
            user = base64.b64decode(sent[0]).decode()
            sent.append(self.ask('UGFzc3dvcmQ6'))
            password = base64.b64decode(sent[1]).decode()
        action = self.fault('auth')
        if action == 'echo':
            self.reply('535 5.7.8 not understood: %s %s' %
                       (' '.join(sent), password))
        elif self.server.auth.get(user) == password:
            if self.answer('auth', '235 2.7.0 welcome', action):
                self.user = user
        else:
            self.reply('535 5.7.8 wrong user or password')

    def do_mail(self, line):
        found = re.fullmatch(r'MAIL FROM:<([^>]*)> ?(.*)', line, re.I)
        size = found and re.search(r'SIZE=(\d+)', found[2])
        if not found:
            self.reply('501 5.5.4 syntax')
        elif self.server.require_auth and not self.user:
            self.reply('530 5.7.0 authentication required')
        elif (size and self.server.size and int(size[1]) > self.server.size):
            self.reply('552 5.3.4 message too big')
        elif self.answer('mail', '250 2.1.0 ok'):
            self.sender, self.options = found[1], found[2]
            self.recipients = []

    def do_rcpt(self, line):
        found = re.fullmatch(r'RCPT TO:<([^>]*)> ?(.*)', line, re.I)
        if not found or self.sender is None:
            self.reply('503 5.5.1 not now')
            return
        action = self.fault('rcpt ' + found[1]) or self.fault('rcpt')
        if not action and not self.server.admit():
            action = '450 4.7.1 too many mails'
        if self.answer('rcpt', '250 2.1.5 ok', action or 'as usual'):
            self.recipients.append(found[1])

    def do_data(self, line):
        if not self.recipients:
            self.reply('503 5.5.1 no recipients')
        elif self.answer('data', '354 go ahead'):
            self.take_mail()

    def take_mail(self):
        if self.server.faults.get('content'):
            self.reader.read1(512)
            action = self.fault('content')
            if action and action[0].isdigit():
                self.reply(action)
                raise Gone
        content = self.read_content()
        mail = Mail(self.sender, self.options, self.recipients, content,
                    self.user, self.is_tls, self.hello)
        self.sender, self.recipients = None, []
        try:
            action = self.fault('dot')
        except Gone:
            self.server.store(mail, 'unanswered')
            raise
        if self.server.size and len(content) > self.server.size:
            action = '552 5.3.4 message too big'
        # Before the answer, as the answer promises.
        self.server.store(mail, 'lie' if action == 'lie' else 'accepted'
                          if action in (None, 'slow') or action[0] == '2'
                          else 'refused')
        self.answer('dot', '250 2.0.0 queued', action or 'as usual')

    def read_content(self):
        lines = []
        while True:
            line = self.read_line()
            if line == b'.':
                return b''.join(each + b'\r\n' for each in lines)
            lines.append(line[1:] if line.startswith(b'.') else line)

    def do_rset(self, line):
        self.sender, self.recipients = None, []
        self.reply('250 2.0.0 ok')

    def do_noop(self, line):
        self.reply('250 2.0.0 ok')

    def do_quit(self, line):
        self.answer('quit', '221 2.0.0 bye')
        raise Gone


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--port', type=int, default=0)
    parser.add_argument('--dir')
    parser.add_argument('--starttls', metavar='KIND')
    parser.add_argument('--implicit', metavar='KIND')
    parser.add_argument('--auth', metavar='USER:PASSWORD')
    parser.add_argument('--require-auth', action='store_true')
    parser.add_argument('--mechanisms', default='PLAIN,LOGIN')
    parser.add_argument('--size', type=int)
    parser.add_argument('--no-smtputf8', action='store_true')
    parser.add_argument('--connections', type=int)
    parser.add_argument('--rate', metavar='N/SECONDS')
    parser.add_argument('--fault', action='append', default=[],
                        metavar='STEP=ACTION')
    words = parser.parse_args()
    kind, made = words.implicit or words.starttls, None
    if kind:
        from certificates import Certificates
        made = Certificates(words.dir or tempfile.mkdtemp())
        print('authority', made.authority, flush=True)
    server = SmtpServer(
        dict(each.split('=', 1) for each in words.fault), port=words.port,
        directory=words.dir, certificate=made and made.pair(kind),
        is_implicit=bool(words.implicit),
        auth=dict([words.auth.split(':', 1)]) if words.auth else None,
        require_auth=words.require_auth,
        mechanisms=words.mechanisms.split(','), size=words.size,
        smtputf8=not words.no_smtputf8, connections=words.connections,
        rate=words.rate and tuple(int(each) for each in words.rate.split('/')))
    print('port', server.port, flush=True)
    threading.Event().wait()


if __name__ == '__main__':
    main()
