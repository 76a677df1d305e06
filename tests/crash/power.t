#!/usr/bin/env python3
"""The power fails, at every step of storing a mail, of telling it and of
recording that: what was not synced is gone (TAP, with strace).

A trace of all that was written is played again on a disk that knows what was
synced. At each step it may be found in two ways after a power failure: names
and octets as they were synced (`synced`), or every change of a name in place
and the octets as they were synced (`renamed`), as file systems with a journal
leave it. A daemon is then started on that disk; see crash.py for what holds.
"""
import collections
import glob
import os
import re
import shutil
import sys

sys.path.insert(0, 'tests/lib')
from crash import (PEOPLE, Crash, Spool, chosen, need_strace,   # noqa: E402
                   report, strace)
from relay import Relay, same, done                             # noqa: E402
from smtp_server import SmtpServer                              # noqa: E402

CALLS = ('openat,mkdir,mkdirat,write,pwrite64,ftruncate,fsync,fdatasync,'
         'rename,renameat,renameat2,unlink,unlinkat,link,linkat,symlink,'
         'writev,pwritev,pwritev2,sendto,sendmsg,recvfrom,read,recvmsg,'
         'copy_file_range,sendfile,truncate,rmdir')
# Not ours to lose: the trace itself, the log; SQLite makes the index of its
# journal anew; what is being taken matters to a process that crashed only.
BESIDE = ('trace', 'log', 'store.db-shm', 'taking')


def record(trace):
    """strace that keeps every octet."""
    return strace(trace, CALLS)[:-2] + ['-xx', '-s', '1000000', '-e',
                                        'trace=' + CALLS]


Call = collections.namedtuple('Call', 'name words flags result')


def unhex(text):
    return bytes.fromhex(text.replace('\\x', ''))


def read_record(path):
    """The calls that ended well, in the order in which they ended. The words
    are paths of file descriptors and texts, as octets."""
    began, calls = {}, []
    with open(path, encoding='ascii', errors='replace') as file:
        for line in file:
            thread, _, text = line.strip().partition(' ')
            text = text.strip()
            if text.endswith('<unfinished ...>'):
                began[thread] = text[:-len('<unfinished ...>')]
                continue
            resumed = re.match(r'<\.\.\. \w+ resumed>', text)
            if resumed:
                text = began.pop(thread) + text[resumed.end():]
            found = re.fullmatch(r'(\w+)\((.*)\) += (\d+)(<.*>)?.*', text)
            if found:
                name, arguments, result, made = found.groups()
                words = re.findall(r'(?:\d+|AT_FDCWD)<([^>]*)>|"([^"]*)"',
                                   arguments)
                calls.append(Call(
                    name, [unhex(a or b) if '\\x' in a + b else
                           (a or b).encode() for a, b in words] +
                    ([unhex(made[1:-1])] if made and '\\x' in made else []),
                    arguments, int(result)))
    return calls


class File:
    def __init__(self, content=b''):
        self.now, self.synced = bytearray(content), bytes(content)


FOLDER = 'folder'


