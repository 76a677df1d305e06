#!/usr/bin/env python3
"""A mail that ends the reader: it is tried once more, then held and told to
the catch-all as it came, and holds up nobody else's mail."""
import os
import signal
import sys

sys.path.insert(0, 'tests/lib')
from relay import (BUILD, WAIT, Relay, mail, ok, same,  # noqa: E402
                   done, wait_for)

CONTOSO = 'contoso@relay.mssp.example'
# In the sandbox a reader that is a script could not be started.
OPEN = ['--no-sandbox']
MARKER = b'this mail is poison'
POISON = mail(id='poison').replace(b'<html>', b'<html>' + MARKER)

# Stands between the daemon and the real reader and dies of a mail with the
# marker; from the second time on it does not while the file `slow` is there.
READER = '''#!/usr/bin/python3
import os, signal, socket, subprocess, sys, time
above = socket.socket(fileno=0)
below, theirs = socket.socketpair()
reader = subprocess.Popen(['%(reader)s'], stdin=theirs)
theirs.close()
above.sendall(below.recv(4, socket.MSG_WAITALL))
while True:
    words, files, _, _ = socket.recv_fds(above, 65536, 1)
    if not words:
        reader.kill()
        sys.exit()
    if b'%(marker)s' in os.pread(files[0], 1 << 20, 0):
        while os.path.exists('%(folder)s/died') and \\
                os.path.exists('%(folder)s/slow'):
            open('%(folder)s/dying', 'w').close()
            time.sleep(0.01)
        open('%(folder)s/died', 'w').close()
        reader.kill()
        os.kill(os.getpid(), signal.SIG%(signal)s)
    socket.send_fds(below, [words], files)
    os.close(files[0])
    size = below.recv(4, socket.MSG_WAITALL)
    above.sendall(size + below.recv(int.from_bytes(size, 'little'),
                                    socket.MSG_WAITALL))
'''


def reader_that_dies(relay, how='SEGV'):
    path = relay.path('reader')
    relay.write('reader', READER % dict(
        reader=BUILD + '/tocsin-reader', marker=MARKER.decode(),
        folder=relay.folder, signal=how))
    os.chmod(path, 0o755)
    return {'TOCSIN_READER': path}


def held_and_told(relay, name):
    relay.wait_log('event=hold')
    held = relay.rows('SELECT held.reason FROM held JOIN item ON item = id '
                      'WHERE held.state = "held"')
    ok(len(held) == 1 and 'reader' in held[0][0], name + ' it is held', held,
       relay.read_log())
    relay.wait_rows([('soc@mssp.example', 'sent')],
                    'SELECT address, delivery.state FROM delivery JOIN held '
                    'USING (item)')
    raw, = [part.get_content() for message in relay.outbox(1)
            if message['Delivered-To'] == 'soc@mssp.example'
            for part in message.walk()
            if part.get_content_type() == 'application/octet-stream'] or [b'']
    same(raw.replace(b'\r\n', b'\n'), POISON,
         'and the catch-all has it as it came')
    same(relay.inbox(), [], 'it has left the inbox')


# Among others.
with Relay() as relay:
    env = reader_that_dies(relay)
    relay.deliver(mail(id='1'), CONTOSO)
    relay.deliver(POISON, CONTOSO)
    for number in range(2, 12):
        relay.deliver(mail(id=str(number)), CONTOSO)
    relay.start(options=OPEN, env=env)
    sent = relay.outbox(34)
    same(len([m for m in sent if m['Delivered-To'] != 'soc@mssp.example']), 33,
         'a mail that ends the reader holds up no other')
    held_and_told(relay, 'the second time')
    same(len(relay.wait_log('event=crash')), 2, 'it was tried twice')
    status, out, err = relay.command('held')
    code = out.split()[0] if out else ''
    status, out, err = relay.command('why', code)
    ok(status == 0 and 'signal 11' in out, 'why tells how the reader ended',
       out, err)

    # A person who releases it gets it back, as the reader still dies.
    relay.command('held', 'release', code, '--customer', 'contoso')
    relay.wait_log('event=hold', 2)
    same(relay.rows('SELECT state FROM held'), [('held',)],
         'released while the reader still dies of it, it is held again')
    same(relay.deliver(mail(id='after'), CONTOSO)[0], 0, 'and the next mail')
    same(len(relay.outbox(37)), 37, 'is told as ever')

    # The reader is mended.
    relay.stop()
    relay.start()
    relay.command('held', 'release', code, '--customer', 'contoso')
    same(len(relay.outbox(40)), 40,
         'released once the reader is mended, it is told to everybody')
    same(relay.rows('SELECT state FROM held'), [('done',)],
         'and is held no more')

