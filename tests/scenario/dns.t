#!/usr/bin/env python3
"""Name servers that are asked and say nothing: whoever needs a name waits, and
nobody else does. In a network of its own (private_root)."""
import os
import socket
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, 'tests/lib')
from cloud import NAME, Cloud                            # noqa: E402
from polled import configure, met                        # noqa: E402
from private import enter                                # noqa: E402
from relay import (WAIT, Relay, mail, ok, same, done,    # noqa: E402
                   wait_for)

CONTOSO = 'contoso@relay.mssp.example'
PORT = 53


class Names:
    """The one name server there is. It knows NAME, until it falls silent for
    good: the C library would ask it for a quarter of an hour."""

    def __init__(self):
        self.asked, self.is_silent = 0, False
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(('127.0.0.53', PORT))
        for path, text in (
                ('/etc/resolv.conf', 'nameserver 127.0.0.53\n'
                 'options timeout:30 attempts:5\n'),
                ('/etc/nsswitch.conf', 'hosts: files dns\n')):
            if os.path.lexists(path):
                os.unlink(path)
            with open(path, 'w') as file:
                file.write(text)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            query, asker = self.sock.recvfrom(512)
            self.asked += 1
            if not self.is_silent:
                self.sock.sendto(self.answer(query), asker)

    @staticmethod
    def answer(query):
        """127.0.0.1, to whoever asks for an address of version 4."""
        end = query.index(b'\0', 12) + 5
        is_a = query[end - 4:end - 2] == b'\0\1'
        record = (b'\xc0\x0c\0\1\0\1' + struct.pack('>IH', 0, 4) +
                  bytes([127, 0, 0, 1]))
        return (query[:2] + b'\x81\x80\0\1' + struct.pack('>H', is_a) +
                b'\0\0\0\0' + query[12:end] + (record if is_a else b''))

    def wait(self):
        """Until somebody else has asked."""
        before = self.asked
        return wait_for(lambda: self.asked > before)


class Beat:
    """The service manager, whom the loop gives a sign of life."""
    EVERY_S = 0.05

    def __init__(self, relay):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(relay.path('notify'))
        self.env = dict(NOTIFY_SOCKET=relay.path('notify'),
                        WATCHDOG_USEC=str(int(self.EVERY_S * 2e6)))
        self.last, self.longest = None, 0
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            if self.sock.recv(100) == b'WATCHDOG=1':
                self.note()
                self.last = time.monotonic()

    def note(self):
        now = time.monotonic()
        self.longest = max(self.longest, now - (self.last or now))

    def say(self):
        self.note()
        print('# the loop beats every %.2f s, and was silent for at most '
              '%.2f s' % (self.EVERY_S, self.longest), flush=True)


def stops(relay, name):
    relay.daemon.send_signal(15)
    try:
        status = relay.daemon.wait(WAIT)
    except subprocess.TimeoutExpired:
        status = 'none: it still runs'
    same(status, 0, name)


enter('names')
names = Names()

# Tenants that are asked at a name.
with Relay() as relay, Cloud(relay.folder) as cloud:
    cloud.url = cloud.url.replace('127.0.0.1', NAME)
    tenants = configure(relay, cloud, count=20)
    relay.start()
    ok(met(relay, 20), 'while names are known, tenants are read',
       relay.read_log())
    relay.stop()

    names.is_silent = True
    beat = Beat(relay)
    relay.start(env=beat.env)
    ok(names.wait(), 'then nobody answers who knows the name')
    relay.deliver(mail(id='1'), CONTOSO)
    same(len(relay.outbox(3)), 3, 'a mail that waits for its API is told')
    ok(relay.wait_log('event=poll-failed .*class=later'),
       'a request ends by its own time-out', relay.read_log())
    relay.deliver(mail(id='2', incident='4712'), CONTOSO)
    same(len(relay.outbox(6)), 6, 'and the next mail is told')
    beat.say()
    stops(relay, 'and the relay stops, while names are asked for')

    status, out, err = relay.command('poll', '--dry-run', 'contoso')
    ok(status and 'contoso' in out and 'failed' in out,
       'a command that asks gives up as well', status, out, err)

# A server for mail that is known by name.
with Relay() as relay:
    relay.write('contacts.rules', '''
        person ana      { mail ana@mssp.example  relay far }
        person bob      { mail bob@mssp.example  relay near }
        team   primary  { members ana, bob }
        team   soc-desk { mail soc@mssp.example }
        team   archive  { mail archive@mssp.example }
        relay  near     { maildir state/outbox }
        relay  far      { smtp mail.example:25 tls none timeout 5s }
        ''')
    beat = Beat(relay)
    relay.start(env=beat.env)
    relay.deliver(mail(id='1'), CONTOSO)
    ok(relay.wait_log('event=retry.*recipient=ana@'),
       'a delivery to a name that nobody knows is put off', relay.read_log())
    for i in range(2, 12):
        relay.deliver(mail(id='%d' % i, incident='%d' % i), CONTOSO)
    same(len(relay.outbox(22)), 22, 'who is told by another road is told')
    beat.say()
    stops(relay, 'and the relay stops, while threads wait for the name')
done()
