#!/usr/bin/env python3
"""`make install` gives each file the mode that it needs, whatever the umask; what
was set on a program stays; `make uninstall` leaves nothing behind."""
import os
import shutil
import stat
import subprocess
import sys
import tempfile

sys.path.insert(0, 'tests/lib')
from relay import BUILD, ok, same, done, skip_all   # noqa: E402

LINK = 'etc/systemd/system/multi-user.target.wants/tocsin.service'
DROP = 64102


def make(top, target):
    """With programs that are there: what is built is not the question."""
    return subprocess.run(
        ['make', '-s', '-o', 'all', target, 'DESTDIR=' + top,
         'B=' + os.path.relpath(BUILD)], stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True)


def modes(top):
    found = {}
    for folder, folders, files in os.walk(top):
        for name in folders + files:
            path = os.path.join(folder, name)
            found[os.path.relpath(path, top)] = stat.filemode(
                os.lstat(path).st_mode)
    return found


if not shutil.which('make'):
    skip_all('no make')
with tempfile.TemporaryDirectory() as top:
    old = os.umask(0o077)
    os.chmod(top, 0o755)
    run = make(top, 'install')
    same((run.returncode, run.stderr), (0, ''), 'it installs')
    found = modes(top)
    programs = {path: mode for path, mode in found.items()
                if os.path.basename(path) in ('tocsin-deliver', 'tocsin-reader')
                or path.endswith('bin/tocsin')}
    same(set(programs.values()), {'-rwxr-xr-x'}, 'everybody may run the '
         'programs')
    same(len(programs), 3, 'of which there are three')
    same({mode for path, mode in found.items() if path not in programs},
         {'drwxr-xr-x', '-rw-r--r--'}, 'and read all else')
    ok(sum('/templates/' in path for path in found) > 10 and
       'lib/systemd/system/tocsin.service' in found and
       'usr/local/share/man/man7/tocsin.7' in found,
       'templates, unit and manual are there', sorted(found))

    deliver = os.path.join(top, 'usr/local/bin/tocsin-deliver')
    if not os.geteuid():
        os.chown(deliver, 0, DROP)
        os.chmod(deliver, 0o2755)
        make(top, 'install')
        state = os.stat(deliver)
        same((stat.filemode(state.st_mode), state.st_gid),
             ('-rwxr-sr-x', DROP), 'a program that is replaced keeps its '
             'group, and its set-group-ID bit')
    os.makedirs(os.path.join(top, os.path.dirname(LINK)))
    os.symlink('/lib/systemd/system/tocsin.service', os.path.join(top, LINK))
    run = make(top, 'uninstall')
    same((run.returncode, run.stderr), (0, ''), 'it uninstalls')
    left = [os.path.join(folder, name) for folder, _, files in os.walk(top)
            for name in files]
    same(left, [], 'nothing is left, the link that enabled it neither')
    os.umask(old)
done()
