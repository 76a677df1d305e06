#!/usr/bin/env python3
"""Rotations against a model that was written without them: random rotas, every
turn of two years, in the zones whose clocks change in odd ways. The model
counts forward from the first change and cuts lists of times; it has nothing
in common with the program but what the manual says.

ROTAS=10000 tries so many (make check-rotas); SEED=N begins elsewhere."""
import bisect
import datetime
import json
import os
import random
import subprocess
import sys
import tempfile
import zoneinfo

BUILD = os.environ.get('BUILD', 'build')
ROTAS = int(os.environ.get('ROTAS', '200'))
SEED = int(os.environ.get('SEED', '1'))
UTC = datetime.timezone.utc
DAY = 86400
BEGIN, END = -10 ** 11, 10 ** 11        # ever

# Zone, and the year in which two years begin that are worth a look.
PLACES = [
    ('America/Sao_Paulo', 2018),        # no midnight, and one Saturday hour
    ('Asia/Beirut', 2021),              # twice; clocks change at midnight
    ('Africa/Cairo', 2023),
    ('America/Havana', 2021),           # 00:00 comes twice
    ('Australia/Lord_Howe', 2026),      # by half an hour
    ('Pacific/Apia', 2011),             # 30 December 2011 is no day
    ('Pacific/Kwajalein', 1993),        # nor was 21 August 1993
    ('Europe/Dublin', 2026), ('Europe/Paris', 2026), ('Asia/Tokyo', 2026),
    ('America/New_York', 2030), ('Africa/Casablanca', 2021), ('UTC', 2026),
    ('Asia/Tehran', 2020), ('America/St_Johns', 2010), ('Asia/Gaza', 2019),
]
DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
PEOPLE = ['ana', 'bob', 'cleo', 'dan', 'eva']

count = failures = 0


def ok(good, name, *notes):
    global count, failures
    count += 1
    failures += not good
    print('%s %d - %s' % ('ok' if good else 'not ok', count, name))
    for note in notes if not good else ():
        for line in str(note).splitlines()[:60]:
            print('# ' + line)


# ---- clocks ----

FIRST, LAST = [int(datetime.datetime(year, 1, 1, tzinfo=UTC).timestamp())
               for year in (1990, 2036)]
LOOK = 6 * 3600                 # no zone changes twice in that time


class Place:
    """A zone, and from the wall to the instant (in seconds)."""
    known = {}

    def __init__(self, name):
        self.name = name
        self.zone = zoneinfo.ZoneInfo(name)
        if name not in self.known:
            self.known[name] = self.spans()
        self.all = self.known[name]
        self.starts = [since for since, _, _ in self.all]

    def offset(self, second):
        when = datetime.datetime.fromtimestamp(second, UTC)
        return int(when.astimezone(self.zone).utcoffset().total_seconds())

    def spans(self):
        """All there is, as spans of one offset each, in order."""
        spans, since = [], FIRST
        offset = self.offset(since)
        for when in range(FIRST, LAST, LOOK):
            new = self.offset(when)
            if new == offset:
                continue
            low, high = when - LOOK, when
            while high - low > 1:
                middle = (low + high) // 2
                if self.offset(middle) == offset:
                    low = middle
                else:
                    high = middle
            spans.append((since, high, offset))
            since, offset = high, new
        return spans + [(since, LAST, offset)]

    def instant(self, date, minutes):
        """The first at which a clock shows that; or, where none does, the
        change that left it out."""
        wall = (date - datetime.date(1970, 1, 1)).days * DAY + minutes * 60
        begin = bisect.bisect_right(self.starts, wall - 2 * DAY) - 1
        end = bisect.bisect_right(self.starts, wall + 2 * DAY)
        near = self.all[max(begin, 0):end]
        for since, until, offset in near:
            if since + offset <= wall < until + offset:
                return wall - offset
        return next(since for since, _, offset in near
                    if since + offset > wall)


# ---- lists of (since, until, what), that cover all time ----

def edges(*lines):
    return sorted({since for line in lines for since, _, _ in line})


def joined(pieces):
    out = []
    for since, until, what in pieces:
        if since == until:
            continue
        if out and out[-1][2] == what:
            out[-1] = (out[-1][0], until, what)
        else:
            out.append((since, until, what))
    return out


