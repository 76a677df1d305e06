"""Programs that are not installed, a network without neighbours, and files of
/etc of one's own: see private_root.

    enter('exim', 'exim4-daemon-light')     # the rest runs in there
"""
import os
import subprocess
import sys

from relay import skip_all

CANNOT = 77             # exit status: this machine has no such thing


def enter(name, *packages, folders=()):
    """Run this program once more where the packages seem to be installed, and
    what the machine has in `folders` seems not to be."""
    if os.environ.get('PRIVATE_TOP'):
        return
    run = subprocess.run(['tests/lib/private_root', name, *packages, *folders,
                          '--', sys.executable] + sys.argv,
                         stderr=subprocess.PIPE, text=True)
    if run.returncode == CANNOT:
        skip_all(run.stderr.strip())
    sys.stderr.write(run.stderr)
    sys.exit(run.returncode)
