#!/usr/bin/env python3
"""One record that no page survives: those around it are told within a poll or
two, it is held once, and the tenants beside it notice nothing."""
import sys

sys.path.insert(0, 'tests/lib')
from relay import Relay, ok, same, done, wait_for   # noqa: E402
from cloud import Cloud, alert   # noqa: E402
from polled import configure, met, settle, titles   # noqa: E402

ERROR = b'{"error":{"code":"UnknownError","message":"","innerError":{}}}'
POISON = b'"poison"'        # the title of that record


def cut(page, at):
    return page[:at + 20]


def cut_with_error(page, at):
    return page[:at + 4] + ERROR


def inside_out(page, at):
    return page.replace(POISON, b'"po"ison"')


def nul(page, at):
    return page.replace(POISON, b'"po\0ison"')


def not_a_number(page, at):
    return page.replace(POISON, b'NaN')


def deep(page, at):
    return page.replace(POISON, b'[' * 1200 + b']' * 1200)


def half_an_escape(page, at):
    return page.replace(POISON, b'"\\u00e"')


class Spoiled:
    """A request whose page is spoiled if that record is in it."""
    def __init__(self, request, how):
        self.path, self.reply_to, self.how = request.path, request, how

    def reply(self, status, data, headers=None):
        at = data.find(POISON)
        self.reply_to.reply(status, data if at < 0 else self.how(data, at),
                            headers)


KINDS = (cut, cut_with_error, inside_out, nul, not_a_number, deep,
         half_an_escape)
READ = (nul, not_a_number, half_an_escape)      # as well as can be
with Relay() as relay, Cloud(relay.folder) as cloud:
    tenants = configure(relay, cloud, count=len(KINDS) + 1)
    relay.start()
    ok(met(relay, len(tenants)), 'eight tenants are read')
    cloud.pages = 7
    for tenant, how in zip(tenants[1:], KINDS):
        tenant.always = lambda request, tenant, how=how: cloud.ordinary(
            Spoiled(request, how), tenant)
        tenant.before = len(tenant.asked)
        name = how.__name__
        tenant.add(*[alert('%s%d' % (name, i)) for i in range(10)])
        tenant.alerts[5] = alert(name + '5', title='poison')
    want = {how.__name__: sorted('%s%d' % (how.__name__, i) for i in range(10)
                                 if i != 5) for how in KINDS}

    def told(name):
        return sorted(title for title in titles(relay, 0, 'bob@mssp.example')
                      if title.startswith(name) and title[len(name):].isdigit())

    for tenant, how in zip(tenants[1:], KINDS):
        name = how.__name__
        wait_for(lambda: told(name) == want[name])
        same(told(name), want[name], '%s: those around it are told' % name)
    tenants[0].add(alert('w1'))
    same(titles(relay, 1), ['w1'], 'a tenant beside it is as before')
    for tenant in tenants[1:]:
        settle(tenant, 6)
    reasons = [reason for reason, in relay.rows('SELECT reason FROM held')]
    same(len(reasons), len(KINDS) - len(READ), 'each that cannot be read is '
         'held, once')
    ok('UnknownError' in ' '.join(reasons), "and the API's own word is shown",
       *reasons)
    log = relay.read_log()
    ok('event=poll-failed' not in log, 'no tenant has failed')
    same(relay.rows("SELECT count(*) FROM poll WHERE failed IS NOT NULL"),
         [(0,)], 'nor is one said to')
    relay.stop()

done()
