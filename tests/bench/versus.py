"""Two builds side by side: this one, and another one of before. Rounds are
interleaved, so that what else the machine does befalls both alike."""
import os
import random
import re
import shutil
import signal
import subprocess

import corpus
from parts import (Many, Table, delays, median, percentile, ratios,
                   relay_run, resident, shuffled, spread)
from relay import BUILD
from world import Filled, Sink, Tocsin, children, wait_until

MAIL_ROUNDS, DELAY_ROUNDS = 7, 3
PACE_MS = 20
TENANTS, SECONDS = 2000, 60
# What may be worse before it is said to be.
SLACK = 1.05


def commit_of(build):
    """Of the tree that a build stands in."""
    said = subprocess.run(['git', '-C', os.path.dirname(build), 'log', '-1',
                           '--format=%h of %cs'], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True).stdout
    return said.strip() or 'not known'


class Comparison:
    """Figures by name, two lists each, of which the rounds are alike."""

    def __init__(self, other):
        self.builds = {'other': other, 'this': BUILD}
        self.figures = {}
        self.more_is_better = set()
        self.rng = random.Random(5)

    def add(self, name, build, value, more_is_better=False):
        self.figures.setdefault(name, {}).setdefault(build, []).append(value)
        if more_is_better:
            self.more_is_better.add(name)

    def rounds(self, count, run):
        """run(build, add) of both builds, in a new order each time."""
        for _ in range(count):
            for name in shuffled(self.rng, self.builds):
                run(self.builds[name],
                    lambda what, value, better=False, name=name:
                    self.add(what, name, value, better))

    def table(self):
        table = Table('Beside another build',
                      ['figure', 'other', 'this', 'this / other'],
                      'other: commit %s; this: commit %s.' % (
                          commit_of(self.builds['other']),
                          commit_of(self.builds['this'])))
        worse = []
        for name, values in self.figures.items():
            cells = [spread(values[build], form_of(values))
                     for build in ('other', 'this')]
            # An old build has no clerk.
            by = ratios(values['this'], values['other']) \
                if all(values['other']) else []
            table.add(name, *cells, spread(by) if by else '')
            if by and (1 / median(by) if name in self.more_is_better else
                       median(by)) > SLACK:
                worse.append('%s: %.2f x' % (name, median(by)))
        table.goal('no figure worse by more than 5 %', not worse,
                   ', '.join(worse) or 'none')
        return table


def form_of(values):
    return '%.0f' if min(map(median, values.values())) >= 100 else \
        '%.1f' if min(map(median, values.values())) >= 10 else '%.3f'


# ---- what is measured ----

STAGES = [('readers', 'the reader'), ('loop', 'the loop'),
          ('clerk', 'the clerk'), ('senders', 'the senders')]


def measure_mails(mails, build, add):
    rate, used = relay_run(mails, corpus.tocsin(1000), build)
    add('mails/s', rate, True)
    add('CPU ms per mail', sum(used[stage] for stage, _ in STAGES))
    for stage, name in STAGES:
        add('  of ' + name, used[stage])
    add('  of loop and clerk', used['loop'] + used['clerk'])


def commits(mails, build):
    """How often the disk is waited for, by mail; a run of its own, for the
    tracer stops the process at these calls."""
    with Sink(), Tocsin(corpus.tocsin(1000), build) as relay:
        relay.fill(mails)
        said = relay.path('strace')
        relay.start(under=['strace', '-f', '--seccomp-bpf', '-e',
                           'trace=fdatasync,fsync', '-o', said])
        sent = relay.sent()
        sent.at = sent.count = 0
        wait_until(lambda: sent() >= len(mails), 60)
        os.kill(children(relay.daemon.pid)[0], signal.SIGTERM)
        relay.daemon.wait()
        with open(said, encoding='ascii') as file:
            return len(re.findall(r'sync\(', file.read())) / len(mails)


def measure_delay(mails, build, add):
    with Tocsin(corpus.tocsin(1000), build) as relay:
        took, _, _ = delays(relay, mails, PACE_MS)
    rate = 1000 // PACE_MS
    add('delay p50 at %d mails/s, ms' % rate, median(took))
    add('delay p99 at %d mails/s, ms' % rate, percentile(took, 99))


def measure_memory(mails, build, add):
    with Tocsin(corpus.tocsin(10), build) as relay:
        add('MB, idle', resident(relay)[0] / 1024)
    with Tocsin(corpus.tocsin(10), build) as relay:
        add('MB, daemon and reader after 100 mails',
            sum(resident(relay, mails[:100])[:2]) / 1024)
    with Many(10000, 5, build=build) as relay:
        add('MB, 10,000 customers', resident(relay)[0] / 1024)


def measure_tenants(builds, add):
    """Both at the same time."""
    running = {name: subprocess.Popen(
        ['tests/bench/tenants.py', str(TENANTS), str(SECONDS), 'well'],
        env=dict(os.environ, BUILD=build), stdout=subprocess.PIPE, text=True)
        for name, build in builds.items()}
    for name, process in running.items():
        rows = [line for line in process.communicate()[0].splitlines()
                if line.startswith('| all are well')]
        _, _, cpu, memory, _, p50, p99 = [
            float(re.match(r'[\d.]*', cell.strip()).group() or 'nan')
            for cell in rows[0].strip('|').split('|')]
        what = '{:,} tenants: '.format(TENANTS)
        add(what + '% of a processor', name, cpu)
        add(what + 'MB', name, memory)
        add(what + 'delay p50, s', name, p50)
        add(what + 'delay p99, s', name, p99)


def versus(mails, other, wanted=()):
    comparison = Comparison(os.path.abspath(other))
    filled = Filled(mails)

    def rounds(name, count, run):
        if not wanted or name in wanted:
            comparison.rounds(count, run)

    rounds('mails', MAIL_ROUNDS,
           lambda build, add: measure_mails(filled, build, add))
    if shutil.which('strace'):
        rounds('commits', 1, lambda build, add: add(
            'waits for the disk per mail', commits(filled, build)))
    rounds('delay', DELAY_ROUNDS,
           lambda build, add: measure_delay(mails, build, add))
    rounds('memory', 1, lambda build, add: measure_memory(mails, build, add))
    if not wanted or 'tenants' in wanted:
        measure_tenants(comparison.builds, comparison.add)
    return [comparison.table()]
