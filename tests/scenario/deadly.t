#!/usr/bin/env python3
"""A mail that ends the daemon itself: the others are told all the same, it is
tried once more, then held; and killing the daemon makes no mail suspicious for
long."""
import os
import signal
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, 'tests/lib')
from relay import WAIT, Relay, mail, ok, same, done     # noqa: E402

CONTOSO = 'contoso@relay.mssp.example'
LEFT = 'left where it is'

# Libraries that are broken: one dies of a text it is to match, one of a mail
# that is to be held.
BROKEN = r'''
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int pcre2_match_8(const void *code, const unsigned char *text, size_t length,
		  size_t at, uint32_t options, void *data, void *context)
{
	static int (*real)(const void *, const unsigned char *, size_t, size_t,
			   uint32_t, void *, void *);

	if (memmem(text, length, "deadly and aborts", 17))
		abort();
	if (memmem(text, length, "deadly", 6))
		raise(SIGKILL);
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "pcre2_match_8");
	return real(code, text, length, at, options, data, context);
}

/* How many names stand in the file of what is in hand. */
static int
in_hand(const char *path)
{
	static char slots[64][256];
	int fd = open(path, O_RDONLY), count = 0, i;

	if (read(fd, slots, sizeof(slots)) == sizeof(slots))
		for (i = 0; i < 64; i++)
			count += slots[i][0] != 0;
	close(fd);
	return count;
}

int sqlite3_bind_blob64(void *statement, int number, const void *bytes,
			uint64_t length, void (*release)(void *))
{
	static int (*real)(void *, int, const void *, uint64_t,
			   void (*)(void *));
	const char *least = getenv("KILL_WITH");

	if (least && in_hand(getenv("TAKING")) >= atoi(least))
		raise(SIGKILL);
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "sqlite3_bind_blob64");
	return real(statement, number, bytes, length, release);
}

size_t ZSTD_compress2(void *context, void *to, size_t room, const void *bytes,
		      size_t length)
{
	static size_t (*real)(void *, void *, size_t, const void *, size_t);

	if (memmem(bytes, length, "deadly when held", 16))
		*(volatile char *)0 = 0;
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "ZSTD_compress2");
	return real(context, to, room, bytes, length);
}
'''
RULES = '''
customer contoso "Contoso GmbH" {
    tenant        72f988bf-86f1-41af-91ab-2d7cd011db47
    mailbox       contoso@relay.mssp.example
    recipients    @mssp.example
    rule text when title matches /nothing like it/ notify bob
    otherwise notify ana
}
'''
TOLD = ('SELECT count(*) FROM delivery WHERE state = "sent" '
        'AND kind = "alert"')
HELD = ('SELECT held.reason FROM held JOIN item ON item = id '
        'WHERE state = "held"')


class Deadly(Relay):
    def __init__(self):
        super().__init__()
        self.write('customers/contoso.rules', RULES)
        self.write('broken.c', BROKEN)
        subprocess.run(['cc', '-shared', '-fPIC', '-o', self.path('broken.so'),
                        self.path('broken.c'), '-ldl'], check=True)

    def env(self):
        options = dict(os.environ).get('ASAN_OPTIONS', '')
        return {'LD_PRELOAD': self.path('broken.so'),
                'ASAN_OPTIONS': options + ':verify_asan_link_order=0'}

    def run_until_it_lives(self, most):
        """As a service manager would; how often it had to. It lives when it
        has emptied the inbox, or says that it leaves something there."""
        for starts in range(1, most + 1):
            self.start(wait=False, env=self.env())
            if not self.dies():
                return starts
        return None

    def killed_with(self, least):
        """Within the first transaction with so many mails in hand."""
        self.start(wait=False, env=dict(self.env(), KILL_WITH=str(least),
                                        TAKING=self.path('state', 'taking')))
        self.daemon.wait(WAIT)

    def released(self):
        try:
            return self.rows('SELECT item FROM held WHERE state = "released"')
        except sqlite3.OperationalError:
            return []           # there is no store yet

    def dies(self):
        while self.daemon.poll() is None:
            if not self.inbox() + self.released() or LEFT in self.read_log():
                return False
            time.sleep(0.01)
        return True


