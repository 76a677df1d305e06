"""A cloud of our own: Entra ID's token end point and Graph, over TLS.

    with Cloud(folder) as cloud:
        tenant = cloud.tenant('72f9...')
        tenant.add(alert('da1', severity='high'))
        tenant.script.append(answer(429, headers={'Retry-After': '2.128'}))

Everything that was asked is in cloud.asked. A script is a list of functions
that answer the next requests for alerts of that tenant in place of the
ordinary answer; token_script the same for tokens, incident_script for
incidents.
"""
import base64
import datetime
import hashlib
import http.server
import json
import os
import re
import ssl
import subprocess
import threading
import time
import urllib.parse

CLIENT = '6f9c1d0e-0000-4000-8000-000000000001'
SECRET = 'a~b+c/d=e&f%g h'
GRAPH = '#microsoft.graph.security.'
NAME = 'cloud.example'      # which the certificate is for, besides 127.0.0.1


def run(*words, input=None):
    return subprocess.run(words, check=True, input=input,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE
                          ).stdout


def make_certificates(folder):
    """ca.pem, server.crt, app.pem and app.crt (RSA)."""
    def path(name):
        return os.path.join(folder, name)
    run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
        'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj',
        '/CN=test CA', '-keyout', path('ca.key'), '-out', path('ca.pem'))
    run('openssl', 'req', '-newkey', 'ec', '-pkeyopt',
        'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=127.0.0.1',
        '-keyout', path('server.key'), '-out', path('server.csr'))
    with open(path('server.ext'), 'w') as file:
        file.write('subjectAltName=IP:127.0.0.1,DNS:%s\n' % NAME)
    run('openssl', 'x509', '-req', '-in', path('server.csr'), '-CA',
        path('ca.pem'), '-CAkey', path('ca.key'), '-CAcreateserial', '-days',
        '2', '-extfile', path('server.ext'), '-out', path('server.crt'))
    run('openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days',
        '90', '-subj', '/CN=reader', '-keyout', path('app.key'), '-out',
        path('app.crt'))
    with open(path('app.pem'), 'wb') as out:
        # A key of 4096 bits, or what openssl pkcs12 writes, is as long.
        out.write(b'Bag Attributes\n    localKeyID: 01\n' * 200)
        for name in ('app.key', 'app.crt'):
            with open(path(name), 'rb') as file:
                out.write(file.read())
    os.chmod(path('app.pem'), 0o600)


