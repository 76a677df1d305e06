"""What it costs to keep each mail as it came: the relay with `keep raw 90d` and
with `keep raw 0`, one after the other, on the same mails."""
import email
import email.encoders
import os
import random
import tempfile
import time

import corpus
from parts import Table, median, ratios, spread
from world import Filled, Sink, Tocsin, wait_until

ROUNDS = 7


def in_base64(data):
    """The same mail, as servers send it whose text is not ASCII."""
    message = email.message_from_bytes(data)
    for part in message.walk():
        if not part.is_multipart():
            body = part.get_payload(decode=True)
            del part['Content-Transfer-Encoding']
            part.set_payload(body)
            email.encoders.encode_base64(part)
    return message.as_bytes()


def short(number):
    """A mail of one sentence after the other, as portals write by hand."""
    rng = random.Random(number)
    slot = corpus.slot_of(number)
    customer = slot // 1000
    to = corpus.mailbox(customer)
    text = 'Severity: %s\nDevice: pc-%04d\n\n%s\n' % (
        corpus.severity(customer), slot, '\n'.join(
            corpus.sentence(rng, 14) for _ in range(rng.randrange(4, 9))))
    fields = corpus.trace(rng, to)[:3] + [
        'From: Office 365 Alerts <Office365Alerts@microsoft.com>',
        'To: ' + to, 'Subject: case %04d' % number,
        'Date: Mon, 09 Nov 2026 08:14:58 +0000',
        'Message-ID: <%d@az.westeurope.microsoft.com>' % number]
    return ('\n'.join(fields) + '\n\n' + text).encode(), to


def written(folder, mails):
    """Each in a file; a list of (file, recipient)."""
    names = []
    for number, (data, recipient) in enumerate(mails):
        names.append((os.path.join(folder, '%04d.eml' % number), recipient))
        with open(names[-1][0], 'wb') as file:
            file.write(data)
    return names


def run(mails, keep):
    """Mails a second, processor ms of a mail, octets of the store."""
    with Sink() as sink, Tocsin(corpus.tocsin(1000)) as relay:
        with open(relay.conf, 'a', encoding='utf-8') as file:
            file.write('keep raw %s\n' % keep)
        relay.fill(mails)
        relay.start()
        begin, before, sent = time.monotonic(), relay.cpu(), relay.sent()
        sent.at = sent.count = 0
        if not wait_until(lambda: sent() >= len(mails), 60):
            raise RuntimeError('not all mails were sent:\n' +
                               relay.read_log()[-2000:])
        rate = len(mails) / (time.monotonic() - begin)
        after = relay.cpu()
        cpu = sum(after[stage] - before[stage] for stage in after)
        relay.stop()            # the log of the store is in its file now
        size = os.path.getsize(relay.path(*relay.store))
    return rate, cpu / 1e6 / len(mails), size


def row(table, name, names):
    """Measure one kind of mails; how much slower, and of its size."""
    mails = Filled(names)
    octets = sum(os.path.getsize(file) for file, _ in names) / len(names)
    rates, cpu, sizes = ({'90d': [], '0': []} for _ in range(3))
    for turn in range(ROUNDS):
        for keep in ('90d', '0') if turn % 2 else ('0', '90d'):
            got = run(mails, keep)
            for values, value in zip((rates, cpu, sizes), got):
                values[keep].append(value)
    faster = ratios(rates['90d'], rates['0'])
    more = [(kept - none) / len(names)
            for kept, none in zip(sizes['90d'], sizes['0'])]
    table.add(name, '%.0f' % octets, spread(rates['0'], '%.0f'),
              spread(rates['90d'], '%.0f'), spread(faster),
              spread(ratios(cpu['90d'], cpu['0'])), '%.0f' % median(more),
              '%.2f' % (median(more) / octets))
    return median(faster), median(more) / octets


def kept(mails):
    table = Table('Keeping %d mails as they came' % len(mails),
                  ['mails', 'octets', 'mails/s, keep raw 0', 'keep raw 90d',
                   'ratio', 'CPU ratio', 'octets on disk', '/ its size'],
                  'From a filled inbox into smtp-sink, 1,000 rules. Octets on '
                  'disk are what the file of the store is larger by, divided '
                  'by the mails: with all that SQLite adds.',
                  'Short ones are all header; they fill no page of the store, '
                  'and are little in any case.')
    with tempfile.TemporaryDirectory(prefix='kept-') as top:
        for kind in ('base64', 'short'):
            os.mkdir(os.path.join(top, kind))
        base64 = written(os.path.join(top, 'base64'), (
            (in_base64(open(file, 'rb').read()), to) for file, to in mails))
        few = written(os.path.join(top, 'short'),
                      (short(number) for number in range(len(mails))))
        for name, names in (('quoted-printable', mails), ('base64', base64)):
            faster, part = row(table, name, names)
            table.goal('%s: at most 10 %% slower' % name, faster >= 0.9,
                       '%.2f x' % faster)
            table.goal('%s: at most 0.3 of its size' % name, part <= 0.3,
                       '%.2f' % part)
        row(table, 'short', few)
    return [table]
