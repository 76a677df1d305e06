#!/usr/bin/env python3
"""Nothing that came is gone: each mail and each record of an API is kept as it
came, and `tocsin why --mail` prints it."""
import json
import os
import pty
import re
import subprocess
import sys

sys.path.insert(0, 'tests/lib')
from cloud import Cloud, alert                          # noqa: E402
from polled import configure, met, titles               # noqa: E402
from relay import Relay, mail, ok, same, done           # noqa: E402

TO = 'contoso@relay.mssp.example'
# What a text must not lose, nor a terminal obey.
ODD = (b'\x1b]0;owned\x07 \x00 \xff\xfe \xc3\xa9 \xe2\x80\xae\r\n'
       b'a line that ends as in a file\nthe last one has no end')


def why(relay, code, **where):
    return subprocess.run(
        [relay.programs + '/tocsin', 'why', '-c', relay.conf, '--mail', code],
        stdin=subprocess.DEVNULL, timeout=180, **where)


def printed(relay, code):
    return why(relay, code, stdout=subprocess.PIPE,
               stderr=subprocess.PIPE).stdout


def on_terminal(relay, code):
    ours, theirs = pty.openpty()
    why(relay, code, stdout=theirs, stderr=subprocess.DEVNULL)
    os.close(theirs)
    shown = b''
    while True:
        try:
            shown += os.read(ours, 65536)
        except OSError:
            os.close(ours)
            return shown


def code_of(relay, pattern):
    line, = relay.wait_log(pattern)
    return re.search(r'code=(\S+)', line).group(1)


def take(relay, message, pattern, *recipients):
    relay.deliver(message, *(recipients or [TO]))
    return code_of(relay, pattern)


def two_customers():
    """It is held, for nobody can tell whose it is."""
    return mail(id='held', title='held').replace(
        b'</table>', b'<tr><td>Organization</td><td>Fabrikam</td></tr>'
        b'</table>') + ODD


with Relay() as relay:
    relay.write('customers/fabrikam.rules',
                'customer fabrikam { organization "Fabrikam"  recipients '
                '@mssp.example  otherwise notify soc-desk }')
    relay.start()

    # It is there, octet for octet.
    message = mail(id='odd', title='odd') + ODD
    code = take(relay, message, r'event=notify .*title=odd')
    same(printed(relay, code), message, 'a mail is printed as it came')
    shown = on_terminal(relay, code)
    ok(b'\x1b' not in shown and b'\x07' not in shown and
       b'\xe2\x80\xae' not in shown and b'a line that ends' in shown,
       'and a terminal obeys nothing in it', shown[-300:])
    same(printed(relay, code.upper()), message, 'its code in any case')

    message = mail(id='noise', title='dropped', severity='Low',
                   device='lab-1')
    code = take(relay, message, r'event=drop .*title=dropped')
    same(printed(relay, code), message, 'one that nobody was told of, too')

    message = mail(id='big', title='big') + b'x' * (3 << 20)
    code = take(relay, message, r'event=notify .*title=big')
    same(printed(relay, code), message, 'and a large one')
    ok(relay.rows('SELECT max(length(bytes)) FROM raw')[0][0] < 100000,
       'which the store has compressed')

    # What is held, before and after a person has seen to it.
    message = two_customers()
    code = take(relay, message, r'event=hold ')
    same(printed(relay, code), message, 'a mail that is held is printed')
    same(relay.command('held', 'release', code, '--customer', 'contoso')[0],
         0, 'it is released')
    relay.wait_log('event=notify .*code=%s|event=notify code=%s' % (code,
                                                                    code))
    same(printed(relay, code), message, 'and can be looked at later')
    status, out, _ = relay.command('held', 'show', code)
    ok(status == 0 and 'state        done' in out, 'though it is done', out)

    # What there is nothing of.
    result = why(relay, 'abcdefghjk', stdout=subprocess.PIPE,
                 stderr=subprocess.PIPE)
    ok(result.returncode == 1 and not result.stdout and
       b'no mail with the code' in result.stderr, 'an unknown code is said')

    # A shorter time holds for what was kept before, too.
    with open(relay.conf, 'a') as file:
        file.write('keep raw 0\n')
    relay.stop()
    relay.start()
    same(relay.wait_rows([(0,)], 'SELECT count(*) FROM raw'), [(0,)],
         '`keep raw 0` forgets what was kept')
    code = take(relay, mail(id='none', title='none'),
                r'event=notify .*title=none')
    result = why(relay, code, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    ok(result.returncode == 1 and not result.stdout and
       b'is not kept; `keep raw`' in result.stderr,
       'and keeps none', result.stdout, result.stderr)
    same(relay.command('why', code)[0], 0, 'the rest is in the journal')
    message = two_customers().replace(b'<held@', b'<held2@')
    relay.deliver(message, TO)
    line = relay.wait_log(r'event=hold ', 2)[1]
    code = re.search(r'code=(\S+)', line).group(1)
    same(printed(relay, code), message, 'but what is held is kept')
    relay.stop()
    same(os.stat(relay.path(*relay.store)).st_mode & 0o777, 0o600,
         'nobody else may read the file')

with Relay() as relay, Cloud(relay.folder) as cloud:
    tenant, = configure(relay, cloud)
    relay.start()
    met(relay)
    record = alert('da1', description='\x1b[31m and "quotes", é')
    tenant.add(record)
    titles(relay, 1)
    code = code_of(relay, r'event=notify .*alert=da1')
    got = json.loads(printed(relay, code))
    same({name: got.get(name) for name in record}, record,
         'a record of an API is printed as JSON, all of it')
done()