class Disk:
    """Everything below `top`, which is there and synced at the start."""

    def __init__(self, top):
        self.top = top
        self.now = {}                   # path: File, or FOLDER
        for folder, folders, files in os.walk(top):
            for name in folders:
                self.now[os.path.join(folder, name)] = FOLDER
            for name in set(files) - set(BESIDE):
                path = os.path.join(folder, name)
                with open(path, 'rb') as file:
                    self.now[path] = File(file.read())
        self.synced = dict(self.now)

    def path(self, *words):
        path = os.path.join(*(word.decode() for word in words))
        if path.startswith(self.top + '/') and \
           os.path.basename(path) not in BESIDE:
            return path
        return None

    def step(self, call):
        """Does the call change what may be found?"""
        run = getattr(self, 'do_' + call.name, None)
        return bool(run and run(call))

    def do_openat(self, call):
        path = self.path(*call.words[:2])
        if not path or 'O_CREAT' not in call.flags:
            return False
        file = self.now.setdefault(path, File())
        if 'O_TRUNC' in call.flags:
            file.now.clear()
        return True

    def do_write(self, call):
        return self.change(call, None)

    def do_pwrite64(self, call):
        return self.change(call, int(call.flags.rsplit(', ', 1)[1]))

    def change(self, call, offset):
        file = self.now.get(self.path(call.words[0]))
        if file:
            # Without an offset, files are written from the start to the end.
            start = len(file.now) if offset is None else offset
            file.now.extend(bytes(max(start - len(file.now), 0)))
            file.now[start:start + call.result] = call.words[1][:call.result]
        return False                    # before a sync nothing is different

    def do_ftruncate(self, call):
        file = self.now.get(self.path(call.words[0]))
        if file:
            size = int(call.flags.rsplit(', ', 1)[1])
            file.now[size:] = bytes(max(size - len(file.now), 0))
        return False

    def do_mkdir(self, call):
        path = self.path(call.words[-1])
        if path:
            self.now[path] = FOLDER
        return bool(path)

    def do_fsync(self, call):
        path = call.words[0].decode()
        file = self.now.get(path)
        if isinstance(file, File):
            file.synced = bytes(file.now)
            return True
        names = {each for each in {**self.now, **self.synced}
                 if os.path.dirname(each) == path}
        for name in names:
            if name in self.now:
                self.synced[name] = self.now[name]
            else:
                del self.synced[name]
        return bool(names)

    do_fdatasync = do_fsync

    def do_rename(self, call):
        words = call.words
        half = len(words) // 2
        old, new = self.path(*words[:half]), self.path(*words[half:])
        if old and new:
            self.now[new] = self.now.pop(old)
        return bool(old and new)

    do_renameat = do_renameat2 = do_rename

    def do_unlink(self, call):
        return self.now.pop(self.path(*call.words), None) is not None

    do_unlinkat = do_unlink

    def image(self, names):
        """What is found, by path from the top: octets, or None for a
        folder."""
        found = {}
        for path in sorted(names):
            parent = os.path.dirname(path)
            if parent == self.top or os.path.relpath(parent, self.top) in \
               found:
                found[os.path.relpath(path, self.top)] = \
                    None if names[path] is FOLDER else names[path].synced
        return found

    def images(self):
        return [('synced', self.image(self.synced)),
                ('renamed', self.image(self.now))]

    def differences(self):
        """The disk that was played against the real one."""
        real = Disk(self.top).now
        return sorted(path for path in {**real, **self.now}
                      if path not in real or path not in self.now or
                      (real[path] is not FOLDER and
                       real[path].now != self.now[path].now))


# ---- tocsin-deliver ----

def torn(image, octets):
    """Mails in the inbox that have an end of their own."""
    return [path for path, content in image.items()
            if path.startswith('spool/new/') and
            not content.endswith(octets)]


def holds(image, octets):
    return any(path.startswith('spool/new/') and content.endswith(octets)
               for path, content in image.items() if content is not None)


def power_fails_in_deliver(name, relay, spool):
    octets, disk = spool.mail(), Disk(relay.folder)
    kept = {path: None for path in disk.now if '/new/' in path}
    same(spool.deliver(octets, *record(relay.path('trace')))[0], 0,
         'the %s mail of a spool is stored' % name)
    half, points = [], 0
    for call in read_record(relay.path('trace')):
        if disk.step(call):
            points += 1
            half += [(how, path) for how, image in disk.images()
                     for path in torn(image, octets)
                     if os.path.join(disk.top, path) not in kept]
    same(half, [], 'power fails at any moment (%d): no torn mail in new' %
         points)
    same([how for how, image in disk.images() if not holds(image, octets)],
         [], 'power fails after exit 0: the whole mail is there')
    same(disk.differences(), [], 'the disk that was played is the real one')


# ---- the daemon ----

def told_by(calls, recorded):
    """(those whose mails were under way, those of them that the server had
    taken) before each call, by the conversation of each connection."""
    under_way, taken, at = {}, {}, {}
    for call in calls:
        yield dict(under_way), dict(taken)
        socket, text = call.words[0] if call.words else b'', b''
        if call.name in ('sendto', 'write', 'recvfrom', 'read') and \
           len(call.words) > 1:
            text = call.words[1]
        found = re.match(rb'RCPT TO:<(.*?)>', text)
        if found:
            at[socket] = found[1].decode()
        if text.startswith(b'DATA\r') and socket in at:
            under_way[at[socket]] = recorded.get(at[socket])
        if text.startswith(b'250 2.0.0 queued') and socket in at:
            taken[at[socket]] = recorded[at[socket]]
    yield under_way, taken


