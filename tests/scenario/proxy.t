#!/usr/bin/env python3
"""Whatever the environment says of proxies, requests and mails go where the
configuration says: they carry secrets."""
import socket
import sys
import threading

sys.path.insert(0, 'tests/lib')
from cloud import Cloud                                  # noqa: E402
from polled import configure, is_met                     # noqa: E402
from relay import Relay, mail, ok, same, done, wait_for  # noqa: E402
from smtp_server import SmtpServer                       # noqa: E402

CONTOSO = 'contoso@relay.mssp.example'
NAMES = ['http', 'https', 'smtp', 'smtps', 'all']


class Proxy:
    """Notes what it is asked for, and hangs up."""

    def __init__(self):
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.asked = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            with self.listener.accept()[0] as sock:
                self.asked.append(sock.recv(1000))

    def environment(self):
        url = 'http://127.0.0.1:%d' % self.listener.getsockname()[1]
        names = [name + '_proxy' for name in NAMES]
        return dict({name: url for name in names},
                    **{name.upper(): url for name in names},
                    no_proxy='elsewhere.example', NO_PROXY='elsewhere.example')

    def wait(self, what):
        """Until that is so, or the proxy was asked."""
        wait_for(lambda: what() or self.asked)
        return what()


with SmtpServer() as server, \
        Relay('relay r { smtp localhost:%d tls none }' % server.port) \
        as relay, \
        Cloud(relay.folder) as cloud:
    proxy = Proxy()
    configure(relay, cloud)
    relay.start(env=proxy.environment())
    ok(proxy.wait(lambda: is_met(relay)), 'a tenant is asked directly',
       relay.read_log())
    same(proxy.asked, [], 'and no proxy hears of it')
    proxy.asked.clear()
    relay.deliver(mail(), CONTOSO)
    ok(proxy.wait(lambda: len(server.mails) >= 3), 'mails go out directly',
       relay.read_log())
    same(proxy.asked, [], 'and no proxy hears of them')
done()
