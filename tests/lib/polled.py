"""A relay whose customers are read by API, at a cloud of our own.

    with Relay() as relay, Cloud(relay.folder) as cloud:
        tenant, = configure(relay, cloud)
        relay.start()
        met(relay)
        tenant.add(alert('da1'))
        titles(relay, 1)
"""
import sqlite3

from relay import CONTOSO, wait_for

T = '72f988bf-86f1-41af-91ab-2d7cd011db47'


def guid(number):
    return '%08d-0000-4000-8000-000000000000' % number


def configure(relay, cloud, proof='secret-file app.secret', count=1,
              every='1s', api='graph'):
    """contoso, and count - 1 customers cN of which bob is told."""
    relay.write('app.rules', cloud.app(proof))
    relay.write('customers/contoso.rules', CONTOSO.replace(
        'recipients', 'poll %s using reader every %s\n    recipients'
        % (api, every)))
    for i in range(1, count):
        relay.write('customers/c%d.rules' % i, '''
            customer c%d { tenant %s  poll %s using reader every %s
            recipients @mssp.example  otherwise notify bob }'''
                    % (i, guid(i), api, every))
    with open(relay.conf, 'a') as file:
        file.write('include "app.rules"\n')
    tenants = [cloud.tenant(T)] + [cloud.tenant(guid(i))
                                   for i in range(1, count)]
    return tenants


def is_met(relay, count=1, incidents=0):
    """Have that many tenants been read once, and as many incidents?"""
    try:
        row, = relay.rows(
            "SELECT count(*) FILTER (WHERE source <> 'incidents'),"
            " count(*) FILTER (WHERE source = 'incidents')"
            " FROM poll WHERE started > 0")
    except sqlite3.Error:
        return False            # the store is being made
    return row[0] >= count and row[1] >= incidents


def met(relay, count=1, incidents=0):
    """Until it is so."""
    return wait_for(lambda: is_met(relay, count, incidents))


def titles(relay, want, recipient='archive@mssp.example'):
    """Titles told to that recipient, once he has that many."""
    def found():
        return sorted(m['Subject'].split('Alert ')[-1].split()[0].rstrip(',')
                      for m in relay.outbox(0)
                      if m['Delivered-To'] == recipient)
    wait_for(lambda: len(found()) >= want)
    return found()


def told(relay, words, want=1):
    """The notifications with those words in their subject, once there are so
    many: others may be on their way."""
    def found():
        return [m for m in relay.outbox(0) if words in m['Subject']]
    wait_for(lambda: len(found()) >= want)
    return found()


def settle(tenant, asks=2):
    """Until it has been asked some times more."""
    before = len(tenant.asked)
    wait_for(lambda: len(tenant.asked) >= before + asks)


def slowly(seconds):
    def send(request, tenant):
        request.server.cloud.stop.wait(seconds)
        request.server.cloud.ordinary(request, tenant)
    return send


def text_of(message):
    return message.get_body(('plain',)).get_content()
