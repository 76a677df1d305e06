#!/usr/bin/env python3
"""Who can read and write what: every file that the programs make, whatever the
umask, whether root or the user of the relay runs them; and what a command says
to somebody else. The table of tocsin(7), WHO CAN WRITE WHAT, is the same."""
import os
import re
import stat
import subprocess
import sys

sys.path.insert(0, 'tests/lib')
from relay import Relay, mail, ok, same, done           # noqa: E402
from users import ANNA, TOCSIN, Owned, be, need_users   # noqa: E402

CONTOSO = 'contoso@relay.mssp.example'
STRANGER = mail(id='2', tenant='00000000-1111-2222-3333-444444444444')

# All of it belongs to the user of the relay.
MODES = {
    'state': 'drwx------',
    'state/customers': '-rw-------',
    'state/lock': '-rw-------',
    'state/report': '-rw-------',
    'state/store.db': '-rw-------',
    'state/store.db-shm': '-rw-------',
    'state/store.db-wal': '-rw-------',
    'state/taking': '-rw-------',
    'state/last-good': 'drwx------',
    'state/last-good/DIGEST': '-rw-------',
    'state/outbox': 'drwx------',
    'state/outbox/cur': 'drwx------',
    'state/outbox/new': 'drwx------',
    'state/outbox/new/DIGEST': '-rw-------',
    'state/outbox/tmp': 'drwx------',
    'spool': 'drwx------',
    'spool/new': 'drwx------',
    'spool/new/MAIL': '-rw-r-----',
    'spool/tmp': 'drwx------',
}


def paths(relay):
    for top in 'state', 'spool':
        yield relay.path(top)
        for folder, folders, files in os.walk(relay.path(top)):
            yield from (os.path.join(folder, name)
                        for name in folders + files)


def general(relay, path):
    """The path as MODES has it."""
    path = os.path.relpath(path, relay.folder)
    path = re.sub(r'/[0-9a-f]{64}$', '/DIGEST', path)
    return re.sub(r'/new/\d+\.M\d+P.*', '/new/MAIL', path)


def everything(relay, name):
    found = {}
    for path in paths(relay):
        state = os.lstat(path)
        found.setdefault(general(relay, path), set()).add(
            (stat.filemode(state.st_mode), state.st_uid, state.st_gid))
    want = {path: {(mode, TOCSIN, TOCSIN)} for path, mode in MODES.items()}
    same({path: found.get(path) for path in {**found, **want}
          if found.get(path) != want.get(path)}, {},
         '%s: all is there, for its owner alone' % name)


def strangers(relay):
    got = {relay.python(ANNA, 'os.listdir(path)' if os.path.isdir(path) else
                        'open(path)', path=path) for path in paths(relay)}
    same(got, {'PermissionError'}, 'another user can open none of it')
    before = sorted(paths(relay))
    relay.user = ANNA
    for words in (['queue'], ['held'], ['why', 'x'], ['customers'],
                  ['held', 'release', 'x'], ['run']):
        status, out, err = relay.command(*words)
        ok(status == 1 and not out and 'ermission denied' in err,
           '`tocsin %s` by another user: 1, and the reason' % ' '.join(words),
           status, out, err)
    for words in ['check'], ['test'], ['show', 'contoso']:
        same(relay.command(*words)[0], 0, '`tocsin %s` needs no rights but to '
             'read the configuration' % ' '.join(words))
    same(sorted(paths(relay)), before, 'and nothing was made')


def deliver(relay, who, octets):
    status = subprocess.run(
        [*(be(who, who) if who else []), relay.path('bin', 'tocsin-deliver'),
         '-s', relay.path('spool'), CONTOSO], input=octets).returncode
    same(status, 0, 'a mail is stored')


def one_life(umask, who):
    name = 'umask %03o, run by %s' % (umask, 'root' if not who else
                                      'the user of the relay')
    with Owned() as relay:
        old = os.umask(umask)
        relay.user = who
        relay.command('queue')
        deliver(relay, who, mail())
        relay.start()
        relay.outbox(3)
        deliver(relay, who, STRANGER)
        relay.wait_rows([(1,)], "select count(*) from held")
        same(relay.command('held')[0], 0, 'it is looked into')
        code, = relay.rows('select code from held join item on id = item')[0]
        same(relay.command('held', 'release', code, '--customer',
                           'contoso')[0], 0, 'and a mail is released')
        relay.write('mine.eml', mail().decode())
        os.chmod(relay.path('mine.eml'), 0o600)
        os.chown(relay.path('mine.eml'), who or 0, who or 0)
        same(relay.command('explain', relay.path('mine.eml'))[::2], (0, ''),
             'what nobody else may read is explained, by the store, too')
        relay.outbox(7)
        os.kill(relay.daemon.pid, 19)   # for the next one to stay
        deliver(relay, who, mail(id='3'))
        everything(relay, name)
        os.kill(relay.daemon.pid, 18)
        relay.outbox(10)
        same(relay.stop(), 0, 'and it goes on')
        os.umask(old)
        if who and not umask:
            strangers(relay)


GUID = '6f9c1d0e-0000-4000-8000-000000000001'
SECRETS = [
    'relay r { smtp mx.example  login tocsin  password-file secret }',
    'app a { client %s  secret-file secret }' % GUID,
    'app a { client %s  certificate-file secret }' % GUID,
    'app a { client %s  refresh-token-file secret }' % GUID]


def secrets():
    """Whatever a file of a secret is for, others may not read it, nor its
    group write it."""
    with Relay() as relay:
        relay.write('secret', 'hunter2-hunter2\n')
        with open(relay.conf, 'a', encoding='utf-8') as file:
            file.write('include "more.rules"\n')
        for statement in SECRETS:
            relay.write('more.rules', statement)
            got = {}
            for mode in 0o600, 0o640, 0o660, 0o620, 0o604, 0o602, 0o644:
                os.chmod(relay.path('secret'), mode)
                status, out, err = relay.command('check')
                got[oct(mode)] = 'chmod 600' in err, 'hunter2' in out + err
            want = {mode: (mode not in ('0o600', '0o640'), False)
                    for mode in got}
            same(got, want, 'refused if others may read it, and never shown: '
                 '%s' % statement.split('  ')[-1])


need_users()
secrets()
for mask in 0o000, 0o077:
    for user in None, TOCSIN:
        one_life(mask, user)
for path, mode in MODES.items():
    print('# %s  %s' % (mode, path))
done()
