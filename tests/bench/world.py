"""What a measurement stands among: the corpus in an inbox, the relay, Postfix's
smtp-sink, Postfix itself. Everything is inside the namespaces of private_root,
and ends by its process id."""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, 'tests/lib')
from relay import BUILD, Relay                             # noqa: E402

import corpus                                              # noqa: E402

SINK_PORT = 2525
CONTACTS = '''
person primary  { mail primary@mssp.example }
team   soc-desk { mail soc@mssp.example }
'''
SINK = 'relay sink { smtp 127.0.0.1:%d tls none }' % SINK_PORT
USER = 3903        # who runs what an MTA would run


def wait_until(asked, seconds, pause=0.002):
    """True when asked() became true in time."""
    end = time.monotonic() + seconds
    while not asked():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
    return True


def is_open(port):
    try:
        socket.create_connection(('127.0.0.1', port), 1).close()
        return True
    except OSError:
        return False


# ---- processor time ----

def task_ns(pid, task):
    """What a thread has had of the processors, in ns."""
    try:
        with open('/proc/%d/task/%d/schedstat' % (pid, task)) as file:
            return int(file.read().split()[0])
    except OSError:
        return 0


def tasks(pid):
    try:
        return [int(name) for name in os.listdir('/proc/%d/task' % pid)]
    except OSError:
        return []


def task_name(pid, task):
    try:
        with open('/proc/%d/task/%d/comm' % (pid, task)) as file:
            return file.read().strip()
    except OSError:
        return ''


def children(pid):
    try:
        with open('/proc/%d/task/%d/children' % (pid, pid)) as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def process_ns(pid):
    return sum(task_ns(pid, task) for task in tasks(pid))


def ended_ns(pid):
    """What its children that have ended have had."""
    with open('/proc/%d/stat' % pid) as file:
        words = file.read().rpartition(')')[2].split()
    return int((int(words[13]) + int(words[14])) * 1e9 /
               os.sysconf('SC_CLK_TCK'))


def machine_s():
    """Seconds of all processors that were not idle."""
    with open('/proc/stat') as file:
        words = [int(word) for word in file.readline().split()[1:9]]
    return (sum(words) - words[3] - words[4]) / os.sysconf('SC_CLK_TCK')


def memory_kb(pid, field='VmRSS'):
    with open('/proc/%d/status' % pid) as file:
        for line in file:
            if line.startswith(field + ':'):
                return int(line.split()[1])
    return 0


# ---- smtp-sink ----

class Sink:
    """Takes mails and forgets them; with `counts` it knows how many there
    were."""

    def __init__(self, port=SINK_PORT, counts=False):
        self.port, self.counts = port, counts
        self.said = tempfile.TemporaryFile()

    def __enter__(self):
        self.process = subprocess.Popen(
            ['/usr/sbin/smtp-sink', '-u', 'root', '-m', '5000'] +
            ['-c'] * self.counts + ['127.0.0.1:%d' % self.port, '5000'],
            stdin=subprocess.DEVNULL,
            stdout=self.said)
        if not wait_until(lambda: is_open(self.port), 10):
            raise RuntimeError('smtp-sink does not listen')
        return self

    def __exit__(self, *exception):
        self.process.kill()
        self.process.wait()

    def cpu_ns(self):
        return process_ns(self.process.pid)

    def taken(self):
        """How many mails so far: it says so whenever there is one more."""
        fd = self.said.fileno()         # the sink writes at its position
        at = max(0, os.fstat(fd).st_size - 200)
        found = re.findall(rb'mesg=(\d+)\D', os.pread(fd, 200, at))
        return int(found[-1]) if found else 0


# ---- the relay ----

class Tail:
    """Counts the lines with a word that a log gets from now on."""

    def __init__(self, name, word):
        self.name, self.word, self.count = name, word, 0
        self.at = os.path.getsize(name)

    def __call__(self):
        with open(self.name, 'rb') as file:
            file.seek(self.at)
            text = file.read()
        end = text.rfind(b'\n') + 1
        self.at += end
        self.count += text.count(self.word, 0, end)
        return self.count


class Filled:
    """A list of mails as it lies in a spool, for many runs of the same."""

    def __init__(self, mails):
        self.folder = tempfile.TemporaryDirectory(prefix='spool-')
        self.count = len(mails)
        for name in ('tmp', 'new'):
            os.mkdir(os.path.join(self.folder.name, name))
        each(mails, deliver_command(self.folder.name), user=0)

    def __len__(self):
        return self.count


