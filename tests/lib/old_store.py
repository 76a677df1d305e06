"""Stores as earlier versions have left them, with something of each kind in
them, and what this version makes of it.

    old = OldStore(relay, 2)
    ... relay.start() ...
    same(dump(path), old.wanted(), ...)
"""
import json
import sqlite3
import time

NEWEST = 5
APPLICATION_ID = 0x746f6373
NOW = int(time.time() * 1000)
DAY = 86400000
TENANT = '72f988bf-86f1-41af-91ab-2d7cd011db47'

MAIL = ('From: tocsin@relay.mssp.example\r\nTo: %(state)s@mssp.example\r\n'
        'Message-ID: <%(state)s@relay.mssp.example>\r\nX-Old: %(state)s\r\n'
        'Subject: \xe9\x00\r\n\r\nbody\r\n')
HELD = (b'Return-Path: <a@x>\nDelivered-To: contoso@relay.mssp.example\n'
        b'From: a@x\nSubject: held\nMessage-ID: <held@x>\n\nx\n')

STATES = ['pending', 'claimed', 'sent', 'retry', 'failed', 'cancelled']
ATTEMPTS = dict(pending=0, claimed=1, sent=1, retry=1, failed=3, cancelled=0)
# When it leaves that state by itself.
DUE = dict(pending=NOW, sent=NOW + DAY, retry=NOW - 1, cancelled=NOW + DAY)


def insert(db, table, **values):
    db.execute('INSERT INTO %s (%s) VALUES (%s)' % (
        table, ', '.join(values), ', '.join('?' * len(values))),
        tuple(values.values()))


def add_items(db, version):
    for number in 1, 2, 3:
        insert(db, 'item', id=number, code='old%d' % number,
               identity='identity%d' % number, kind='mail', received=NOW - DAY,
               spool='spool%d' % number, digest='beef', message_id='m@x',
               sender='s@x', recipients=json.dumps(['a@x', '\xe9@x']),
               parse='whole', customer='contoso', format='xdr',
               authentic='pass', alert='{}',
               action='hold' if number == 3 else 'notify', rule='high',
               file='contoso.rules', line=3, rules_version='v',
               template='urgent', reason='because', trace='line\nline\n',
               decided=NOW - DAY, duplicates=number,
               last_duplicate=NOW if number == 2 else None)
    held = dict(item=3, since=NOW - DAY, reason='two customers', state='held',
                updated=NOW - DAY, message=HELD)
    insert(db, 'held', **(held if version < 4 else held_of(held)))
    if version > 3:
        insert(db, 'raw', **raw_of(held))
    insert(db, 'event', item=1, at=NOW - DAY, what='held', who='ana',
           reason='why')


def add_deliveries(db, version):
    for number, state in enumerate(STATES, 1):
        row = dict(
            id=number, item=2, kind='alert',
            recipient=state + '@mssp.example', about='', contact='ana',
            relay='smarthost', rule='high', template='urgent',
            sender='tocsin@relay.mssp.example',
            message_id='%s@relay.mssp.example' % state, smtputf8=0,
            urgent=number % 2, lane='contoso %s@mssp.example' % state,
            created=NOW - DAY, state=state, attempts=ATTEMPTS[state],
            updated=NOW - DAY // 2, due=DUE.get(state),
            expires=NOW + DAY, reply='so' if ATTEMPTS[state] else None)
        mail = dict(delivery=number,
                    bytes=(MAIL % dict(state=state)).encode())
        insert(db, 'delivery', **(row if version < 3 else delivery_of(row)))
        insert(db, 'message', **(mail if version < 3 else message_of(mail)))
        for attempt in range(ATTEMPTS[state] - (state == 'claimed')):
            insert(db, 'attempt', delivery=number, number=attempt + 1,
                   at=NOW - DAY, outcome='temporary', host='mx.example:25',
                   reply='450 later')


