#!/usr/bin/env python3
"""A spool that many users of one machine deliver into: none of them reads,
replaces or forges what another one, or the mail server, has stored."""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, 'tests/lib')
from relay import Relay, mail, ok, same, done, skip_all   # noqa: E402

TOCSIN, DROP, ANNA, BERT, CARL = 64101, 64102, 64103, 64104, 64105
CONTOSO = 'contoso@relay.mssp.example'
# A sanitizer looks into its own process, which a set-group-ID one may not.
IS_SANITIZED = 'san' in os.path.basename(os.environ.get('BUILD', 'build'))

if os.geteuid() or not shutil.which('setpriv'):
    skip_all('needs root and setpriv to act as several users')


def be(user, group, *groups):
    """A command line that acts as `user`."""
    return ['setpriv', '--reuid', str(user), '--regid', str(group),
            '--groups=' + ','.join(map(str, groups))
            if groups else '--clear-groups', '--']


class Shared(Relay):
    """The layout of tocsin-deliver(8), SHARED SPOOL."""
    user = TOCSIN

    def __init__(self):
        super().__init__()
        os.chmod(self.folder, 0o711)
        self.programs = self.path('bin')
        shutil.copytree(os.path.abspath(os.environ.get('BUILD', 'build')),
                        self.programs, ignore=lambda folder, names: [
                            n for n in names if not n.startswith('tocsin')])
        self.setgid = self.path('bin', 'setgid-deliver')
        shutil.copy(self.path('bin', 'tocsin-deliver'), self.setgid)
        os.chown(self.setgid, 0, DROP)
        os.chmod(self.setgid, 0o2755)
        open(self.path('log'), 'w').close()
        for name in ('state', 'log'):
            os.chown(self.path(name), TOCSIN, TOCSIN)
        os.chown(self.path('spool'), TOCSIN, DROP)
        os.chmod(self.path('spool'), 0o710)
        for name, mode in ('tmp', 0o3733), ('new', 0o3777):
            os.mkdir(self.path('spool', name))
            os.chown(self.path('spool', name), TOCSIN, TOCSIN)
            os.chmod(self.path('spool', name), mode)

    def deliver_as(self, user, message, *groups, program=None):
        """Exit status of a delivery by a user with these groups."""
        return subprocess.run(
            be(user, user, *groups) +
            [program or self.path('bin', 'tocsin-deliver'), '-f', 'x@y',
             '-s', self.path('spool'), '--', CONTOSO],
            input=message, stderr=subprocess.DEVNULL).returncode

    def python(self, user, code, *groups):
        """What a user of the machine may do to the spool: the name of the
        error that stops him, or ''."""
        text = ('import os, sys\nnew = %r\ntmp = %r\ntry:\n    %s\n'
                'except OSError as e:\n    print(type(e).__name__)\n' %
                (self.path('spool', 'new'), self.path('spool', 'tmp'), code))
        return subprocess.run(
            be(user, user, *groups) + [sys.executable, '-c', text],
            stdout=subprocess.PIPE, text=True).stdout.strip()

    def why(self, id):
        """What `why` says of the mail with that Message-ID."""
        rows = self.rows('select code from item where message_id like ?',
                         id + '@%')
        if not rows:
            return 'not in the store'
        return self.command('why', rows[0][0])[1]


