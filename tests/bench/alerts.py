"""Alerts that come as JSON: the relay, which reads them from Graph's API, beside
Prometheus Alertmanager, which they are posted to. Both have the same
thousand rules and send one mail for each alert into the same smtp-sink."""
import json
import os
import re
import subprocess
import tempfile
import time
import urllib.request

from cloud import Cloud, alert, utc
from parts import Table, median, ratios, spread
from world import (SINK_PORT, Sink, Tocsin, children, is_open, process_ns,
                   wait_until)

COUNT = 3000
PAGE = 100
RULES = 1000
ROUNDS = 5
TENANT = '72f988bf-86f1-41af-91ab-2d7cd011db47'
PORT = 9093
STORY = ('A process on this device was seen to read the memory of another one '
         'that holds the credentials of those who are logged on. ') * 8


def device(number):
    return 'pc-%04d.corp.example' % (number * 7919 % 10000)


def in_pages(items):
    return [items[at:at + PAGE] for at in range(0, len(items), PAGE)]


# ---- the relay ----

def starts():
    """What devices are called, each start in a rule."""
    return ['pc-%03d' % i for i in range(RULES)]


def customer():
    rules = '\n'.join('\trule %s when severity is high and device like "%s*" '
                      'notify primary' % (start, start) for start in starts())
    return ('customer contoso "Contoso GmbH" {\n\ttenant %s\n\tpoll graph '
            'using reader every 1s\n\trecipients @mssp.example\n%s\n\t'
            'otherwise notify soc-desk\n}\n' % (TENANT, rules))


class Pages:
    """Answers prepared before anybody asks, since the server is slow; then
    there is nothing more."""

    def __init__(self, cloud):
        now = utc()
        alerts = [alert('b%d' % i, device(i), created=now, description=STORY,
                        mitreTechniques=['T1003', 'T1003.001'],
                        alertWebUrl='https://security.microsoft.com/alerts/b%d'
                        % i) for i in range(COUNT)]
        self.begun = None
        self.answers = []
        for number, page in enumerate(in_pages(alerts), 1):
            body = {'value': page}
            if number * PAGE < COUNT:
                body['@odata.nextLink'] = (
                    '%s/v1.0/security/alerts_v2?page=%d' % (cloud.url,
                                                            number))
            self.answers.append(json.dumps(body).encode())

    def send(self, request, tenant):
        number = re.search(r'[?&]page=(\d+)', request.path)
        if not number and self.begun:
            request.reply(200, b'{"value": []}')
            return
        self.begun = self.begun or time.monotonic()
        request.reply(200, self.answers[int(number.group(1)) if number else
                                        0])


def tocsin_run():
    """Alerts a second, and processor ms of one."""
    with Sink(counts=True) as sink, Tocsin(customer()) as relay, \
            Cloud(relay.folder) as cloud:
        relay.write('customers/app.rules', cloud.app())
        tenant = cloud.tenant(TENANT)
        relay.start()
        # What there was before the first answer is not news.
        if not wait_until(lambda: tenant.asked, 30):
            raise RuntimeError('nobody asked:\n' + relay.read_log()[-2000:])
        time.sleep(0.5)
        pages, pid = Pages(cloud), relay.daemon.pid
        used = process_ns(pid)
        tenant.always = pages.send
        if not wait_until(lambda: sink.taken() >= COUNT, 60):
            raise RuntimeError('%d of %d were sent:\n%s' % (
                sink.taken(), COUNT, relay.read_log()[-2000:]))
        rate = COUNT / (time.monotonic() - pages.begun)
        used = process_ns(pid) - used
        relay.stop()
    return rate, used / 1e6 / COUNT


# ---- Alertmanager ----

def routing():
    """Its configuration, in JSON, which is YAML."""
    return {
        'global': {'smtp_smarthost': '127.0.0.1:%d' % SINK_PORT,
                   'smtp_from': 'tocsin@relay.mssp.example',
                   'smtp_require_tls': False},
        # Every alert is a group, which is told at once.
        'route': {'receiver': 'soc-desk', 'group_by': ['...'],
                  'group_wait': '0s', 'group_interval': '5m',
                  'repeat_interval': '4h',
                  'routes': [{'receiver': 'primary', 'matchers': [
                      'severity="high"', 'device=~"%s.*"' % start]}
                             for start in starts()]},
        'receivers': [{'name': name, 'email_configs': [
            {'to': name + '@mssp.example'}]}
                      for name in ('primary', 'soc-desk')],
    }


def posts():
    now = utc()
    alerts = [{'labels': {'alertname': 'Alert b%d' % i, 'customer': 'contoso',
                          'severity': 'high', 'device': device(i)},
               'annotations': {'description': STORY}, 'startsAt': now}
              for i in range(COUNT)]
    return [json.dumps(page).encode() for page in in_pages(alerts)]


def post(body):
    request = urllib.request.Request(
        'http://127.0.0.1:%d/api/v2/alerts' % PORT, body,
        {'Content-Type': 'application/json'})
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()


def alertmanager_run():
    with tempfile.TemporaryDirectory(prefix='alertmanager-') as folder, \
            Sink(counts=True) as sink:
        conf = os.path.join(folder, 'conf.yml')
        with open(conf, 'w', encoding='utf-8') as file:
            json.dump(routing(), file)
        process = subprocess.Popen(
            ['/usr/bin/prometheus-alertmanager', '--config.file=' + conf,
             '--storage.path=' + folder, '--cluster.listen-address=',
             '--web.listen-address=127.0.0.1:%d' % PORT, '--log.level=error'],
            stdin=subprocess.DEVNULL)
        try:
            if not wait_until(lambda: is_open(PORT), 20):
                raise RuntimeError('Alertmanager does not listen')
            bodies = posts()
            begin, used = time.monotonic(), process_ns(process.pid)
            for body in bodies:
                post(body)
            if not wait_until(lambda: sink.taken() >= COUNT, 60):
                raise RuntimeError('%d of %d were sent' % (sink.taken(),
                                                           COUNT))
            rate = COUNT / (time.monotonic() - begin)
            used = process_ns(process.pid) - used
        finally:
            process.kill()
            process.wait()
    return rate, used / 1e6 / COUNT


def alerts(mails):
    runs = {'Alertmanager': alertmanager_run, 'tocsin': tocsin_run}
    rates = {name: [] for name in runs}
    cpu = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            rate, used = run()
            rates[name].append(rate)
            cpu[name].append(used)
    faster = ratios(rates['tocsin'], rates['Alertmanager'])
    table = Table('%d alerts as JSON into smtp-sink, %d rules' % (COUNT,
                                                                  RULES),
                  ['program', 'mails/s', '/ Alertmanager', 'CPU ms per alert',
                   '/ Alertmanager'],
                  'tocsin reads pages of %d from a local server that plays '
                  'Graph, over TLS, and has decision and delivery on disk '
                  'before a mail leaves.' % PAGE,
                  'Alertmanager gets posts of %d, groups nothing, waits for '
                  'nothing, and keeps alerts in memory only.' % PAGE)
    for name in runs:
        table.add(name, spread(rates[name], '%.0f'),
                  spread(ratios(rates[name], rates['Alertmanager'])),
                  spread(cpu[name]),
                  spread(ratios(cpu[name], cpu['Alertmanager'])))
    table.goal('at least 2 x Alertmanager', median(faster) >= 2,
               '%.1f x' % median(faster))
    return [table]
