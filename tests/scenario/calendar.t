#!/usr/bin/env python3
"""A calendar says who has duty: it is fetched, it changes, it breaks in every
way there is, and whoever it named last stays on duty. That is told once, and so
is its end. The address is a secret that nobody sees."""
import datetime
import http.server
import json
import os
import ssl
import stat
import sys
import threading
import time

sys.path.insert(0, 'tests/lib')
from cloud import make_certificates                     # noqa: E402
from relay import (CONTACTS, MAIN, Relay, done, mail, ok, same,  # noqa: E402
                   wait_until)

SECRET = 's3cret-7f3a'
CONTOSO = 'contoso@relay.mssp.example'
RULES = '''
customer contoso "Contoso GmbH" {
    tenant     72f988bf-86f1-41af-91ab-2d7cd011db47
    mailbox    contoso@relay.mssp.example
    recipients @mssp.example
    otherwise  notify duty
}
'''
ONCALL = '''
person cleo "Cleo Marin" { mail cleo@mssp.example }
oncall duty "First line" {
    timezone Europe/Paris
    calendar %s of ana, bob, cleo by summary every 1s
    otherwise archive
}
'''
DAY = 86400


def utc(second):
    return datetime.datetime.fromtimestamp(
        second, datetime.timezone.utc).strftime('%Y%m%dT%H%M%SZ')


def calendar(*names, begin=-DAY, days=8):
    lines = ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//x//EN']
    for name in names:
        lines += ['BEGIN:VEVENT', 'UID:%s@x' % name,
                  'DTSTART:' + utc(NOW + begin),
                  'DTEND:' + utc(NOW + begin + days * DAY),
                  'SUMMARY:On Call - %s - SOC' % name, 'END:VEVENT']
    return '\r\n'.join(lines + ['END:VCALENDAR', '']).encode()


NOW = int(time.time())


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        server.asked.append((self.path, dict(self.headers)))
        status, headers, body = server.answer
        if self.path == '/moved':
            status, headers, body = 200, {}, calendar('cleo')
        if status == 200 and headers.get('ETag') and \
                headers['ETag'] == self.headers.get('If-None-Match'):
            status, body = 304, b''
            server.unchanged += 1
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, folder):
        super().__init__(('127.0.0.1', 0), Answer)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(folder, 'server.crt'),
                                os.path.join(folder, 'server.key'))
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.asked, self.unchanged = [], 0
        self.say(calendar('Ana'), ETag='"1"')
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def say(self, body=b'', status=200, **headers):
        self.answer = status, headers, body

    def host(self):
        return '127.0.0.1:%d' % self.server_address[1]

    def wait_asked(self, times=2):
        """Until it was asked so often since now: the answer is known."""
        want = len(self.asked) + times
        wait_until(lambda: len(self.asked), lambda count: count >= want)


def words_of(message):
    return str(message['Subject']) + message.get_body(
        ('plain',)).get_content()


class Duty(Relay):
    seen = 0

    def on_duty(self):
        status, out, said = self.command('oncall', '--json')
        turn = json.loads(out)
        return turn['persons'], turn['layer']

    def wait_duty(self, want, name):
        same(wait_until(self.on_duty, lambda got: got == want), want, name)

    def notices(self):
        return [m for m in self.outbox(0)
                if 'calendar of duty' in str(m['Subject'])]

    def told(self, want=1):
        """Whom one more alert is sent to, once it is so many."""
        self.seen += 1
        title = 'Malware %d' % self.seen
        self.deliver(mail(id='a%d' % self.seen, incident=str(self.seen),
                          title=title), CONTOSO)
        new = wait_until(lambda: [m for m in self.outbox(0)
                                  if title in str(m['Subject'])],
                         lambda new: len(new) >= want)
        return [m['To'] for m in new]