with Shared() as relay:
    # Root looks at what is there, before there is anything.
    relay.user = None
    same(relay.command('customers')[0], 0, 'root asks for the customers')
    relay.user = TOCSIN
    same({os.stat(relay.path('state', n)).st_uid
          for n in os.listdir(relay.path('state'))}, {TOCSIN},
         'as the owner of the state, who can go on with what it made')

    # While the daemon is away.
    same(relay.deliver_as(ANNA, mail(id='anna'), DROP), 0,
         'a member of the group stores a mail')
    name, = relay.inbox()
    state = os.stat(relay.path('spool', 'new', name))
    same((state.st_uid, state.st_gid, state.st_mode & 0o777),
         (ANNA, TOCSIN, 0o640), 'which the daemon may read, by its group')
    same(relay.deliver_as(CARL, mail(id='carl')), 75,
         'who is no member is told to try again')
    status = relay.deliver_as(CARL, mail(id='carl'), DROP) if IS_SANITIZED \
        else relay.deliver_as(CARL, mail(id='carl'), program=relay.setgid)
    same(status, 0, 'but not with the set-group-ID program')
    same(relay.python(CARL, 'os.stat(new)'), 'PermissionError',
         'with which he still cannot enter the spool')

    for what, code in [
            ('list what is being stored', 'os.listdir(tmp)'),
            ('read a mail whose name he knows', 'open(new + "/%s")'),
            ('change it', 'open(new + "/%s", "r+")'),
            ('remove it', 'os.unlink(new + "/%s")'),
            ('move it away', 'os.rename(new + "/%s", tmp + "/x")'),
            ('put another one in its place',
             'open(tmp + "/x", "w").close(); '
             'os.replace(tmp + "/x", new + "/%s")')]:
        got = relay.python(BERT, code % name if '%s' in code else code, DROP)
        same(got, 'PermissionError', 'another member cannot ' + what)

    # What a member can do by hand.
    relay.python(BERT, 'os.mkfifo(new + "/0.fifo")', DROP)
    relay.python(BERT, 'os.symlink("/etc/passwd", new + "/0.link")', DROP)
    relay.python(BERT, 'f = open(new + "/1.huge", "w"); '
                 'f.write("Subject: huge\\n\\n"); f.truncate(1 << 40); '
                 'os.chmod(new + "/1.huge", 0o644)', DROP)

    # The mail server delivers as the daemon's user.
    same(relay.deliver_as(TOCSIN, mail(id='server'), TOCSIN), 0,
         'the mail server stores one, as the user of the daemon')
    relay.start()
    count = relay.wait_rows([(4,)], 'select count(*) from item')
    ok(count == [(4,)], 'all of them are taken', count, relay.read_log())

    why = relay.why('server')
    ok(re.search(r'^authentic +pass', why, re.M),
       'what the mail server stored is believed', why)
    why = relay.why('anna')
    ok(re.search(r'^authentic +none', why, re.M) and
       'user %d stored it' % ANNA in why,
       'what a user stored is not, whatever its Authentication-Results say',
       why)
    why = relay.why('carl')
    ok('user %d stored it' % CARL in why, 'nor with the set-group-ID program',
       why)
    sent = relay.outbox(1)
    ok(any('Malware was found' in m['Subject'] for m in sent),
       'both are told, the one marked as unverified')
    row, = relay.rows('select parse from item where parse like "%cut%"') or \
        [('none is cut',)]
    ok('cut' in row[0], 'a file of a terabyte is cut, and kills nobody', row)
    same(relay.daemon.poll(), None, 'the daemon runs on')
    same(sorted(os.listdir(relay.path('spool', 'new'))),
         ['0.fifo', '0.link'], 'what is no mail stays, and is complained of')
    ok(relay.wait_log('event=trouble.*0.fifo'), 'in the log',
       relay.read_log())

    # Held, then released: time does not make it authentic.
    relay.deliver_as(ANNA, mail(id='other', tenant='00000000-1111-2222-3333-'
                                '444444444444'), DROP)
    relay.wait_rows([(1,)], "select count(*) from held where state = 'held'")
    code = relay.rows("select i.code from item i join held h "
                      "on h.item = i.id where h.state = 'held'")
    status, out, err = relay.command('held', 'release', code[0][0],
                                     '--customer', 'contoso')
    same((status, err), (0, ''), "a user's mail is held, and released")
    relay.wait_rows([], "select 1 from held where state <> 'done'")
    why = relay.why('other')
    ok(re.search(r'^authentic +none', why, re.M) and
       'not authentic when it came' in why, 'and is no more authentic for it',
       why)

done()
