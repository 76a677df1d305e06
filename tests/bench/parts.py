"""The parts of the measurement. Each gives tables."""
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import tempfile
import threading
import time

import corpus
import peers
from relay import BUILD
from world import (SINK_PORT, USER, Postfix, Sink, Tail, Tocsin, children,
                   deliver_command, each, is_open, machine_s, memory_kb,
                   source, wait_until)

ROUNDS = 3
median = statistics.median


class Table:
    def __init__(self, title, columns, *notes):
        self.title, self.columns, self.notes = title, columns, list(notes)
        self.rows, self.goals = [], []

    def add(self, *cells):
        self.rows.append([str(cell) for cell in cells])

    def goal(self, text, met, got):
        self.goals.append('%s: %s (%s)' % (text, 'met' if met else 'MISSED',
                                           got))


def spread(values, form='%.2f'):
    """"median (least-most)" """
    return '%s (%s-%s)' % tuple(form % v for v in (
        median(values), min(values), max(values)))


def ratios(values, base):
    """Ratios within each round; rounds are what is alike."""
    return [v / b for v, b in zip(values, base)]


def shuffled(rng, names):
    names = list(names)
    rng.shuffle(names)
    return names


# ---- (a) one mail into the inbox ----

def deliver(mails):
    rounds, count = 25, 20
    rng = random.Random(1)
    wall, cpu = {}, {}
    with tempfile.TemporaryDirectory(prefix='tocsin-') as top:
        os.chmod(top, 0o755)
        for name in ('store', 'spool'):
            for folder in ('', 'tmp', 'new'):
                os.makedirs(os.path.join(top, name, folder), exist_ok=True)
                os.chown(os.path.join(top, name, folder), USER, USER)
        commands = {
            'store': [BUILD + '/bench/store', top + '/store'],
            'tocsin-deliver': deliver_command(top + '/spool'),
        }
        for _ in range(rounds):
            some = rng.sample(mails, count)
            for name in shuffled(rng, commands):
                runs = each(some, commands[name])
                wall.setdefault(name, []).append(
                    median(run.wall_ms for run in runs))
                cpu.setdefault(name, []).append(
                    sum(run.cpu_ms for run in runs) / count)
    table = Table('One mail into the inbox, process start included',
                  ['program', 'wall ms', '/ store', 'CPU ms', '/ store'],
                  'store: a static C program with the same writes and syncs '
                  'and nothing else. %d rounds of %d mails each.'
                  % (rounds, count))
    for name in commands:
        table.add(name, spread(wall[name]),
                  spread(ratios(wall[name], wall['store'])),
                  spread(cpu[name]), spread(ratios(cpu[name], cpu['store'])))
    got = median(ratios(wall['tocsin-deliver'], wall['store']))
    table.goal('at most 1.15 x store', got <= 1.15, '%.2f x' % got)
    return [table]


# ---- (b) one alert against many rules ----

def match(mails):
    counts = (10, 1000, 100000, 1000000)
    tables = []
    for layout, title, goal, of in (
            ('one', 'all in one customer', 3.0, 100000),
            ('spread', 'ten to each customer', 1.5, 1000000)):
        table = Table('Matching one alert, rules ' + title,
                      ['condition'] + ['%d rules, µs' % c for c in counts] +
                      ['%d / 10' % of],
                      'exact: device is "NAME"; prefix, suffix: device like '
                      'a pattern; title: title contains TEXT; severity: '
                      'severity at least medium and device is "NAME".',
                      'Processor time of 15 interleaved rounds of 1,000 '
                      'alerts, each of which one rule decides.',
                      'Ten rules are tried one after the other, five on '
                      'average, and what each answered is written down for '
                      'the journal: that is most of their time. From 65 rules '
                      'of one customer on an index finds the one to try.')
        worst = 0
        for kind in ('exact', 'prefix', 'suffix', 'title', 'severity'):
            out = subprocess.run(
                [BUILD + '/bench/match', layout, kind] + [str(c) for c in
                                                         counts],
                stdout=subprocess.PIPE, text=True, check=True).stdout
            rows = [line.split() for line in out.splitlines()]
            growth = int(rows[counts.index(of)][1]) / int(rows[0][1])
            worst = max(worst, growth)
            table.add(kind, *['%.1f (%.1f-%.1f)' % tuple(
                int(n) / 1e3 for n in row[1:4]) for row in rows],
                '%.2f' % growth)
        table.goal('from 10 to %d rules at most %.1f x' % (of, goal),
                   worst <= goal, '%.2f x at worst' % worst)
        tables.append(table)
    return tables