class Tocsin(Relay):
    """The relay with the corpus' customers, sending into the sink."""

    def __init__(self, rules, build=BUILD):
        super().__init__(relay=SINK)
        self.programs = build
        self.write('contacts.rules', CONTACTS)
        self.write('customers/contoso.rules', rules)
        os.chmod(self.folder, 0o755)

    def deliver_command(self):
        return deliver_command(self.path('spool'), self.programs)

    def fill(self, mails):
        """Put mails into the inbox with the real tocsin-deliver."""
        if isinstance(mails, Filled):
            shutil.copytree(mails.folder.name, self.path('spool'),
                            dirs_exist_ok=True)
        else:
            each(mails, self.deliver_command(), user=0)

    def sent(self):
        return Tail(self.path('log'), b'event=sent')

    def cpu(self):
        """Nanoseconds by stage: the loop's thread, the clerk's (none in old
        builds), the senders, readers (those that have ended in ticks of the
        clock)."""
        pid = self.daemon.pid
        used = {task: task_ns(pid, task) for task in tasks(pid)}
        loop = used.pop(pid)
        clerk = sum(ns for task, ns in used.items()
                    if task_name(pid, task) == 'clerk')
        return {'loop': loop, 'clerk': clerk,
                'senders': sum(used.values()) - clerk,
                'readers': sum(process_ns(p) for p in children(pid)) +
                ended_ns(pid)}


def deliver_command(spool, build=BUILD):
    return [build + '/tocsin-deliver', '-f', 'azure-noreply@microsoft.com',
            '-s', spool, '--', '@']


class Run:
    """What one run of a program cost: see each.c."""

    def __init__(self, line):
        wall, cpu, self.memory_kb, self.end_ns = map(int, line.split())
        self.wall_ms, self.cpu_ms = wall / 1e6, cpu / 1e6


def each(mails, command, user=USER, pace_ms=0):
    """Run a command for each of the mails, the mail on its standard input."""
    done = subprocess.run(
        [BUILD + '/bench/each', str(user), str(pace_ms)] + command,
        input=''.join('%s %s\n' % mail for mail in mails),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise RuntimeError('%s failed: %s' % (command[0], done.stderr))
    return [Run(line) for line in done.stdout.splitlines()]


# ---- Postfix ----

MAIN_CF = '''compatibility_level = 3.6
myhostname = mx.mssp.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = loopback-only
inet_protocols = ipv4
queue_directory = %(top)s/queue
data_directory = %(top)s/data
relay_domains = relay.mssp.example, mssp.example
transport_maps = inline:{relay.mssp.example=%(transport)s, mssp.example=smtp:[127.0.0.1]:%(port)d}
bench_destination_recipient_limit = 1
alias_maps =
local_recipient_maps =
maillog_file = /dev/stdout
smtpd_peername_lookup = no
smtp_dns_support_level = disabled
smtpd_client_connection_count_limit = 0
message_size_limit = 60000000
minimal_backoff_time = 2s
queue_run_delay = 2s
'''

MASTER_CF = '''smtp inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
postlog unix-dgram n - n - 1 postlogd
bench unix - n n - - pipe
  flags=R user=bench null_sender= argv=%(command)s
'''

USERS = '''postfix:x:3901:3901::/nonexistent:/usr/sbin/nologin
bench:x:3903:3903::/:/usr/sbin/nologin
dovecot:x:3905:3905::/nonexistent:/usr/sbin/nologin
dovenull:x:3906:3906::/nonexistent:/usr/sbin/nologin
'''
GROUPS = '''postfix:x:3901:
postdrop:x:3902:
bench:x:3903:
dovecot:x:3905:
dovenull:x:3906:
'''


# What a machine that is a mail server has, and is not to be seen.
FOLDERS = ['/etc/postfix', '/etc/dovecot', '/var/spool/postfix',
           '/var/lib/postfix']


class Postfix:
    """Relays into the sink, or pipes into a command."""

    def __init__(self, folder, transport='bench:', command='/bin/true'):
        self.folder = folder
        self.log = os.path.join(folder, 'log')
        values = dict(top=folder, transport=transport, port=SINK_PORT,
                      command=command)
        for name in ('queue', 'data'):
            os.makedirs(os.path.join(folder, name), exist_ok=True)
        os.chown(os.path.join(folder, 'data'), 3901, 3901)
        os.makedirs('/etc/postfix', exist_ok=True)
        for name, text in (('main.cf', MAIN_CF), ('master.cf', MASTER_CF)):
            with open('/etc/postfix/' + name, 'w') as file:
                file.write(text % values)

    def __enter__(self):
        self.file = open(self.log, 'w')
        subprocess.run(['/usr/sbin/postfix', 'check'], stdout=self.file,
                       stderr=self.file)
        self.process = subprocess.Popen(
            ['/usr/sbin/postfix', 'start-fg'], stdin=subprocess.DEVNULL,
            stdout=self.file, stderr=self.file)
        if not wait_until(lambda: is_open(25), 20, 0.05):
            raise RuntimeError('postfix does not start')
        return self

    def __exit__(self, *exception):
        subprocess.run(['/usr/sbin/postfix', 'stop'], stdout=self.file,
                       stderr=self.file)
        self.process.wait(20)
        self.file.close()

    def removed(self):
        """Counts mails that leave the queue."""
        return Tail(self.log, b': removed\n')


def source(mail, recipient, count, port=25, sessions=10):
    """smtp-source, under way: the same mail `count` times."""
    return subprocess.Popen(
        ['/usr/sbin/smtp-source', '-d', '-s', str(sessions), '-m', str(count),
         '-f', 'azure-noreply@microsoft.com', '-t', recipient, '-F', mail,
         '127.0.0.1:%d' % port], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL)