def last_good(image):
    """The texts in STATE/last-good, each under its name."""
    return {path: content for path, content in image.items()
            if path.startswith('state/last-good/') and content is not None and
            not path.endswith('.new')}


def rules_of(relay):
    """What may stand there: the texts of all files but the main one."""
    texts = set()
    for path in glob.glob(relay.path('**', '*.rules'), recursive=True) + \
            ['rules/formats.rules']:
        with open(path, 'rb') as file:
            texts.add(file.read())
    return texts


def keeps_last_good(relay, images, last):
    """`images` of all moments, and `last` after the end, as it was synced."""
    texts = rules_of(relay)
    same([(how, path) for how, image in images
          for path, content in last_good(image).items()
          if content not in texts], [],
         'power fails at any moment: no last good text is torn')
    same(set(last_good(last).values()), texts,
         'power fails after the start: each of them is there')


Found = collections.namedtuple('Found', 'step how image under_way taken')


def failures(relay, server):
    """Each different disk that may be found, from the start of the daemon to
    its end, and what the server knows by then."""
    disk, trace = Disk(relay.folder), relay.path('trace')
    same(relay.run_under(*record(trace)), 0,
         'the daemon tells everybody by %s and ends' %
         ('SMTP' if server else 'Maildir'))
    recorded = dict(relay.told()) if server else {}
    calls, found, seen = read_record(trace), [], set()
    for step, (call, (under_way, taken)) in enumerate(
            zip(calls, told_by(calls, recorded))):
        if not disk.step(call) and step:
            continue
        for how, image in disk.images():
            key = (tuple(image.items()), tuple(under_way), tuple(taken))
            if key not in seen:
                seen.add(key)
                found.append(Found(step, how, image, under_way, taken))
    same(disk.differences(), [], 'the disk that was played is the real one')
    same([path for path in disk.image(disk.synced)
          if path.startswith('spool/new/')], [],
         'power fails after the end: no mail is in the inbox again')
    keeps_last_good(relay, [(each.how, each.image) for each in found],
                    disk.image(disk.synced))
    same(sorted(found[-1].taken), PEOPLE if server else [],
         'and the conversations were understood')
    return found


class Restarted(Crash):
    """On a disk that was found after a power failure."""

    def __init__(self, found, server):
        super().__init__(server)
        self.found = found
        for name in 'spool', 'state':
            shutil.rmtree(self.path(name))
            os.mkdir(self.path(name))
        for path, content in found.image.items():
            if path.split('/')[0] not in ('spool', 'state'):
                continue
            if content is None:
                os.makedirs(self.path(path), exist_ok=True)
            else:
                with open(self.path(path), 'wb') as file:
                    file.write(content)

    def told(self):
        """Also what the server has from before."""
        again = super().told()
        who = {recipient for recipient, _ in again}
        return (again + list(self.found.taken.items()) +
                [each for each in self.found.under_way.items()
                 if each[0] in who])


def after_power_failure(found, server):
    with Restarted(found, server) as relay:
        return relay.problems_after_restart()


def power_fails_in_daemon():
    with SmtpServer() as server, Crash(server) as relay:
        points = failures(relay, server)
    with Crash() as relay:
        by_maildir = failures(relay, None)
    problems = {}
    for found in chosen(points):
        with SmtpServer() as server:
            problems['SMTP', str(found.step), found.how] = \
                after_power_failure(found, server)
    for found in chosen(by_maildir):
        problems['Maildir', str(found.step), found.how] = \
            after_power_failure(found, None)
    report('power fails in the daemon: everybody is told, a second mail is '
           'the same mail, queue and journal agree', problems)


need_strace()
with Relay() as relay:
    spool = Spool(relay)
    power_fails_in_deliver('first', relay, spool)
    power_fails_in_deliver('next', relay, spool)
power_fails_in_daemon()
done()