# ---- (c) mails a second ----

def relay_run(mails, rules, build=BUILD):
    """Empty a filled inbox into the sink: mails/s, processor ms of a mail by
    stage, and what the sink took of them."""
    with Sink() as sink, Tocsin(rules, build) as relay:
        relay.fill(mails)
        used = sink.cpu_ns()
        relay.start()
        begin, before, sent = time.monotonic(), relay.cpu(), relay.sent()
        sent.at = sent.count = 0
        if not wait_until(lambda: sent() >= len(mails), 60):
            raise RuntimeError('not all mails were sent:\n' +
                               relay.read_log()[-2000:])
        rate = len(mails) / (time.monotonic() - begin)
        after = relay.cpu()
        cpu = {stage: (after[stage] - before[stage]) / 1e6 / len(mails)
               for stage in after}
        cpu['sink'] = (sink.cpu_ns() - used) / 1e6 / len(mails)
        relay.stop()
    return rate, cpu


def postfix_run(postfix, mail, count, done=None):
    """smtp-source into Postfix until its queue is empty, and until done() says
    so: mails/s and processor ms of a mail, all of the machine."""
    removed = postfix.removed()
    begin, busy = time.monotonic(), machine_s()
    client = source(mail[0], mail[1], count)
    good = wait_until(lambda: removed() >= count, 90) and \
        (not done or wait_until(lambda: done() >= count, 90))
    seconds, busy = time.monotonic() - begin, machine_s() - busy
    client.wait()
    if not good:
        raise RuntimeError('Postfix did not empty its queue')
    return count / seconds, busy * 1e3 / count


