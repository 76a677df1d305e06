"""The relay as tocsin(7) sets it up, with other users on the machine; needs
root, and acts as users whom the machine need not know."""
import os
import shutil
import subprocess
import sys

import relay
from relay import BUILD, Relay, skip_all

TOCSIN, DROP, ANNA, BERT, CARL = 64101, 64102, 64103, 64104, 64105


def need_users():
    if os.geteuid() or not shutil.which('setpriv'):
        skip_all('needs root and setpriv to act as several users')


def be(user, group, *groups):
    """A command line that acts as `user`."""
    return ['setpriv', '--reuid', str(user), '--regid', str(group),
            '--groups=' + ','.join(map(str, groups))
            if groups else '--clear-groups', '--']


class Owned(Relay):
    """State and spool belong to TOCSIN, who runs the daemon and the
    commands; the programs and the configuration are for everybody."""
    user = TOCSIN

    def __init__(self):
        # The tree may lie where only root may look.
        super().__init__(main=relay.MAIN.replace('%(top)s', 'share'))
        shutil.copytree('rules', self.path('share', 'rules'))
        os.chmod(self.folder, 0o711)
        self.programs = self.path('bin')
        shutil.copytree(BUILD, self.programs, ignore=lambda folder, names: [
            name for name in names if not name.startswith('tocsin')])
        open(self.path('log'), 'w').close()
        for name, mode in ('state', 0o700), ('spool', 0o700), ('log', 0o600):
            os.chown(self.path(name), TOCSIN, TOCSIN)
            os.chmod(self.path(name), mode)

    def python(self, user, code, *groups, **names):
        """What a user of the machine may do: the name of the error that stops
        him, or what he prints."""
        text = ('import os, sys\ntry:\n    %s\n'
                'except OSError as e:\n    print(type(e).__name__)\n' %
                code.replace('\n', '\n    '))
        for name, value in names.items():
            text = '%s = %r\n' % (name, value) + text
        return subprocess.run(
            be(user, user, *groups) + [sys.executable, '-c', text],
            stdout=subprocess.PIPE, text=True).stdout.strip()