# Held and then told to the same person: two mails, not one twice.
with Relay() as relay:
    env = reader_that_dies(relay)
    relay.write('customers/contoso.rules', '''
        customer contoso { mailbox contoso@relay.mssp.example
                           recipients @mssp.example  otherwise notify soc-desk }
        ''')
    relay.deliver(POISON, CONTOSO)
    relay.start(options=OPEN, env=env)
    relay.outbox(1)
    relay.stop()
    relay.start()
    code, = relay.rows('SELECT code FROM item')[0]
    relay.command('held', 'release', code, '--customer', 'contoso')
    sent = relay.outbox(2)
    same(len({m['Message-ID'] for m in sent}), 2,
         'the word that a mail is held and the mail itself have Message-IDs '
         'of their own')

# The reader is at it for long.
with Relay() as relay:
    env = reader_that_dies(relay)
    relay.deliver(mail(id='1'), CONTOSO)
    relay.deliver(POISON, CONTOSO)
    for name in 'died', 'slow':
        relay.write(name, '')
    relay.start(options=OPEN, env=env)
    wait_for(lambda: os.path.exists(relay.path('dying')))
    relay.wait_log('event=notify')
    os.unlink(relay.path('slow'))
    relay.wait_log('event=hold')
    log = relay.read_log()
    ok(log.index('event=notify') < log.index('event=crash'),
       'what was read before is told while the reader is at it', log)

# The daemon ends between the two times.
for how in signal.SIGTERM, signal.SIGKILL:
    with Relay() as relay:
        env = reader_that_dies(relay, 'KILL')
        relay.deliver(POISON, CONTOSO)
        relay.write('slow', '')
        relay.start(options=OPEN, env=env)
        wait_for(lambda: os.path.exists(relay.path('dying')))
        relay.daemon.send_signal(how)
        if how == signal.SIGTERM:
            relay.wait_log('event=draining')
        os.unlink(relay.path('slow'))
        relay.stop(how)
        same(len(relay.inbox()), 1, '%s between two tries leaves it in the '
             'inbox' % how.name)
        relay.start(options=OPEN, env=env)
        held_and_told(relay, 'the second time, in another daemon,')
        same(len(relay.wait_log('event=crash')), 2, 'it was tried twice')

# The reader cannot be started.
with Relay() as relay:
    relay.deliver(mail(), CONTOSO)
    missing = relay.path('reader')
    for options in [], OPEN:
        relay.start(wait=False, options=options,
                    env={'TOCSIN_READER': missing})
        same(relay.daemon.wait(WAIT), 1, 'without a reader it does not start')
    log = relay.read_log()
    ok('event=ready' not in log and missing in log and 'No such' in log and
       'executable' in log, 'and says why, and what to do', log)
    same(len(relay.inbox()), 1, 'the mail waits in the inbox')

# It goes away while the relay runs.
with Relay() as relay:
    env = reader_that_dies(relay)
    relay.start(options=OPEN, env=env)
    relay.write('reader', '#!/bin/sh\nexit 1\n')
    with open('/proc/%d/task/%d/children' % (relay.daemon.pid,
                                             relay.daemon.pid),
              encoding='utf-8') as file:
        for pid in file.read().split():
            os.kill(int(pid), signal.SIGKILL)
    relay.deliver(mail(), CONTOSO)
    lines = relay.wait_log('event=trouble')
    ok(lines and 'reader' in lines[0],
       'a reader that does not start any more is no fault of the mail', lines)
    same((len(relay.inbox()), relay.rows('SELECT count(*) FROM crash')),
         (1, [(0,)]), 'which waits in the inbox')
    reader_that_dies(relay)
    same(len(relay.outbox(3)), 3, 'and is told once the reader is there')

# Somebody kills the reader, again and again.
with Relay() as relay:
    relay.start()
    for number in range(4):
        relay.deliver(mail(id=str(number)), CONTOSO)
        relay.outbox(3 * number + 3)
        with open('/proc/%d/task/%d/children' % (relay.daemon.pid,
                                                 relay.daemon.pid),
                  encoding='utf-8') as file:
            for pid in file.read().split():
                os.kill(int(pid), signal.SIGKILL)
    same(len(relay.outbox(12)), 12,
         'a reader that is killed while it rests costs no mail')
    same(relay.rows('SELECT count(*) FROM crash'), [(0,)], 'nor blame')

done()
