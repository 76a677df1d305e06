#!/usr/bin/env python3
"""The unit of systemd lets the relay do all that it does: of what it asks the
kernel for, from start to end, nothing is refused there."""
import re
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, 'tests/lib')
from certificates import Certificates                    # noqa: E402
from cloud import Cloud, alert                           # noqa: E402
from crash import QUIET, need_strace                     # noqa: E402
from polled import configure, met, titles                # noqa: E402
from relay import Relay, mail, ok, same, done, skip_all  # noqa: E402
from smtp_server import SmtpServer                       # noqa: E402

CONTOSO = 'contoso@relay.mssp.example'
# SQLite gives a file to the owner of the database, but only as root.
OF_ROOT = {'fchown'}

def expand(word):
    """The system calls of a set, which may name other sets."""
    if not word.startswith('@'):
        return {word}
    lines = subprocess.run(['systemd-analyze', 'syscall-filter', word],
                           check=True, stdout=subprocess.PIPE,
                           text=True).stdout.splitlines()[1:]
    words = [line.strip() for line in lines]
    return set().union(*(expand(each) for each in words
                         if each and not each.startswith('#')))


def allowed():
    names = expand('@default')      # systemd adds them to any filter
    with open('systemd/tocsin.service', encoding='utf-8') as file:
        for filter in re.findall('(?m)^SystemCallFilter=(.*)', file.read()):
            words = set().union(*map(expand, filter.lstrip('~').split()))
            names = names - words if filter[0] == '~' else names | words
    return names


need_strace()
if not shutil.which('systemd-analyze'):
    skip_all('no systemd-analyze to say what is in its sets of system calls')

with Relay() as relay, Cloud(relay.folder) as cloud:
    made = Certificates(relay.folder)
    with SmtpServer(certificate=made.pair('good')) as server:
        tenant, = configure(relay, cloud)
        with open(relay.path('contacts.rules'), 'r+') as file:
            text = file.read()
            file.seek(0)
            file.write(text.replace('ana@mssp.example ',
                                    'ana@mssp.example relay out ') + """
                relay usual { maildir state/outbox }
                relay out   { smtp localhost:%d tls required ca-file %s }
                """ % (server.port, made.authority))
        relay.start(under=['strace', '-D', '-f', '-qq', '-o',
                           relay.path('trace')], env=QUIET)
        ok(met(relay), 'a tenant is read', relay.read_log())
        relay.deliver(mail(id='1'), CONTOSO)
        tenant.add(alert('da1'))
        ok('da1' in titles(relay, 2), 'an alert is told', relay.read_log())
        relay.daemon.send_signal(signal.SIGHUP)
        ok(relay.wait_log('event=reloaded'), 'the rules are loaded anew')
        ok(relay.wait_log('event=sent.*recipient=ana', 2),
           'by SMTP as well', relay.read_log())
        same(relay.stop(), 0, 'the relay ends')

    with open(relay.path('trace'), errors='replace') as file:
        used = set(re.findall(r'(?m)^\d+ +(\w+)\(', file.read()))
    ok({'execve', 'connect', 'fdatasync'} <= used,
       'what it asks the kernel for is known', used)
    same(sorted(used - allowed() - OF_ROOT), [],
         'the unit allows all of it')
done()