def overlay(combine, *lines):
    """combine(what of each line) for every piece of time."""
    cuts = edges(*lines) + [END]
    starts = [[since for since, _, _ in line] for line in lines]
    pieces = []
    for since, until in zip(cuts, cuts[1:]):
        whats = [line[bisect.bisect_right(start, since) - 1][2]
                 for line, start in zip(lines, starts)]
        pieces.append((since, until, combine(*whats)))
    return joined(pieces)


# ---- what is written, and what it means ----

class Rota:
    def __init__(self, rng, number):
        self.rng = rng
        self.name = 'rota%d' % number
        self.place_name, self.year = rng.choice(PLACES)
        self.place = Place(self.place_name)
        self.first = datetime.date(self.year, 1, 1)
        self.windows = {}
        self.text = ['timezone %s' % self.place_name]
        self.layers = [self.rotation(n) for n in range(rng.randint(1, 3))]
        self.replacements = [self.replacement()
                             for _ in range(rng.choice([0, 0, 1, 2, 4]))]
        self.otherwise = rng.choice([None, 'soc'])
        if self.otherwise:
            self.text.append('otherwise soc')

    def minutes(self):
        rng = self.rng
        return rng.choice([0, 0, 30, 90, 120, 135, 150, 180, 540, 1080, 1410,
                           1439, rng.randrange(1440)])

    def date(self, least, most):
        return self.first + datetime.timedelta(
            self.rng.randint(least, most))

    def rotation(self, number):
        rng = self.rng
        kind = rng.choice(['daily', 'weekly', 'days', 'weeks'])
        every = rng.randint(1, 9) if kind in ('days', 'weeks') else 1
        step = every * (7 if kind in ('weekly', 'weeks') else 1)
        since, minutes = self.date(-400, 500), self.minutes()
        names = [rng.choice(PEOPLE) for _ in range(rng.randint(1, 4))]
        words = kind if kind in ('daily', 'weekly') else \
            'every %d %s' % (every, kind)
        start = since
        if kind in ('weekly', 'weeks') and rng.random() < .7:
            day = rng.randrange(7)
            words += ' on ' + DAYS[day]
            while start.weekday() != day:
                start += datetime.timedelta(1)
        words += ' at %02d:%02d from %s %s' % (minutes // 60, minutes % 60,
                                              since, ', '.join(names))
        line = [(BEGIN, self.place.instant(start, minutes), None)]
        turn = 0
        while line[-1][1] < END:
            begin, turn = line[-1][1], turn + 1
            date = start + datetime.timedelta(turn * step)
            end = END if date.year > self.year + 3 else \
                self.place.instant(date, minutes)
            line.append((begin, end, names[(turn - 1) % len(names)]))
        line = joined(line)
        if rng.random() < .5:
            window, name = self.window(number)
            words += ' during ' + name
            line = overlay(lambda who, inside: who if inside else None,
                           line, window)
        self.text.append('rotate ' + words)
        return line

    def window(self, number):
        rng = self.rng
        name = '%s-%d' % (self.name, number)
        place, text = self.place, ''
        if rng.random() < .3:
            place = Place(rng.choice(PLACES)[0])
            text = 'timezone %s ' % place.name
        spans = []
        for _ in range(rng.randint(1, 3)):
            days = sorted(rng.sample(range(7), rng.randint(1, 7)))
            begin, end = rng.choice([(0, 1440), (1080, 480), (1320, 120),
                                     (self.minutes(), self.minutes())])
            if begin == end:
                end = begin + 60 if begin < 1380 else 30
            text += '%s %02d:%02d-%02d:%02d ' % (
                ', '.join(DAYS[day] for day in days), begin // 60,
                begin % 60, end // 60, end % 60)
            if end <= begin:
                end += 1440
            date = self.first - datetime.timedelta(500)
            while date.year < self.year + 4:
                if date.weekday() in days:
                    spans.append((place.instant(date, begin),
                                  place.instant(date, end)))
                date += datetime.timedelta(1)
        self.windows[name] = text
        moves = {}
        for since, until in spans:
            moves[since] = moves.get(since, 0) + 1
            moves[until] = moves.get(until, 0) - 1
        line, depth, before = [], 0, BEGIN
        for when in sorted(moves):
            line.append((before, when, depth > 0))
            depth += moves[when]
            before = when
        # Behind the days that were gone through it stays as it is.
        rest = place.instant(datetime.date(self.year + 3, 6, 1), 0)
        line = [piece for piece in joined(line) if piece[0] < rest]
        return line[:-1] + [(line[-1][0], END, line[-1][2])], name

    def moment(self, least, most, is_end):
        rng, date = self.rng, self.date(least, most)
        kind = rng.choice(['date', 'local', 'utc'])
        if kind == 'date':
            shift = datetime.timedelta(is_end)
            return str(date), self.place.instant(date + shift, 0)
        minutes = self.minutes()
        clock = '%sT%02d:%02d' % (date, minutes // 60, minutes % 60)
        if kind == 'local':
            return clock, self.place.instant(date, minutes)
        days = (date - datetime.date(1970, 1, 1)).days
        return clock + 'Z', days * DAY + minutes * 60

    def replacement(self):
        rng = self.rng
        name, by = rng.sample(PEOPLE, 2)
        since = until = None
        while since is None or until[1] <= since[1]:
            since = self.moment(-30, 700, False)
            until = self.moment(-30, 760, True)
        self.text.append('replace %s by %s from %s until %s' %
                         (name, by, since[0], until[0]))
        return name, by, since[1], until[1]

    def turns(self):
        def first(*whats):
            for number, who in enumerate(whats, 1):
                if who:
                    return who, number
            if self.otherwise:
                return self.otherwise, 'otherwise'
            return None, 'nobody'

        line = overlay(first, *self.layers)
        for name, by, since, until in self.replacements:
            force = [(BEGIN, since, False), (since, until, True),
                     (until, END, False)]
            line = overlay(lambda what, on, name=name, by=by:
                           (by, 'replace') if on and what[0] == name else what,
                           line, force)
        return line

    def source(self):
        blocks = ['window %s { %s}' % item for item in self.windows.items()]
        return '\n'.join(blocks + ['oncall %s {\n\t%s\n}' % (
            self.name, '\n\t'.join(self.text))]) + '\n'


def text_of(second):
    if abs(second) >= 10 ** 11:
        return None
    return datetime.datetime.fromtimestamp(second, UTC).strftime(
        '%Y-%m-%dT%H:%M:%SZ')


def wanted(rota, begin, end):
    return [{'oncall': rota.name, 'from': text_of(since), 'to': text_of(until),
             'persons': [what[0]] if what[0] else [], 'layer': what[1]}
            for since, until, what in rota.turns()
            if since < end and until > begin]


def asked(folder, rota, begin):
    path = os.path.join(folder, 'tocsin.conf')
    with open(path, 'w', encoding='utf-8') as file:
        file.write('state %s/state\nspool %s/spool\ncatch-all soc\n'
                   'authserv mx.x.example\nteam soc { mail soc@x.example }\n' %
                   (folder, folder))
        for name in PEOPLE:
            file.write('person %s { mail %s@x.example }\n' % (name, name))
        file.write(rota.source())
    done = subprocess.run(
        [BUILD + '/tocsin', 'oncall', '-c', path, rota.name, '--json',
         '--next', '731d', '--at', text_of(begin)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        return [done.stderr]
    return [json.loads(line) for line in done.stdout.splitlines()]


def difference(got, want):
    for one, other in zip(got, want):
        if one != other:
            return 'got  %s\nwant %s' % (one, other)
    return '%d turns, wanted %d' % (len(got), len(want))


def whole(turns):
    """No hole between two turns, and no time of two."""
    return all(one['to'] == other['from'] and one != other
               for one, other in zip(turns, turns[1:]))


rng = random.Random(SEED)
turns = seen = 0
wrong = []
with tempfile.TemporaryDirectory() as folder:
    while seen < ROTAS and len(wrong) < 5:
        rota = Rota(rng, seen)
        begin = rota.place.instant(rota.first, 0)
        want = wanted(rota, begin, begin + 731 * DAY)
        got = asked(folder, rota, begin)
        if got != want:
            wrong.append(rota.source() + difference(got, want))
        elif not whole(want):
            wrong.append(rota.source() + 'the model has a hole')
        turns += len(want)
        seen += 1

ok(not wrong, '%d rotas (seed %d), %d turns: each as the model has it' %
   (seen, SEED, turns), *wrong)
ok(turns > 20 * ROTAS, 'which are enough of them', turns)
print('1..%d' % count)
sys.exit(1 if failures else 0)
