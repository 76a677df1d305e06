#!/usr/bin/env python3
"""Where the store is, and what a start makes of the one that it finds."""
import os
import signal
import stat
import sys

sys.path.insert(0, 'tests/lib')
from relay import MAIN, Relay, mail, ok, same, done     # noqa: E402

CONTOSO = 'contoso@relay.mssp.example'


def elsewhere(url, *place):
    """A relay with its store there."""
    relay = Relay(main=MAIN + 'store sqlite:%s\n' % url)
    relay.store = place
    return relay


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
    same(relay.daemon.wait(20), 1, 'more than one folder is not made')
    ok('cannot make the directory' in relay.read_log() and
       'two/missing' in relay.read_log(), 'and the sentence names it',
       relay.read_log())

done()
