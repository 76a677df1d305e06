#!/usr/bin/env python3
"""Tokens: by certificate, by refresh token, ended, refused, and of an app that
is changed."""
import os
import signal
import sys
import threading
import time

sys.path.insert(0, 'tests/lib')
from relay import WAIT, Relay, ok, same, done   # noqa: E402
from cloud import Cloud, alert, answer, utc   # noqa: E402
from polled import configure, met, settle, titles   # noqa: E402

# By certificate; tokens end; pages go on.
with Relay() as relay, Cloud(relay.folder) as cloud:
    tenant, = configure(relay, cloud, 'certificate-file app.pem')
    cloud.numbers_as_text = True
    cloud.pages = 2
    relay.start()
    ok(met(relay), 'a certificate is accepted, its signature verified',
       relay.read_log())
    form = cloud.posted[0]
    ok('client_secret' not in form and form['client_assertion_type'] ==
       'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
       'and no secret goes along', form)
    stamp = utc(time.time() + 1)
    tenant.add(*[alert('p%d' % i, created=stamp) for i in range(5)])
    same(titles(relay, 5), ['p%d' % i for i in range(5)],
         'three pages with equal times are read whole')
    cloud.tokens.clear()
    tenant.add(alert('q1'))
    same(titles(relay, 6)[-1], 'q1', 'a token that is refused is renewed')

    def fails_on_second_page(how, name):
        """What is told then; is the same page the next to be asked for?"""
        paths = []

        def once(request, tenant):
            paths.append(request.path)
            first = [p for p in paths if 'skiptoken=2' in p] == [request.path]
            (how if first else cloud.ordinary)(request, tenant)
        tenant.always = once
        tenant.add(alert(name))
        found = titles(relay, 1 + len(told))
        settle(tenant, 4)
        tenant.always = None
        at = [i for i, path in enumerate(paths) if 'skiptoken=2' in path][0]
        return found, paths[at + 1] == paths[at]

    told = titles(relay, 6)
    posts = len(cloud.posted)
    same(fails_on_second_page(answer(401, {'error': {'code': 'x'}}), 'q2'),
         (told + ['q2'], True), 'also between two pages, and the run goes on')
    same(len(cloud.posted), posts + 1, 'with one new token')
    told = titles(relay, 7)
    same(fails_on_second_page(answer(500), 'q3'), (told + ['q3'], True),
         'a fault on the second page does not begin the run anew')
    posts = len(cloud.posted)
    cloud.lives = 2
    cloud.tokens.clear()
    settle(tenant, 16)
    ok(len(cloud.posted) > posts + 1, 'and before it ends by itself')
    relay.stop()

# The app is changed while a page of the old one is under way.
with Relay() as relay, Cloud(relay.folder) as cloud:
    tenant, = configure(relay, cloud)
    tenant.add(alert('old', created=utc(time.time() - 600)))
    cloud.pages = 2
    relay.start()
    met(relay)
    go_on = threading.Event()

    def held_up(request, tenant):
        go_on.wait(WAIT)
        cloud.ordinary(request, tenant)
    tenant.always = held_up
    settle(tenant, 1)
    posts = len(cloud.posted)
    tenant.add(*[alert('z%d' % i) for i in range(5)])
    relay.write('app.rules', cloud.app('certificate-file app.pem'))
    relay.daemon.send_signal(signal.SIGHUP)
    relay.wait_log('event=reloaded')
    go_on.set()
    same(titles(relay, 5), ['z%d' % i for i in range(5)],
         'an app that is changed in mid-page reads on')
    same(['client_assertion' in form for form in cloud.posted[posts:]],
         [True], 'with one token of its own, asked for in its own way')
    relay.stop()

# A secret that is wrong, then mended: nobody waits for the back-off, which is
# longer than we would.
with Relay() as relay, Cloud(relay.folder) as cloud:
    tenant, = configure(relay, cloud, every='%ds' % (WAIT / 9))
    relay.start()
    met(relay)
    cloud.tokens.clear()
    relay.write('app.rules', cloud.app())
    with open(os.path.join(relay.folder, 'app.secret'), 'w') as file:
        file.write('wrong\n')
    relay.daemon.send_signal(signal.SIGHUP)
    relay.wait_log('event=poll-failed')
    relay.write('app.rules', cloud.app())
    relay.daemon.send_signal(signal.SIGHUP)
    tenant.add(alert('z9'))
    same(titles(relay, 1), ['z9'],
         'an app that is mended is believed at once')
    relay.stop()

# Refresh tokens.
with Relay() as relay, Cloud(relay.folder) as cloud:
    with open(relay.path('app.refresh'), 'w') as file:
        file.write('refresh-0\n')
    os.chmod(relay.path('app.refresh'), 0o600)
    tenant, = configure(relay, cloud, 'refresh-token-file app.refresh')
    cloud.lives = 2
    relay.start()
    ok(met(relay), 'a refresh token is exchanged', relay.read_log())
    settle(tenant, 4)
    relay.stop(signal.SIGKILL)
    used = len(cloud.refreshes)
    ok(used > 2, 'and the new one of each answer is used', cloud.posted)
    relay.start()
    settle(tenant)
    ok(len(cloud.refreshes) > used and 'poll-failed' not in relay.read_log(),
       'which survives a crash', relay.read_log())
    relay.stop()

    # The one in the file has ended; that of the store is used, not replaced.
    cloud.refreshes_good = 4
    kept = cloud.refreshes[-1]
    for command in (['onboard', 'contoso'], ['poll', '--dry-run', 'contoso']):
        used = len(cloud.posted)
        status, out, err = relay.command(*command)
        same((status, [form['refresh_token'] for form in cloud.posted[used:]]),
             (0, [kept]), command[0] + ' asks with the newest refresh token')
    relay.start()
    settle(tenant)
    ok('poll-failed' not in relay.read_log(), 'which is still the daemon\'s',
       relay.read_log())
    relay.stop()

done()