def among_others():
    with Deadly() as relay:
        for number in range(40):
            relay.deliver(mail(id=str(number)), CONTOSO)
        relay.deliver(mail(id='bad', title='deadly and aborts'), CONTOSO)
        for number in range(40, 80):
            relay.deliver(mail(id=str(number)), CONTOSO)
        starts = relay.run_until_it_lives(6)
        same(starts, 3, 'a mail that ends the daemon ends it twice')
        same(relay.wait_rows([(80,)], TOLD), [(80,)],
             'and all others are told')
        held = relay.rows(HELD)
        ok(len(held) == 1 and 'tocsin itself ended' in held[0][0],
           'it is held, with the reason', held)
        same(relay.wait_rows([('soc@mssp.example', 'sent')],
                             'SELECT address, delivery.state FROM delivery '
                             'JOIN held USING (item)'),
             [('soc@mssp.example', 'sent')], 'and the catch-all is told')
        same(relay.inbox(), [], 'it has left the inbox')
        same(relay.rows('SELECT * FROM crash'), [],
             'nobody is suspected any more')
        code, = relay.rows('SELECT code FROM item JOIN held ON item = id')[0]
        relay.stop()
        relay.start()
        relay.command('held', 'release', code)
        same(relay.wait_rows([(81,)], TOLD), [(81,)],
             'released once the fault is mended, it is told')


def even_when_held():
    with Deadly() as relay:
        relay.deliver(mail(id='bad', title='deadly when held'), CONTOSO)
        relay.deliver(mail(id='good'), CONTOSO)
        same(relay.run_until_it_lives(6), 4,
             'a mail that cannot even be held ends the daemon three times')
        same(relay.wait_rows([(1,)], TOLD), [(1,)], 'the other one is told')
        same(len(relay.inbox()), 1, 'it is left in the inbox')
        lines = relay.wait_log('event=trouble.*' + LEFT)
        same(len(lines), 1, 'the log says so, once')
        notices = [m for m in relay.outbox(2)
                   if m['Delivered-To'] == 'soc@mssp.example']
        ok(len(notices) == 1 and
           relay.inbox()[0] in notices[0].get_body(("plain",))
           .get_content().replace('\n', ''),
           'and so does a mail to the catch-all',
           [m.as_string() for m in notices])
        relay.deliver(mail(id='next'), CONTOSO)
        same(relay.wait_rows([(2,)], TOLD), [(2,)],
             'mails that come later are told')


def released():
    """Of a mail that is held for another reason."""
    with Deadly() as relay:
        relay.deliver(mail(id='1', title='deadly', tenant='11111111-2222-4333-'
                           '8444-555555555555'), CONTOSO)
        relay.start()
        relay.wait_rows([(1,)], 'SELECT count(*) FROM held')
        relay.stop()
        code, = relay.rows('SELECT code FROM item')[0]
        relay.command('held', 'release', code, '--customer', 'contoso')
        relay.deliver(mail(id='2'), CONTOSO)
        same(relay.run_until_it_lives(6), 3,
             'a mail that was released ends the daemon twice')
        same(relay.wait_rows([(1,)], TOLD), [(1,)], 'another one is told')
        reason, = relay.rows(HELD) or [('none',)]
        ok('tocsin itself' in reason[0], 'it is held again', reason)


def names_in_hand(relay):
    with open(relay.path('state', 'taking'), 'rb') as file:
        slots = file.read()
    return sum(slots[at] != 0 for at in range(0, len(slots), 256))


def killed_from_outside():
    """While a batch is written."""
    with Deadly() as relay:
        for number in range(64):
            relay.deliver(mail(id=str(number)), CONTOSO)
        relay.killed_with(3)    # one of them may just be let go
        ok(names_in_hand(relay) > 1,
           'the daemon is killed with many mails in hand')
        relay.killed_with(1)
        same(names_in_hand(relay), 1, 'and the next time with one')
        relay.start()
        relay.wait_rows([(64,)], 'SELECT count(*) FROM item')
        held = len(relay.rows(HELD))
        ok(held <= 1, 'no more than that one can be held', held)
        same(relay.wait_rows([(64 - held,)], TOLD), [(64 - held,)],
             'all others are told')
        same(relay.rows('SELECT * FROM crash'), [],
             'and nobody is suspected any more')
        relay.stop(signal.SIGKILL)
        same(names_in_hand(relay), 0,
             'killed while it rests, no mail is suspected')


for story in among_others, even_when_held, released, killed_from_outside:
    story()
done()