def run(relay, server):
    url = 'https://%s/%s/soc.ics' % (server.host(), SECRET)
    relay.write('url', url + '\n')
    os.chmod(relay.path('url'), 0o600)
    relay.write('contacts.rules', CONTACTS + ONCALL % (
        'url-file url ca-file ' + relay.path('ca.pem')))
    relay.write('customers/contoso.rules', RULES)

    for name in 'oncall', 'check':
        said = ''.join(relay.command(name)[1:])
        ok('the calendar at %s was not fetched yet' % server.host() in said,
           '%s says that it was not fetched yet' % name, said)
    ok('warning: so often' in said, 'and check that it is asked too often',
       said)
    same(relay.on_duty(), (['archive'], 'otherwise'), 'so nobody is in it')

    relay.start()
    relay.wait_duty((['ana'], 1), 'it is fetched and comes into force')
    relay.wait_log('event=reloaded')
    same(relay.told(), ['ana@mssp.example'], 'whoever it names is told')
    folder = relay.path('state', 'calendars')
    copy, = os.listdir(folder)
    same(stat.S_IMODE(os.stat(os.path.join(folder, copy)).st_mode), 0o600,
         'the copy is for its owner')
    same(wait_until(lambda: server.unchanged, bool) > 0, True,
         'it is asked for only if it has changed')

    server.say(calendar('bob', 'Cleo Marin'), ETag='"2"')
    relay.wait_duty((['bob', 'cleo'], 1), 'a change comes into force')
    relay.wait_log('event=reloaded', 2)
    same(sorted(relay.told(2)), ['bob@mssp.example', 'cleo@mssp.example'],
         'and two are told who are on duty together')

    broken = [
        ('a page to log in', dict(body=b'<html>Sign in</html>')),
        ('an empty calendar', dict(body=calendar())),
        ('one that names nobody', dict(body=calendar('Eve'))),
        ('one that is over', dict(body=calendar('bob', begin=-9 * DAY))),
        ('half of one', dict(body=calendar('ana')[:-20])),
        ('too large a one', dict(body=b' ' * (3 << 20))),
        ('an error', dict(status=500)),
        ('one without https', dict(status=302,
                                   Location='http://127.0.0.1:1/')),
    ]
    for name, answer in broken:
        server.say(**answer)
        server.wait_asked()
        same(relay.on_duty(), (['bob', 'cleo'], 1),
             '%s: who was on duty stays so' % name)
    notices = wait_until(relay.notices, bool)
    same(len(notices), 1, 'that is told once')
    text = words_of(notices[0])
    same(notices[0]['To'], 'soc@mssp.example', 'to the catch-all')
    ok(server.host() in text and 'oncall duty' in text, 'with the host', text)

    relay.stop()
    relay.start()
    server.wait_asked()
    same(sorted(relay.told(2)), ['bob@mssp.example', 'cleo@mssp.example'],
         'a restart has the last good copy')
    same(len(relay.notices()), 1, 'and tells nothing anew')

    server.say(status=301, Location='https://%s/moved' % server.host())
    relay.wait_duty((['cleo'], 1), 'it is good again, behind a redirection')
    notices = wait_until(relay.notices, lambda list: len(list) > 1)
    same(sorted('again' in str(m['Subject']) for m in notices), [False, True],
         'its end is told')

    everything = relay.read_log() + ''.join(
        words_of(m) for m in relay.outbox(0)) + str(relay.rows(
            'SELECT * FROM item')) + ''.join(
        ''.join(relay.command(name)[1:]) for name in
        ('oncall', 'check', 'status'))
    with open(os.path.join(folder, copy), encoding='utf-8') as file:
        everything += file.read()
    ok(SECRET not in everything, 'nobody sees the address')
    ok(any(SECRET in path for path, headers in server.asked),
       'but the server')

    with open(relay.path('soc.ics'), 'wb') as file:
        file.write(calendar('ana'))
    relay.write('contacts.rules', CONTACTS + ONCALL % 'soc.ics')
    same(relay.command('reload')[0], 0, 'a file may be a calendar as well')
    relay.wait_duty((['ana'], 1), 'and is read')


with Duty(main=MAIN.replace('%(relay)s', '%(relay)s\nrelay out { maildir '
                            'state/outbox }')) as relay:
    make_certificates(relay.folder)
    server = Server(relay.folder)
    run(relay, server)
    server.shutdown()
done()
