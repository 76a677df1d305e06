#!/usr/bin/env python3
"""`tocsin backup` while mails come, `tocsin restore`, and all that it refuses:
what is restored is whole, whatever log lies about."""
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading

sys.path.insert(0, 'tests/lib')
from relay import Relay, mail, ok, same, done            # noqa: E402

CONTOSO = 'contoso@relay.mssp.example'


def titles(path):
    """The mails in a store, which must be whole and have all that belongs to
    each."""
    store = sqlite3.connect('file:%s?mode=ro&immutable=1' % path, uri=True)
    try:
        good = store.execute('pragma integrity_check').fetchall()
        orphans = store.execute(
            'select count(*) from item where (select count(*) from delivery '
            'where item = item.id) <> 3').fetchone()
        return good, orphans, store.execute(
            'select count(*) from item').fetchone()[0]
    finally:
        store.close()


def while_mails_come(relay):
    def deliver():
        for n in range(40):
            relay.deliver(mail(id=str(n), incident=str(5000 + n)), CONTOSO)

    thread = threading.Thread(target=deliver)
    thread.start()
    for n in range(6):
        path = relay.path('backup%d' % n)
        code, out, err = relay.command('backup', path)
        ok(code == 0 and path in out, 'a backup while mails come', out, err)
        good, orphans, _ = titles(path)
        same((good, orphans), ([('ok',)], (0,)), 'is whole, each mail in it '
             'with its deliveries')
    thread.join()
    relay.outbox(120)
    same(relay.command('backup', relay.path('all'))[0], 0, 'all are in one')
    same(titles(relay.path('all'))[2], 40, 'that is made then')
    same([name for name in os.listdir(relay.path('state'))
          if 'backup' in name], [], 'and nothing is left in the state')
    same(stat.S_IMODE(os.stat(relay.path('all')).st_mode), 0o600,
         'only its owner can read it')


def refusals(relay):
    code, _, err = relay.command('backup', relay.path('all'))
    ok(code == 1 and 'File exists' in err, 'no file is written over', err)
    code, _, err = relay.command('backup', relay.path('no', 'where'))
    ok(code == 1 and 'No such file' in err, 'nor made without a folder', err)
    code, _, err = relay.command('restore', relay.path('all'))
    ok(code == 1 and 'another tocsin runs' in err,
       'nothing is restored while a daemon runs', err)


def bad_files(relay):
    with open(relay.path('all'), 'rb') as file:
        whole = file.read()
    other = sqlite3.connect(relay.path('other'))
    other.execute('create table t (x)')
    other.commit()
    other.close()
    newer = relay.path('newer')
    shutil.copy(relay.path('all'), newer)
    store = sqlite3.connect(newer)
    store.execute('pragma user_version = 99')
    store.commit()
    store.close()
    half = len(whole) // 2
    for name, octets, words in [
            ('empty', b'', 'no store'), ('text', b'hello' * 100, ''),
            ('cut', whole[:half], ''),
            ('scribbled', whole[:half] + b'x' * 9000 + whole[half + 9000:],
             '')]:
        with open(relay.path(name), 'wb') as file:
            file.write(octets)
    before = titles(relay.path('state', 'store.db'))
    for name, words in [('empty', ''), ('text', 'not a database'),
                        ('cut', ''), ('scribbled', ''),
                        ('other', 'another program'),
                        ('newer', 'newer tocsin'), ('absent', 'No such')]:
        code, out, err = relay.command('restore', '--force',
                                       relay.path(name))
        ok(code == 1 and not out and err.count('\n') == 1 and words in err,
           '%s is refused' % name, code, out, err)
    same(titles(relay.path('state', 'store.db')), before,
         'and the store is as it was')
    same([name for name in os.listdir(relay.path('state'))
          if 'restored' in name], [], 'with nothing left beside it')


def over_a_log(relay):
    """The daemon was killed, so its log holds what the file does not."""
    relay.start()
    relay.deliver(mail(id='late', incident='777'), CONTOSO)
    relay.outbox(123)
    relay.wait_rows([(123,)],
                    "select count(*) from delivery where state = 'sent'")
    relay.stop(9)
    ok(os.path.getsize(relay.path('state', 'store.db-wal')) > 0,
       'a log is left')
    code, _, err = relay.command('restore', relay.path('all'))
    ok(code == 1 and '--force' in err, 'what is there is not replaced '
       'unasked', err)
    code, out, err = relay.command('restore', '--force', relay.path('all'))
    ok(code == 0 and 'the former store is ' in out, 'unless it is said', err)
    former = out.split('the former store is ')[1].split('\n')[0]
    relay.start()
    same(relay.rows('pragma integrity_check'), [('ok',)], 'it is whole')
    same(relay.rows('select count(*) from item'), [(40,)],
         'and has what the backup had')
    same(sqlite3.connect(former).execute('select count(*) from item')
         .fetchall(), [(41,)], 'the former one has all, under its new name')
    relay.deliver(mail(id='new', incident='778'), CONTOSO)
    same(relay.wait_rows([(41,)], 'select count(*) from item'), [(41,)],
         'and it goes on')


def elsewhere(relay):
    with Relay() as other:
        code, _, err = other.command('restore', relay.path('all'))
        same((code, err), (0, ''), 'a backup is restored where there is no '
             'store')
        other.start()
        same(other.rows('select count(*) from item'), [(40,)],
             'which begins with it')


with Relay() as relay:
    relay.start()
    while_mails_come(relay)
    refusals(relay)
    relay.stop()
    bad_files(relay)
    over_a_log(relay)
    elsewhere(relay)
done()