def utc(seconds=None, digits=3):
    """Now, or a time, as Graph writes it, with that many digits."""
    seconds = time.time() if seconds is None else seconds
    text = datetime.datetime.fromtimestamp(
        seconds, datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%S.%f')
    text += '0'
    return (text[:20 + digits] if digits else text[:19]) + 'Z'


def parse(text):
    """Seconds of such a time, whatever its fraction."""
    whole, _, rest = text.rstrip('Z').partition('.')
    seconds = datetime.datetime.strptime(
        whole, '%Y-%m-%dT%H:%M:%S').replace(
            tzinfo=datetime.timezone.utc).timestamp()
    return seconds + float('0.' + (rest or '0'))


def alert(id, device='srv-1.contoso.example', created=None, updated=None,
          **more):
    made = dict({
        'id': id, 'incidentId': None, 'status': 'new', 'severity': 'high',
        'serviceSource': 'microsoftDefenderForEndpoint',
        'title': 'Alert ' + str(id), 'category': 'Execution',
        'createdDateTime': created or utc(),
        'lastUpdateDateTime': updated or created or utc(),
        'evidence': [{'@odata.type': GRAPH + 'deviceEvidence',
                      'deviceDnsName': device}] if device else []}, **more)
    return made


def incident(id, name, **more):
    return dict({
        'id': id, 'displayName': name, 'status': 'active', 'severity': 'high',
        'redirectIncidentId': None, 'createdDateTime': utc(),
        'lastUpdateDateTime': utc()}, **more)


def answer(status, body=None, headers=None, raw=None):
    """A function for a script."""
    def send(request, tenant):
        data = raw if raw is not None else json.dumps(body or {}).encode()
        request.reply(status, data, headers)
    return send


def aadsts(code, error='invalid_client', status=401):
    return answer(status, {
        'error': error, 'error_codes': [code], 'error_description':
        'AADSTS%d: words that change. Trace ID: 1\r\nTimestamp: 2' % code})


def hang(seconds=None):
    """No answer; if it is not said for how long, for good."""
    def send(request, tenant):
        request.server.cloud.stop.wait(seconds)
        request.close_connection = True
    return send


class Tenant:
    def __init__(self, id):
        self.id = id
        self.alerts = []
        self.script = []
        self.token_script = []
        self.always = None          # answers for ever, if set
        self.asked = []             # when, for alerts
        self.incidents = []
        self.incident_script = []
        self.incident_always = None
        self.incidents_asked = []

    def add(self, *alerts):
        self.alerts.extend(alerts)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    timeout = 60

    def log_message(self, *words):
        pass

    def version_string(self):
        return 'cloud'

    def date_time_string(self, timestamp=None):
        return super().date_time_string(
            time.time() + self.server.cloud.skew)

    def reply(self, status, data, headers=None):
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def handle(self):
        cloud = self.server.cloud
        with cloud.lock:
            cloud.open += 1
            cloud.open_most = max(cloud.open, cloud.open_most)
        try:
            super().handle()
        except (ConnectionError, ssl.SSLError, TimeoutError):
            pass
        finally:
            with cloud.lock:
                cloud.open -= 1

    def do_POST(self):
        length = int(self.headers.get('Content-Length', 0))
        self.server.cloud.token(self, self.rfile.read(length).decode())

    def do_GET(self):
        self.server.cloud.page(self)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def get_request(self):
        # The handshake belongs to the connection's thread, not to accept().
        sock, address = super().get_request()
        sock.settimeout(60)
        return self.cloud.tls.wrap_socket(
            sock, server_side=True, do_handshake_on_connect=False), address


class Cloud:
    def __init__(self, folder, certificates=True):
        self.folder = folder
        if certificates:
            make_certificates(folder)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(self.path('server.crt'),
                                 self.path('server.key'))
        self.lock = threading.Lock()
        self.stop = threading.Event()
        self.tenants, self.tokens = {}, {}
        self.asked = []             # (method, path with query, headers, body)
        self.posted = []            # forms of token requests
        self.refreshes = ['refresh-0']
        self.refreshes_good = 1     # the newest so many; Entra ID: of 90 days
        self.lives = 3599           # of a token, in seconds
        self.skew = 0               # seconds their clock is ahead
        self.pages = None           # most records in a page, whatever $top
        self.numbers_as_text = False
        self.open = self.open_most = 0      # connections

    def path(self, name):
        return os.path.join(self.folder, name)

    def __enter__(self):
        self.server = Server(('127.0.0.1', 0), Handler)
        self.server.cloud = self
        self.url = 'https://127.0.0.1:%d' % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever,
                         kwargs={'poll_interval': 0.05},
                         daemon=True).start()
        return self

    def __exit__(self, *exception):
        self.stop.set()
        self.server.shutdown()
        self.server.server_close()

    def tenant(self, id):
        return self.tenants.setdefault(id, Tenant(id))

    def app(self, proof='secret-file app.secret'):
        """The `app` block that leads here."""
        with open(self.path('app.secret'), 'w') as file:
            file.write(SECRET + '\n')
        os.chmod(self.path('app.secret'), 0o600)
        return ('app reader { client %s  %s\n  login %s  graph %s  '
                'endpoint %s  ca-file %s }\n' % (
                    CLIENT, proof.replace(' app.', ' ' + self.folder +
                                          '/app.'),
                    self.url, self.url, self.url, self.path('ca.pem')))

    # ---- Entra ID ----

    def bad_assertion(self, form, tenant):
        """Why an assertion is not good, or None."""
        def part(text):
            return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))
        head, claims, signature = form['client_assertion'].split('.')
        header, body = json.loads(part(head)), json.loads(part(claims))
        der = run('openssl', 'x509', '-in', self.path('app.crt'), '-outform',
                  'DER')
        thumb = base64.urlsafe_b64encode(
            hashlib.sha256(der).digest()).decode().rstrip('=')
        if header != {'alg': 'PS256', 'typ': 'JWT', 'x5t#S256': thumb}:
            return 'header %r' % header
        now = time.time() + self.skew
        if body['aud'] != '%s/%s/oauth2/v2.0/token' % (self.url, tenant.id) \
                or body['iss'] != CLIENT or body['sub'] != CLIENT:
            return 'claims %r' % body
        if not body['nbf'] <= now <= body['exp']:
            return 'times %r' % body
        with open(self.path('jwt.sig'), 'wb') as file:
            file.write(part(signature))
        key = run('openssl', 'x509', '-in', self.path('app.crt'), '-noout',
                  '-pubkey')
        with open(self.path('app.pub'), 'wb') as file:
            file.write(key)
        try:
            run('openssl', 'dgst', '-sha256', '-verify', self.path('app.pub'),
                '-sigopt', 'rsa_padding_mode:pss', '-sigopt',
                'rsa_pss_saltlen:32', '-signature', self.path('jwt.sig'),
                input=(head + '.' + claims).encode())
        except subprocess.CalledProcessError as error:
            return 'signature: %s' % error.stderr
        return None

    def token(self, request, body):
        form = dict(urllib.parse.parse_qsl(body, strict_parsing=True))
        tenant = self.tenants.get(request.path.split('/')[1])
        with self.lock:
            self.posted.append(dict(form, at=time.time(), tenant=tenant and
                                    tenant.id))
        if tenant is None:
            return aadsts(90002, 'invalid_request', 400)(request, None)
        if tenant.token_script:
            return tenant.token_script.pop(0)(request, tenant)
        more = {}
        if form['grant_type'] == 'refresh_token':
            if form['refresh_token'] not in \
                    self.refreshes[-self.refreshes_good:]:
                return aadsts(700082, 'invalid_grant', 400)(request, tenant)
            self.refreshes.append('refresh-%d' % len(self.refreshes))
            more['refresh_token'] = self.refreshes[-1]
        elif 'client_assertion' in form:
            bad = self.bad_assertion(form, tenant)
            if bad:
                return answer(401, {'error': 'invalid_client',
                                    'error_description': bad})(request, tenant)
        elif form.get('client_secret') != SECRET:
            return aadsts(7000215)(request, tenant)
        with self.lock:
            token = 'token-%d-of-%s' % (len(self.tokens), tenant.id)
            self.tokens[token] = (tenant.id, time.time() + self.lives)
        lives = str(self.lives) if self.numbers_as_text else self.lives
        request.reply(200, json.dumps(dict(
            more, token_type='Bearer', expires_in=lives,
            access_token=token)).encode())

    # ---- Graph ----

    def page(self, request):
        bearer = request.headers.get('Authorization', '')[7:]
        with self.lock:
            self.asked.append((request.path, dict(request.headers)))
            id, ends = self.tokens.get(bearer, (None, 0))
        tenant = self.tenants.get(id)
        is_incidents = '/security/incidents' in request.path
        if tenant:
            (tenant.incidents_asked if is_incidents else
             tenant.asked).append(time.time())
        if tenant is None or ends < time.time():
            return answer(401, {'error': {'code': 'InvalidAuthenticationToken',
                                          'message': 'expired'}})(request,
                                                                  tenant)
        script = tenant.incident_script if is_incidents else tenant.script
        always = tenant.incident_always if is_incidents else tenant.always
        if script:
            return script.pop(0)(request, tenant)
        if always:
            return always(request, tenant)
        self.ordinary(request, tenant)

    def ordinary(self, request, tenant):
        url = urllib.parse.urlsplit(request.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        records = tenant.alerts
        if '/security/incidents' in url.path:
            records = tenant.incidents
            if int(query['$top']) > 50:
                return answer(400, {'error': {
                    'code': '', 'message': "The limit of '50' for Top query "
                    'has been exceeded.'}})(request, tenant)
        field, since, until = re.match(
            r'(\w+) ge (\S+)(?: and \1 lt (\S+))?$',
            query['$filter']).groups()
        found = [a for a in list(records) if not isinstance(a, dict) or
                 field not in a or (parse(a[field]) >= parse(since) and
                                    (not until or
                                     parse(a[field]) < parse(until)))]
        found.reverse()                     # the newest first
        top = min(int(query['$top']), self.pages or 10000)
        skip = int(query.get('$skiptoken', query.get('$skip', 0)))
        body = {'value': found[skip:skip + top]}
        if skip + top < len(found) and 'v1.0' in url.path:
            query['$skiptoken'] = str(skip + top)
            body['@odata.nextLink'] = self.url + url.path + '?' + \
                urllib.parse.urlencode(query)
        request.reply(200, json.dumps(body).encode())
