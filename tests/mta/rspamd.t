#!/usr/bin/env python3
"""A real rspamd that checks DMARC for a real Postfix, with the settings of the
manual: what it writes is what the relay believes. The names of the world are a
few of our own, and so is the key of the sender."""
import base64
import hashlib
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
import threading

sys.path[:0] = ['tests/lib', 'tests/mta']
from mta import CONTOSO, Postfix, System, enter, manual  # noqa: E402
from mta import bail_out, wait_for  # noqa: E402
from relay import done, mail, ok, same  # noqa: E402

AWAY = '203.0.113.5'            # a client that is not this machine
MILTERS = re.compile(r'^\.Ql (smtpd_milters = inet:localhost:11332) ,$', re.M)


class Names(threading.Thread):
    """A resolver that knows these texts and nothing else."""
    def __init__(self, texts):
        super().__init__(daemon=True)
        self.texts = texts
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(('127.0.0.1', 53))
        self.start()

    def answer(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        kind, = struct.unpack('>H', query[at + 1:at + 3])
        name = '.'.join(labels).lower()
        text = self.texts.get(name, '').encode() if kind == 16 else b''
        status = 0x8180 if name in self.texts else 0x8183
        head = query[:2] + struct.pack('>HHHHH', status, 1, bool(text), 0, 0)
        data = b''.join(bytes([len(text[i:i + 200])]) + text[i:i + 200]
                        for i in range(0, len(text), 200))
        record = b'\xc0\x0c' + struct.pack('>HHIH', 16, 1, 60, len(data))
        return head + query[12:at + 5] + (record + data if text else b'')

    def run(self):
        while True:
            query, client = self.socket.recvfrom(4096)
            self.socket.sendto(self.answer(query), client)


class Key:
    """With which the sender signs (RFC 6376)."""
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, 'key.pem')
        self.openssl('genrsa', '-out', self.path, '2048')

    def openssl(self, *words, data=None):
        return subprocess.run(('openssl',) + words, input=data, check=True,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL).stdout

    def text(self):
        der = self.openssl('rsa', '-in', self.path, '-pubout', '-outform',
                           'DER')
        return 'v=DKIM1; k=rsa; p=' + base64.b64encode(der).decode()

    def sign(self, message):
        head, body = message.replace(b'\n', b'\r\n').split(b'\r\n\r\n', 1)
        fields = [re.search(rb'(?m)^%s:.*\r\n' % name, head + b'\r\n')[0]
                  for name in (b'From', b'Subject')]
        field = (b'DKIM-Signature: v=1; a=rsa-sha256; c=simple/simple; '
                 b'd=microsoft.com; s=s1; h=From:Subject; bh=' +
                 base64.b64encode(hashlib.sha256(body).digest()) + b'; b=')
        made = self.openssl('dgst', '-sha256', '-sign', self.path,
                            data=b''.join(fields) + field)
        return field + base64.b64encode(made) + b'\n' + message


def write(name, text):
    with open('/etc/rspamd/local.d/' + name, 'w') as file:
        file.write(text)


def start_rspamd():
    """With the manual's settings, and a resolver that is ours."""
    blocks = manual('Who checks DMARC')
    write('milter_headers.conf', blocks[-2])
    write('actions.conf', blocks[-1])
    write('options.inc', 'dns { nameserver = ["127.0.0.1"]; }\n')
    for folder in '/run/rspamd', '/var/lib/rspamd', '/var/log/rspamd':
        os.makedirs(folder, exist_ok=True)
    test = subprocess.run(['rspamadm', 'configtest'], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    ok(test.returncode == 0 and 'syntax OK' in test.stdout,
       'rspamd takes the settings of the manual', test.stdout)
    process = subprocess.Popen(['rspamd', '-i', '-f', '-u', 'root', '-g',
                                'root'], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    if not wait_for(is_listening):
        bail_out('rspamd does not start')
    return process


def is_listening():
    try:
        socket.create_connection(('127.0.0.1', 11332), 5).close()
        return True
    except OSError:
        return False


def send(mta, message):
    """As a client that is not here. Not before all of rspamd is awake: then
    a mail is put off."""
    def try_once():
        client = mta.client()
        client.ehlo()
        if client.docmd('XCLIENT', 'ADDR=%s NAME=mail.microsoft.com' %
                        AWAY)[0] != 220:
            bail_out('no XCLIENT: ' + mta.tail())
        try:
            return mta.send(message, CONTOSO, client=client)
        finally:
            client.close()
    return wait_for(try_once, {})


def check(relay, mta, title, message, want, name):
    same(send(mta, message), {}, name + ': Postfix takes it')
    line, = relay.wait_log('event=notify.*title="%s"' % title) or ['']
    ok(want in line, name + ': ' + want, line, mta.tail())


with open('man/tocsin-deliver.8', encoding='utf-8') as page:
    milters = MILTERS.search(page.read())[1]
enter('rspamd', Postfix, 'rspamd')
key = Key()
names = Names({'s1._domainkey.microsoft.com': key.text(),
               '_dmarc.microsoft.com': 'v=DMARC1; p=reject',
               'microsoft.com': 'v=spf1 -all'})
rspamd = start_rspamd()
with System() as relay, Postfix() as mta:
    mta.set('mynetworks = 127.0.0.0/8, 203.0.113.0/24',
            'smtpd_authorized_xclient_hosts = 127.0.0.1',
            'milter_default_action = tempfail', milters)
    relay.start()
    # Each claims in a field of its own that it is genuine.
    check(relay, mta, 'Signed mail',
          key.sign(mail('1', title='Signed mail', incident='1')),
          'authentic=pass', 'a mail that its domain has signed')
    check(relay, mta, 'Changed mail',
          key.sign(mail('2', title='Chosen mail', incident='2'))
          .replace(b'Chosen mail', b'Changed mail'),
          'authentic=fail', 'one that was changed on the way')
    check(relay, mta, 'Forged mail',
          mail('3', title='Forged mail', incident='3'),
          'authentic=fail', 'one that nobody has signed')
    relay.stop()
rspamd.terminate()
rspamd.wait()
done()
