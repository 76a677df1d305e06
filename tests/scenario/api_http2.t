#!/usr/bin/env python3
"""Many tenants over one connection: the cloud speaks HTTP/2, by nghttpx in
front of it, which is unpacked into namespaces of its own (private_root) and
never installed."""
import collections
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, 'tests/lib')
from relay import WAIT, Relay, ok, same, done, wait_for   # noqa: E402
from cloud import Cloud, alert, hang   # noqa: E402
from polled import configure, met, titles   # noqa: E402
from private import enter   # noqa: E402

COUNT = 150


class Front:
    """nghttpx before the cloud, which says then that it is there."""

    def __init__(self, cloud):
        with socket.socket() as sock:
            sock.bind(('127.0.0.1', 0))
            self.port = sock.getsockname()[1]
        self.log = cloud.path('access')
        self.command = [
            'nghttpx', '--conf=/dev/null', '--workers=1',
            '--frontend=127.0.0.1,%d' % self.port,
            '--backend=127.0.0.1,%s;;tls' % cloud.url.rpartition(':')[2],
            '--insecure', '--no-location-rewrite',
            '--accesslog-file=' + self.log,
            '--accesslog-format=$remote_port $alpn $status $request',
            cloud.path('server.key'), cloud.path('server.crt')]
        cloud.url = 'https://127.0.0.1:%d' % self.port

    def __enter__(self):
        self.errors = open(self.log + '.errors', 'w+')
        self.process = subprocess.Popen(self.command, stdout=self.errors,
                                        stderr=self.errors)
        end = time.monotonic() + WAIT
        while time.monotonic() < end:
            try:
                socket.create_connection(('127.0.0.1', self.port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        return self

    def __exit__(self, *exception):
        self.stop()
        self.errors.close()

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def requests(self):
        """(port of the client, protocol, status, request line) of each."""
        with open(self.log) as file:
            return [line.rstrip('\n').split(' ', 3) for line in file]


class Wire:
    """Between the relay and the front; connections can be cut off in a way
    that neither end is told of."""

    def __init__(self, cloud):
        self.target = int(cloud.url.rpartition(':')[2])
        self.listener = socket.create_server(('127.0.0.1', 0), backlog=64)
        self.connections, self.frozen = 0, set()
        cloud.url = 'https://127.0.0.1:%d' % self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            near = self.listener.accept()[0]
            far = socket.create_connection(('127.0.0.1', self.target))
            self.connections += 1
            for pair in ((near, far), (far, near)):
                threading.Thread(target=self.carry, daemon=True,
                                 args=(self.connections,) + pair).start()

    def carry(self, number, source, target):
        try:
            while True:
                data = source.recv(65536)
                if number in self.frozen:
                    if not data:
                        break
                    continue
                if not data:
                    target.shutdown(socket.SHUT_WR)
                    break
                target.sendall(data)
        except OSError:
            pass


enter('nghttpx', 'nghttp2-proxy')
with Relay() as relay, Cloud(relay.folder) as cloud, Front(cloud) as front:
    cloud.pages = 2
    tenants = configure(relay, cloud, count=COUNT)
    relay.start()
    ok(met(relay, COUNT), '%d tenants are read over HTTP/2' % COUNT,
       relay.read_log()[-3000:])
    tenants[1].add(*[alert('h%d' % i) for i in range(5)])
    same(titles(relay, 5, 'bob@mssp.example'), ['h%d' % i for i in range(5)],
         'and told of, page by page')
    settled = len(front.requests())
    wait_for(lambda: len(front.requests()) >= settled + 3 * COUNT)
    relay.stop()
    front.stop()                                # the log is written
    requests = front.requests()
    same({protocol for _, protocol, _, _ in requests}, {'h2'},
         'all of it is HTTP/2')
    same({status for _, _, status, _ in requests}, {'200'},
         'each request has its answer')
    ports = collections.Counter(port for port, _, _, _ in requests)
    # It is one as a rule; on a busy machine some are given up.
    ok(len(ports) * 20 <= len(requests), '%d requests go over %d connections' %
       (len(requests), len(ports)), ports)
    tokens = sum('/oauth2/' in line for _, _, _, line in requests)
    same(tokens, COUNT, 'with a token for each tenant')

# A firewall forgets the connection; a tenant that hangs is no such thing.
with Relay() as relay, Cloud(relay.folder) as cloud, Front(cloud) as front:
    wire = Wire(cloud)
    tenants = configure(relay, cloud, count=3)
    relay.start()
    ok(met(relay, 3), 'three tenants are read', relay.read_log()[-3000:])
    tenants[2].always = hang()
    ok(relay.wait_log('event=poll-failed customer=c2 .*class=later'),
       'a tenant that never answers is given up', relay.read_log()[-3000:])
    same(wire.connections, 1, 'and costs no connection')
    wire.frozen.add(1)
    tenants[1].add(alert('i1'))
    # The kernel would find out after a quarter of an hour.
    same(titles(relay, 1, 'bob@mssp.example'), ['i1'],
         'a connection that is dead is given up')
    relay.stop()
done()