def add_the_rest(db, version):
    insert(db, 'crash', spool='deadly', count=1, last=NOW)
    insert(db, 'meta', name='refresh app', value='token')
    insert(db, 'known', customer='contoso', alert='a1', item=2, digest='d',
           severity='high', status='new', devices='["srv-1"]', updated=NOW,
           mail=NOW - DAY, api=NOW, seen=NOW)
    insert(db, 'told', customer='contoso', alert='a1', incident='7',
           recipient='ana@mssp.example', road='api', rank=4, at=NOW)
    insert(db, 'poll', tenant=TENANT, source='graph', customer='contoso',
           started=NOW - DAY, cursor=NOW - 1, swept=NOW, good=NOW, alerts=NOW,
           failed=None, **{'class': None}, failure=None)
    if version > 1:
        insert(db, 'incident', tenant=TENANT, id='7', name='First',
               merged='8', seen=NOW)
        insert(db, 'day', day=NOW // DAY, customer='contoso', mail_only=1,
               api_only=2, both=3)


def dump(path, mode='ro'):
    """Each table: a list of rows, each a dict, in their order."""
    db = sqlite3.connect('file:%s?mode=%s' % (path, mode), uri=True)
    db.row_factory = sqlite3.Row
    tables = [name for name, in db.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table'")]
    found = {table: [dict(row) for row in db.execute(
        'SELECT * FROM %s ORDER BY 1, 2' % table)] for table in tables}
    found['version'] = db.execute('PRAGMA user_version').fetchone()[0]
    db.close()
    return found


def shape(path):
    """Each table and index: its columns, and what it refers to."""
    db = sqlite3.connect('file:%s?mode=ro' % path, uri=True)
    found = {}
    for kind, name in db.execute('SELECT type, name FROM sqlite_schema'):
        for pragma in ('%s_xinfo' % kind, 'foreign_key_list', 'index_list'):
            if kind == 'table' or pragma == 'index_xinfo':
                found[name, pragma] = sorted(
                    row[1:] for row in db.execute('PRAGMA %s(%s)' % (
                        pragma, name)))
    db.close()
    return found


def claim_of(row):
    """Who has it: the one process there was."""
    is_claimed = row['state'] == 'claimed'
    return dict(owner='local' if is_claimed else None,
                lease=row['updated'] if is_claimed else None,
                generation=row['attempts'])


def delivery_of(old):
    row = dict(old, channel='smtp', headers=None, **claim_of(old))
    row['address'] = row.pop('recipient')
    row['turn'] = row.pop('lane')
    return row


def message_of(old):
    return dict(delivery=old['delivery'], body=old['bytes'])


def poll_of(old):
    return dict(dict(owner=None, lease=None, generation=0), **old)


def held_of(old):
    return {name: old[name] for name in old if name != 'message'}


def raw_of(held):
    return dict(item=held['item'], since=held['since'], form='plain',
                length=len(held['message']), bytes=held['message'])


def version_3(tables):
    """What version 3 makes of one before it."""
    new = dict(dict(incident=[], day=[]), **tables)
    new['delivery'] = [delivery_of(row) for row in tables['delivery']]
    new['message'] = [message_of(row) for row in tables['message']]
    new['poll'] = [poll_of(row) for row in tables['poll']]
    return new


def version_4(tables):
    """And version 4 of that."""
    return dict(tables, raw=[raw_of(row) for row in tables['held']],
                held=[held_of(row) for row in tables['held']])


def version_5(tables):
    return dict(tables, replacement=[])


class OldStore:
    failed = STATES.index('failed') + 1

    def __init__(self, relay, version, *more):
        self.path, self.version = relay.path(*relay.store), version
        db = sqlite3.connect(self.path, isolation_level=None)
        db.execute('PRAGMA journal_mode = WAL')
        db.execute('BEGIN')
        for number in range(1, version + 1):
            with open('src/store/schema_%d.sql' % number,
                      encoding='utf-8') as file:
                for statement in split(file.read()):
                    db.execute(statement)
        add_items(db, version)
        add_deliveries(db, version)
        add_the_rest(db, version)
        for sql in ('PRAGMA application_id = %d' % APPLICATION_ID,
                    'PRAGMA user_version = %d' % version, *more, 'COMMIT'):
            db.execute(sql)
        db.close()
        self.before = dump(self.path)

    def wanted(self):
        """What the newest version makes of it."""
        tables = self.before
        if self.version < 3:
            tables = version_3(tables)
        if self.version < 4:
            tables = version_4(tables)
        return dict(version_5(tables), version=NEWEST)


def split(script):
    """The statements of a schema: executescript() would commit first."""
    statement = ''
    for line in script.splitlines(True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ''