def through(mails):
    """From a filled inbox, against Postfix with the same work to the same
    sink."""
    rates = {'tocsin': [], 'postfix': []}
    cpu, postfix_cpu = [], []
    with tempfile.TemporaryDirectory(prefix='postfix-') as top:
        os.chmod(top, 0o755)
        with Postfix(top, transport='smtp:[127.0.0.1]:%d' % SINK_PORT) as mta:
            for _ in range(ROUNDS):
                rate, used = relay_run(mails, corpus.tocsin(1000))
                rates['tocsin'].append(rate)
                cpu.append(used)
                with Sink():
                    rate, used = postfix_run(mta, mails[0], len(mails))
                rates['postfix'].append(rate)
                postfix_cpu.append(used)
    table = Table('%d mails into smtp-sink, 1,000 rules' % len(mails),
                  ['path', 'mails/s', '/ Postfix', 'CPU ms per mail'],
                  'tocsin: parse, match, render, durable queue; the mails lie '
                  'in the inbox when it starts. Postfix gets one mail of %d kB '
                  'again and again from smtp-source over 10 connections and '
                  'relays it into the same sink; its CPU is that of the whole '
                  'machine, smtp-source and sink included.'
                  % (os.path.getsize(mails[0][0]) // 1000))
    total = [sum(used.values()) - used['sink'] for used in cpu]
    table.add('Postfix', spread(rates['postfix'], '%.0f'), 1,
              spread(postfix_cpu))
    faster = ratios(rates['tocsin'], rates['postfix'])
    table.add('tocsin', spread(rates['tocsin'], '%.0f'), spread(faster),
              spread(total))
    for stage, name in (('readers', 'parse: the caged reader'),
                        ('loop', 'inbox: the loop'),
                        ('clerk', 'match, render, store: the clerk'),
                        ('senders', 'SMTP: the senders'),
                        ('sink', '(smtp-sink)')):
        table.add('  ' + name, '', '', spread([used[stage] for used in cpu]))
    table.goal('at least 2 x Postfix', median(faster) >= 2,
               '%.1f x' % median(faster))
    return table


def own_folders(path):
    for folder in ('', 'tmp', 'new'):
        os.makedirs(os.path.join(path, folder), exist_ok=True)
        os.chown(os.path.join(path, folder), USER, USER)


def pipe_run(top, mail, count, command, done=None):
    with Postfix(top, command=command) as mta:
        return postfix_run(mta, mail, count, done)


def pipe(mails):
    """Postfix's pipe(8) into the relay, and into a program that only stores."""
    count = 600
    names = ('store', 'tocsin-deliver', 'tocsin, to the sink')
    rates = {name: [] for name in names}
    cpu = {name: [] for name in names}
    rng = random.Random(3)
    for _ in range(ROUNDS):
        for name in shuffled(rng, names):
            with tempfile.TemporaryDirectory(prefix='postfix-') as top, \
                    Sink(), Tocsin(corpus.tocsin(1000)) as relay:
                os.chmod(top, 0o755)
                spool = relay.path('spool')
                own_folders(spool)
                done = None
                command = '%s/bench/store %s' % (BUILD, spool)
                if name != 'store':
                    command = ('%s/tocsin-deliver -f ${sender} -s %s -- '
                               '${recipient}' % (BUILD, spool))
                if name == 'tocsin, to the sink':
                    relay.start()
                    done = relay.sent()
                rate, used = pipe_run(top, mails[0], count, command, done)
                rates[name].append(rate)
                cpu[name].append(used)
    table = Table('%d mails through Postfix and its pipe(8)' % count,
                  ['into', 'mails/s', '/ store', 'CPU ms per mail, machine'],
                  'The last row is the whole way to the sink\'s 250, on the '
                  'same processors as Postfix.')
    for name in names:
        table.add(name, spread(rates[name], '%.0f'),
                  spread(ratios(rates[name], rates['store'])),
                  spread(cpu[name]))
    got = median(ratios(rates['tocsin-deliver'], rates['store']))
    table.goal('within 10 % of store', got >= 0.9, '%.2f x' % got)
    return table


def mails(mails):
    yield through(mails)
    yield pipe(mails)
    yield from peers_tables(mails)


def peers_tables(mails):
    """Programs that file a mail by rules, on the same question."""
    rng = random.Random(4)
    for rules, style, count in ((10, corpus.SUBJECT, 60),
                                (1000, corpus.SUBJECT, 20),
                                (1000, corpus.BODY, 20),
                                (10000, corpus.SUBJECT, 5)):
        wall, cpu, memory = {}, {}, {}
        with peers.Programs(rules, style) as programs:
            for _ in range(ROUNDS):
                some = rng.sample(mails, count)
                for name in shuffled(rng, programs.commands):
                    runs = each(programs.feed(name, some),
                                programs.commands[name])
                    wall.setdefault(name, []).append(
                        sum(run.wall_ms for run in runs) / count)
                    cpu.setdefault(name, []).append(
                        sum(run.cpu_ms for run in runs) / count)
                    memory[name] = max(run.memory_kb for run in runs)
            right = programs.right()
        rate, used = relay_run(mails, corpus.tocsin(rules))
        used = sum(used.values()) - used['sink']
        ours = {
            'wall': [ms + 1e3 / rate for ms in wall['tocsin-deliver']],
            'cpu': [ms + used for ms in cpu['tocsin-deliver']],
        }
        table = Table('One mail, {:,} rules; severity and customer in the {}'
                      .format(rules, style),
                      ['program', 'wall ms', '/ tocsin', 'CPU ms', '/ tocsin',
                       'MB', 'right'],
                      'tocsin: tocsin-deliver, then parse, match, render, '
                      'queue and SMTP by the daemon, from a filled inbox (one '
                      'run); the others, and store, start once for a mail and '
                      'file it.',
                      'right: mails in the box of the rule that the device '
                      'names. What is not, has its severity, customer or '
                      'device in an encoding that the program does not read.',
                      'amtool config routes test, of Alertmanager: is given '
                      'labels, reads no mail and files nothing; it is checked '
                      'each time that it found the receiver.')
        table.add('tocsin, all of it', spread(ours['wall']), 1,
                  spread(ours['cpu']), 1, '', '')
        for name in programs.commands:
            by_wall = ratios(wall[name], ours['wall'])
            by_cpu = ratios(cpu[name], ours['cpu'])
            table.add(name, spread(wall[name]), spread(by_wall, '%.1f'),
                      spread(cpu[name]), spread(by_cpu, '%.1f'),
                      '%.1f' % (memory[name] / 1024), right.get(name, ''))
            if rules >= 1000 and name not in ('store', 'tocsin-deliver'):
                got = median(by_wall)
                table.goal('at least 10 x ahead of ' + name, got >= 10,
                           '%.1f x' % got)
        table.notes += programs.missing
        yield table


# ---- (d) loading ----

PLAIN = """	rule r%(rule)d
		when severity at least medium and device like "%(name)s-%(rule)d-*"
		notify primary
"""
WORDY = """	rule r%(rule)d "what the team of %(name)s wants to know"
		when severity at least medium and device like "%(name)s-%(rule)d-*"
		notify primary using urgent
"""


def many_rules(customers, each_has, rule=PLAIN):
    """The corpus' customers first, then others; a name and a text for each."""
    yield 'corpus', corpus.tocsin(10)
    for customer in range(customers):
        name = 'm%05d' % customer
        rules = ''.join(rule % dict(rule=i, name=name)
                        for i in range(each_has))
        yield name, ('customer %s "Customer %d" {\n\ttenant %08x-0000-4000-'
                     '8000-000000000000\n\tmailbox %s@relay.mssp.example\n'
                     '\trecipients @mssp.example\n%s\totherwise notify '
                     'soc-desk\n}\n' % (name, customer, customer, name, rules))


class Many(Tocsin):
    """The relay with many customers, one file for each."""

    def __init__(self, customers, each_has, rule=PLAIN, build=BUILD):
        super().__init__('# none\n', build)
        shutil.rmtree(self.path('customers'))
        for name, text in many_rules(customers, each_has, rule):
            self.write('customers/%s.rules' % name, text)

    def check(self):
        """Seconds and kB that `tocsin check` takes."""
        begin = time.monotonic()
        child = subprocess.Popen([BUILD + '/tocsin', 'check', '-c', self.conf],
                                 stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise RuntimeError('tocsin check: %d' % child.returncode)
        return time.monotonic() - begin, usage.ru_maxrss


class ClockSink:
    """clocksink.py, its answers as (ns, number of the mail)."""

    def __enter__(self):
        self.answers = []
        self.process = subprocess.Popen(
            ['python3', 'tests/bench/clocksink.py', str(SINK_PORT)],
            stdout=subprocess.PIPE, text=True)
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()
        wait_until(lambda: is_open(SINK_PORT), 10)
        return self

    def read(self):
        for line in self.process.stdout:
            when, _, subject = line.partition(' ')
            number = re.search(r'case (\d{4})', subject)
            if number:
                self.answers.append((int(when), int(number.group(1))))

    def __exit__(self, *exception):
        self.process.kill()
        self.process.wait()
        self.thread.join()


def delays(relay, mails, pace_ms, meanwhile=None):
    """Milliseconds from the end of tocsin-deliver to the sink's 250, the
    instants of these 250, sorted, and the MB that the daemon had at most and
    in the end."""
    with ClockSink() as sink:
        relay.start()
        worker = threading.Thread(target=meanwhile) if meanwhile else None
        if worker:
            worker.start()
        runs = each(mails, relay.deliver_command(), user=0, pace_ms=pace_ms)
        wait_until(lambda: len(sink.answers) >= len(mails), 30)
        if worker:
            worker.join()
        time.sleep(0.5)
        memory_mb = [memory_kb(relay.daemon.pid, field) / 1024
                     for field in ('VmHWM', 'VmRSS')]
        relay.stop()
    ends = {int(os.path.basename(mail[0])[:4]): run.end_ns
            for mail, run in zip(mails, runs)}
    if len(sink.answers) < len(mails):
        raise RuntimeError('%d of %d mails were sent' % (len(sink.answers),
                                                         len(mails)))
    return ([max(0, when - ends[number]) / 1e6
             for when, number in sink.answers],
            sorted(when for when, _ in sink.answers), memory_mb)


def longest_gap(instants):
    return max(b - a for a, b in zip(instants, instants[1:])) / 1e6


def percentile(values, percent):
    return sorted(values)[min(len(values) - 1,
                              int(len(values) * percent / 100))]


def load(mails):
    table = Table('Loading 200,000 rules: `tocsin check`',
                  ['rules', 'seconds', 'MB at most', 'bytes per rule'],
                  'A plain rule has two conditions and one contact; a wordy '
                  'one a comment and a template besides. MB are resident, '
                  'all of the process; bytes per rule are what it has more '
                  'than with hardly any rules.')
    for name, customers, each_has, rule in (
            ('plain, 2,000 files of 100', 2000, 100, PLAIN),
            ('plain, 20 files of 10,000', 20, 10000, PLAIN),
            ('wordy, 2,000 files of 100', 2000, 100, WORDY)):
        with Many(customers, each_has, rule) as relay:
            runs = [relay.check() for _ in range(5)]
        with Many(1, 1) as relay:
            none = relay.check()[1]
        seconds = [run[0] for run in runs]
        kb = max(run[1] for run in runs)
        table.add(name, spread(seconds), '%.0f' % (kb / 1024),
                  '%.0f' % ((kb - none) * 1024 / 2e5))
        if rule is PLAIN:
            table.goal('%s: at most 2 s' % name, median(seconds) <= 2,
                       '%.2f s' % median(seconds))
            table.goal('%s: at most 200 MB' % name, kb <= 200 * 1024,
                       '%.0f MB' % (kb / 1024))
    return [table, reload_table(mails)]


def reload_table(mails):
    """A mail every 5 ms, while the configuration is loaded anew."""
    pace = 5
    table = Table('A reload of 200,000 rules, a mail every %d ms' % pace,
                  ['', 'longest time without a mail sent, ms',
                   'delay p50, ms', 'delay p99, ms', 'most, ms',
                   'daemon MB at most', 'in the end'],
                  'The delay is that from the end of tocsin-deliver to the '
                  "SMTP server's 250. The new configuration is loaded beside "
                  'the old one.')
    gaps = {}
    for name in ('without a reload', 'with three reloads'):
        with Many(2000, 100) as relay:
            def reload():
                for n in range(1, 4):
                    time.sleep(1)
                    relay.daemon.send_signal(signal.SIGHUP)
                    relay.wait_log('event=reloaded', n)
            took, instants, mb = delays(relay, mails, pace, reload
                                        if 'three' in name else None)
        gaps[name] = longest_gap(instants)
        table.add(name, '%.1f' % gaps[name], '%.1f' % median(took),
                  '%.1f' % percentile(took, 99), '%.1f' % max(took),
                  *['%.0f' % n for n in mb])
    more = gaps['with three reloads'] - gaps['without a reload']
    table.goal('a reload makes the longest time at most 50 ms longer',
               more <= 50, '%.0f ms' % more)
    return table


# ---- (e) memory ----

def resident(relay, mails=()):
    """kB of the daemon and of its reader, and of both those that are no pages
    of shared libraries, after some mails."""
    with Sink():
        relay.start()
        sent = relay.sent()
        for mail in mails:
            relay.fill([mail])
        wait_until(lambda: sent() >= len(mails), 30)
        time.sleep(1)
        pid = relay.daemon.pid
        readers = children(pid)
        kb = (memory_kb(pid), sum(map(memory_kb, readers)),
              sum(memory_kb(p, 'RssAnon') for p in [pid] + readers))
        relay.stop()
    return kb


def memory(mails):
    table = Table('Resident memory, MB',
                  ['', 'daemon', 'reader', 'both, without what libraries '
                   'and programs share'],
                  'The reader, which parses mails, starts with the first one.')

    def add(name, kb):
        table.add(name, *['%.1f' % (n / 1024) for n in kb])

    with Tocsin(corpus.tocsin(10)) as relay:
        idle = resident(relay)
        add('idle, 10 customers', idle)
    with Tocsin(corpus.tocsin(10)) as relay:
        add('after 100 mails', resident(relay, mails[:100]))
    with Many(10000, 5) as relay:
        many = resident(relay)
        add('idle, 10,000 customers of 5 rules', many)
    table.notes.append('10,000 customers of 5 rules add %.1f MB, %.1f kB for '
                       'each.' % ((many[0] - idle[0]) / 1024,
                                  (many[0] - idle[0]) / 1e4))
    table.goal('idle at most 20 MB', idle[0] + idle[1] <= 20 * 1024,
               '%.1f MB' % ((idle[0] + idle[1]) / 1024))
    return [table]


# ---- (f) delay ----

def delay(mails):
    table = Table('From the MTA\'s hand-over to the SMTP server\'s 250',
                  ['load', 'p50 ms', 'p90 ms', 'p99 ms', 'most ms'],
                  'From the end of tocsin-deliver, which the MTA waits for; '
                  '1,000 mails and as many rules.')
    pace = 20
    with Tocsin(corpus.tocsin(1000)) as relay:
        took, _, _ = delays(relay, mails, pace)
    table.add('%d mails/s' % (1000 // pace),
              *['%.1f' % percentile(took, p) for p in (50, 90, 99)],
              '%.1f' % max(took))
    return [table]


# ---- many tenants ----

def tenants(mails):
    """The tables that tenants.py prints, as one."""
    table = None
    for size in (2000, 10000):
        said = subprocess.run(['tests/bench/tenants.py', str(size)],
                              check=True, stdout=subprocess.PIPE,
                              text=True).stdout.splitlines()
        head, _, *rows = [[cell.strip() for cell in line.strip('|').split('|')]
                          for line in said if line.startswith('|')]
        if not table:
            table = Table('Tenants read by API, one process', [''] + head[1:],
                          'The server that plays Entra ID and Graph is a '
                          'script on the same processors.')
        for name, *cells in rows:
            table.add('{:,} tenants, {}'.format(size, name), *cells)
        table.notes += [line[2:] for line in said if line.startswith('- ') and
                        line[2:] not in table.notes]
    return [table]
