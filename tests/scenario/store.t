#!/usr/bin/env python3
"""Where the store is, and what a start makes of the one that it finds."""
import os
import signal
import sqlite3
import stat
import sys

sys.path.insert(0, 'tests/lib')
from old_store import OldStore, dump, shape             # noqa: E402
from relay import (MAIN, WAIT, Relay, mail, ok, same,   # noqa: E402
                   done)

CONTOSO = 'contoso@relay.mssp.example'
COMMANDS = (['queue'], ['held'], ['why', 'old2'], ['customers'],
            ['queue', 'retry', '5'], ['held', 'release', 'old3'],
            ['oncall', 'replace'])


def elsewhere(url, *place):
    """A relay with its store there."""
    relay = Relay(main=MAIN + 'store sqlite:%s\n' % url)
    relay.store = place
    return relay


def octets(path):
    with open(path, 'rb') as file:
        return file.read()


def refused(relay, words, *sentences):
    """A start or a command that changes nothing and says so."""
    before = octets(relay.path(*relay.store))
    status, out, err = relay.command(*words)
    ok(status == 1 and not out and all(s in err for s in sentences),
       '`tocsin %s` refuses it: %s' % (' '.join(words), sentences[0]),
       status, out, err)
    ok(octets(relay.path(*relay.store)) == before,
       'and not an octet of it is changed')


def start_in_vain(relay):
    """The store is brought up to date, and the start ends behind that."""
    main = open(relay.conf).read()
    relay.write('tocsin.conf', main.replace('spool      spool',
                                            'spool      no/such/spool'))
    status, _, err = relay.command('run')
    ok(status == 1 and 'no/such/spool' in err, 'it starts, and ends', err)
    relay.write('tocsin.conf', main)


def migrated(version):
    with Relay() as relay:
        old = OldStore(relay, version)
        for words in COMMANDS:
            refused(relay, words, 'written by an older tocsin: its version is '
                    '%d' % version, '`tocsin run` brings it up to date')
        start_in_vain(relay)
        same(dump(relay.path(*relay.store)), old.wanted(),
             'version %d: each row is there, in the form of version 5' %
             version)
        with Relay() as new:
            start_in_vain(new)
            same(shape(relay.path(*relay.store)), shape(new.path(*new.store)),
                 'tables and indexes are those of a store that is new')

        relay.start()
        sent = {m['Delivered-To']: m['X-Old'] for m in relay.outbox(3)}
        same(sent, {'pending@mssp.example': 'pending',
                    'claimed@mssp.example': 'claimed',
                    'retry@mssp.example': 'retry'},
             'whatever waited is sent, as it was written')
        same(relay.wait_rows([('cancelled', 1), ('failed', 1), ('sent', 4)],
                             'SELECT state, count(*) FROM delivery GROUP BY 1 '
                             'ORDER BY 1'),
             [('cancelled', 1), ('failed', 1), ('sent', 4)], 'and no other')
        same(relay.command('queue', 'retry', str(old.failed))[0], 0,
             'what had failed can be tried again')
        same({m['X-Old'] for m in relay.outbox(4)},
             {'pending', 'claimed', 'retry', 'failed'}, 'and is sent')
        same(relay.command('held', 'release', 'old3', '--customer',
                           'contoso')[0], 0, 'a held mail can be released')
        same(len(relay.outbox(7)), 7, 'and is told')
        relay.deliver(mail(id='new'), CONTOSO)
        same(len(relay.outbox(10)), 10, 'a new mail is taken')
        same(relay.stop(), 0, 'it ends')
        same(relay.rows('PRAGMA foreign_key_check') +
             relay.rows('PRAGMA integrity_check'), [('ok',)],
             'and the file is sound')


with elsewhere('rows/deliveries.db', 'rows', 'deliveries.db') as relay:
    relay.start()
    relay.deliver(mail(), CONTOSO)
    same(len(relay.outbox(3)), 3, 'a store elsewhere serves as well')
    same(relay.wait_rows([('sent', 3)],
                         'SELECT state, count(*) FROM delivery GROUP BY 1'),
         [('sent', 3)], 'and has the rows')
    ok(not os.path.exists(relay.path('state', 'store.db')),
       'nothing of it is in the state')
    same({name: stat.filemode(os.stat(relay.path('rows', name)).st_mode)
          for name in os.listdir(relay.path('rows'))},
         {'deliveries.db' + end: '-rw-------' for end in ('', '-wal', '-shm')},
         'its files are for their owner')
    same(stat.filemode(os.stat(relay.path('rows')).st_mode), 'drwx------',
         'and its folder, which was missing')
    same(relay.command('queue')[0], 0, 'commands find it')

    with elsewhere(relay.path(*relay.store)) as other:
        other.start(wait=False)
        same(other.daemon.wait(WAIT), 1, 'another one with a state of its own '
             'does not start on the same store')
        ok('another tocsin runs on the store' in other.read_log(),
           'and says so', other.read_log())

    relay.write('tocsin.conf', open(relay.conf).read().replace(
        'deliveries.db', 'others.db'))
    relay.daemon.send_signal(signal.SIGHUP)
    ok(relay.wait_log('event=reloaded .*`store`.* needs a restart'),
       'a reload with another store says that it needs a restart',
       relay.read_log())
    relay.deliver(mail(id='2'), CONTOSO)
    same(len(relay.outbox(6)), 6, 'and goes on with the one it has')

with elsewhere('two/missing/x.db') as relay:
    relay.start(wait=False)
    same(relay.daemon.wait(WAIT), 1, 'more than one folder is not made')
    ok('cannot make the directory' in relay.read_log() and
       'two/missing' in relay.read_log(), 'and the sentence names it',
       relay.read_log())

migrated(1)
migrated(2)
migrated(3)
migrated(4)

with Relay() as relay:
    OldStore(relay, 2, 'PRAGMA user_version = 6')
    for words in (['run'],) + COMMANDS:
        refused(relay, words, 'written by a newer tocsin: its version is 6')

# Made by another program, in SQLite's own way of keeping it whole.
with Relay() as relay:
    with sqlite3.connect(relay.path(*relay.store)) as db:
        db.execute('CREATE TABLE theirs (x)')
        db.execute('INSERT INTO theirs VALUES (1)')
    db.close()
    for words in (['run'],) + COMMANDS:
        refused(relay, words, 'is the database of another program')
    same(sorted(os.listdir(relay.path('state'))),
         ['lock', 'store.db'], 'nor is a file put beside it')

done()
