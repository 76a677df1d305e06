"""Certificates for servers on loopback, good and bad, made by openssl(1).

    made = Certificates(directory)
    made.authority                  # the test authority, for `ca-file`
    certificate, key = made.pair('good')

Kinds: good, expired, wrong-name, self-signed (not by the authority). Each is
made when it is first asked for. All are for localhost, 127.0.0.1 and ::1 but
wrong-name.
"""
import os
import subprocess

NAMES = 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1'
WRONG = 'subjectAltName=DNS:somewhere-else.example'
KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

# kind: the names, days until it ends (-1: yesterday), signed by the authority
KINDS = {
    'good': (NAMES, 2, True),
    'expired': (NAMES, -1, True),
    'wrong-name': (WRONG, 2, True),
    'self-signed': (NAMES, 2, False),
}


class Certificates:
    def __init__(self, directory):
        self.directory, self.made = directory, set()
        self.authority = self._file('authority.pem')
        self._openssl('req', '-x509', *KEY, '-subj', '/CN=test authority',
                      '-keyout', self._file('authority.key'), '-days', '2',
                      '-out', self.authority)

    def pair(self, kind):
        names, days, is_signed = KINDS[kind]
        certificate, key = self._file(kind + '.pem'), self._file(kind + '.key')
        request = self._file(kind + '.csr')
        if kind in self.made:
            return certificate, key
        self.made.add(kind)
        self._openssl('req', *KEY, '-subj', '/CN=' + kind, '-addext', names,
                      '-keyout', key, '-out', request)
        signer = (['-CA', self.authority, '-CAcreateserial', '-CAkey',
                   self._file('authority.key')] if is_signed
                  else ['-signkey', key])
        self._openssl('x509', '-req', '-in', request, '-days', str(days),
                      '-copy_extensions', 'copy', '-out', certificate, *signer)
        return certificate, key

    def _file(self, name):
        return os.path.join(self.directory, name)

    @staticmethod
    def _openssl(*words):
        subprocess.run(['openssl', *words], check=True, capture_output=True)
