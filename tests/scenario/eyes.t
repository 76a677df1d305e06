#!/usr/bin/env python3
"""Commands see what the daemon would see: with its rights, within its unit, and
with the last good text of what is broken; and without the secrets, which lie on
its machine."""
import ctypes
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, 'tests/lib')
from relay import CONTOSO, Relay, mail, ok, same, done   # noqa: E402
from users import ANNA, TOCSIN, Owned, need_users        # noqa: E402

RELAY = ('relay out { smtp mx.example:25 tls required login tocsin '
         'password-file secret }')
APP = ('app a { client 6f9c1d0e-0000-4000-8000-000000000001  %s secret '
       'cloud global }')
TEST = '''
test "high" {
    given alert { customer contoso  severity high }
    expect notify ana@mssp.example, archive@mssp.example, bob@mssp.example
}
'''
ALERT = 'tests/mail/mailbox-decides.eml'


def without_secrets():
    for statement in RELAY, *(APP % kind for kind in (
            'secret-file', 'certificate-file', 'refresh-token-file')):
        with Relay(statement) as relay:
            relay.write('customers/tests.rules', TEST)
            code, out, err = relay.command('check', '--strict')
            ok(code == 0 and 'warning: cannot open' in err and
               ' 0 errors, 0 warnings' in err, 'check without a secret: a '
               'warning that --strict does not count', code, err)
            line = json.loads(relay.command('check', '--json')[1])
            same(line['severity'], 'warning', 'also in JSON')
            for words in ['test'], ['show', 'contoso'], ['explain', ALERT]:
                same(relay.command(*words)[0], 0, '%s does without' %
                     words[0])
            code, _, err = relay.command('run')
            ok(code == 1 and 'error: cannot open' in err,
               'the daemon does not', err)
            relay.write('secret', '')
            os.chmod(relay.path('secret'), 0o600)
            ok(relay.command('check')[0] == 1, 'an empty one is an error')


def with_a_broken_file():
    with Relay() as relay:
        relay.write('customers/tests.rules', TEST)
        relay.write('customers/other.rules', 'customer other { mailbox '
                    'other@x.example recipients @mssp.example }')
        relay.start()
        relay.stop()
        relay.write('customers/contoso.rules',
                    CONTOSO.replace('severity at', 'severty at'))
        relay.write('customers/new.rules', 'customer new {')
        for words, want in [(['show', 'contoso'], 'high'),
                            (['test'], '1 passed'),
                            (['explain', ALERT], 'decision: notify'),
                            (['customers'], 'contoso "Contoso GmbH"'),
                            (['customers', 'other'], 'other "other"')]:
            code, out, err = relay.command(*words)
            ok(code == 1 and want in out and "'severty'" in err and
               err.count('has errors: this is') == 2 and
               'contoso.rules has errors: this is with its last good text'
               in err and 'new.rules has errors: this is without it' in err,
               '`tocsin %s` goes on with the last good text, and says so' %
               ' '.join(words), code, out, err)
        os.unlink(relay.path('customers/contoso.rules'))
        code, out, err = relay.command('show', 'contoso')
        ok(code == 1 and 'high' in out and 'contoso is gone from' in err,
           'and with a customer who is missed', out, err)


def rights():
    """Of the owner of the state, whoever asks; others may lack them."""
    with Owned() as relay:
        relay.user = None
        with open(relay.conf, 'a') as file:
            file.write(RELAY + '\n')
        relay.write('secret', 'hunter2-hunter2')
        os.chmod(relay.path('secret'), 0o600)
        code, _, err = relay.command('check')
        ok(code == 1 and 'secret: Permission denied' in err,
           'check by root: what the daemon cannot read is an error', err)
        relay.user = ANNA
        code, _, err = relay.command('check')
        ok(code == 0 and 'warning: cannot open' in err, 'by somebody else: '
           'what he may not read is none', code, err)
        relay.user = None
        os.chown(relay.path('secret'), TOCSIN, TOCSIN)
        same(relay.command('check')[0], 0, 'what it can read is good')
        os.chmod(relay.path('customers', 'contoso.rules'), 0o600)
        code, _, err = relay.command('check')
        ok(code == 1 and 'contoso.rules: error: cannot open' in err,
           'rules that it cannot read are an error', err)


def the_unit():
    """Where it is installed, and runs with this configuration."""
    if ctypes.CDLL(None).unshare(0x20000) or subprocess.run(
            ['mount', '--make-rprivate', '/']).returncode:
        ok(True, 'the unit # SKIP no mount namespace')
        return
    with Relay() as relay:
        folder = relay.path('units')
        os.mkdir(folder)
        shutil.copy('systemd/tocsin.service', folder)
        subprocess.run(['mount', '--bind', folder, '/etc/systemd/system'],
                       check=True)
        try:
            same(relay.command('check')[0], 0, 'a unit that runs with another '
                 'configuration says nothing of this one')
            os.mkdir(folder + '/tocsin.service.d')
            with open(folder + '/tocsin.service.d/own.conf', 'w') as file:
                file.write('[Service]\nExecStart=\nExecStart=/usr/bin/tocsin '
                           'run -c %s\nReadWritePaths=%s\n' % (
                               relay.conf, relay.path('state')))
            code, _, err = relay.command('check')
            ok(code == 1 and err.count(': error: ') == 1 and
               'tocsin.conf:3:12: error: ' in err and
               'ReadWritePaths=' + relay.path('spool') in err,
               'a spool that the unit keeps from the daemon is an error, with '
               'the line that the unit wants', err)
            with open(folder + '/tocsin.service.d/own.conf', 'a') as file:
                file.write('ReadWritePaths=' + relay.path('spool'))
            same(relay.command('check')[0], 0, 'which helps')
        finally:
            subprocess.run(['umount', '-l', '/etc/systemd/system'])


without_secrets()
with_a_broken_file()
need_users()
rights()
the_unit()
done()
