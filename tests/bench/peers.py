"""Programs that file a mail by rules, each with the corpus' rules in its own
language; a mail goes into the Maildir of the rule that it meets."""
import glob
import os
import shutil
import subprocess
import tempfile

import corpus
from relay import BUILD
from world import USER, deliver_command

LDA = '/usr/lib/dovecot/dovecot-lda'
DOVECOT = '''mail_location = maildir:%(boxes)s
postmaster_address = soc@mssp.example
lda_mailbox_autocreate = yes
log_path = /dev/null
protocols =
protocol lda {
  mail_plugins = sieve
}
plugin {
  sieve = file:%(top)s/rules.sieve
  sieve_max_script_size = 0
}
'''
BOXES = {'procmail': 'procmail/r%d/new', 'maildrop': 'maildrop/r%d/new',
         'fdm': 'fdm/r%d/new', 'dovecot-lda + Sieve': 'sieve/.r%d/new',
         'Python script': 'script/r%d/new'}


class Programs:
    """`commands` by name, for each(); what is not there is in `missing`."""

    def __init__(self, rules, style):
        self.rules, self.style = rules, style
        self.commands, self.missing = {}, []

    def __enter__(self):
        self.top = tempfile.mkdtemp(prefix='peers-')
        for name in ('store', 'spool'):
            for folder in ('', 'tmp', 'new'):
                os.makedirs(os.path.join(self.top, name, folder),
                            exist_ok=True)
        for name in ('procmail', 'maildrop', 'fdm', 'sieve', 'script'):
            os.mkdir(os.path.join(self.top, name))
        self.commands['store'] = [BUILD + '/bench/store', self.top + '/store']
        self.commands['tocsin-deliver'] = deliver_command(self.top + '/spool')
        self.add('procmail', '/usr/bin/procmail', self.procmail)
        self.add('maildrop', '/usr/bin/maildrop', self.maildrop)
        self.add('fdm', '/usr/bin/fdm', self.fdm)
        self.add('dovecot-lda + Sieve', LDA, self.sieve)
        self.add('Python script', '/usr/bin/python3', self.script)
        if self.style == corpus.SUBJECT:        # it reads neither
            self.add('amtool', '/usr/bin/amtool', self.amtool)
        for folder, _, names in os.walk(self.top):
            os.chown(folder, USER, USER)
            for name in names:
                os.chown(os.path.join(folder, name), USER, USER)
        os.environ.update(HOME=self.top, USER='bench', LOGNAME='bench')
        return self

    def __exit__(self, *exception):
        shutil.rmtree(self.top)

    def add(self, name, program, make):
        if os.path.exists(program):
            self.commands[name] = make(program)
        else:
            self.missing.append('%s: not on this machine.' % name)

    def write(self, name, text):
        path = os.path.join(self.top, name)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        os.chmod(path, 0o600)
        return path

    def boxes(self, name):
        return os.path.join(self.top, name)

    def procmail(self, program):
        rc = self.write('procmailrc', corpus.procmail(
            self.rules, self.boxes('procmail'), self.style))
        return [program, '-m', rc]

    def maildrop(self, program):
        for number in range(self.rules):        # it makes none itself
            for folder in ('new', 'cur', 'tmp'):
                os.makedirs('%s/r%d/%s' % (self.boxes('maildrop'), number,
                                           folder))
        for folder in ('new', 'cur', 'tmp'):
            os.makedirs(self.boxes('maildrop') + '/otherwise/' + folder)
        return [program, self.write('mailfilter', corpus.maildrop(
            self.rules, self.boxes('maildrop'), self.style))]

    def fdm(self, program):
        conf = self.write('fdm.conf', corpus.fdm(
            self.rules, self.boxes('fdm'), self.style))
        return [program, '-q', '-l', '-f', conf, '-a', 'stdin', 'fetch']

    def sieve(self, program):
        conf = self.write('dovecot.conf', DOVECOT % dict(
            top=self.top, boxes=self.boxes('sieve')))
        rules = self.write('rules.sieve', corpus.sieve(self.rules, self.style))
        subprocess.run(['/usr/bin/sievec', '-c', conf, rules], check=True,
                       stdout=subprocess.DEVNULL)
        return [program, '-c', conf]

    def script(self, program):
        rules = self.write('script.json', corpus.script(self.rules,
                                                        self.style))
        shutil.copy('tests/bench/script.py', self.top)
        return [program, self.top + '/script.py', rules, self.boxes('script'),
                self.style]

    def amtool(self, program):
        conf = self.write('alertmanager.yml', corpus.alertmanager(self.rules))
        return [program, 'config', 'routes', 'test', '--config.file=' + conf,
                '@']

    def feed(self, name, mails):
        """The mails as this program is told of them: amtool reads none, but
        is given labels, and fails if it finds another receiver."""
        if name != 'amtool':
            return mails
        return [(file, corpus.labels(int(os.path.basename(file)[:4]),
                                     self.rules)) for file, _ in mails]

    def right(self):
        """By program, "right of all": in how many cases the mail lies in the
        box of the rule that its device names."""
        digits = len(str(self.rules - 1))
        found = {}
        for name, pattern in BOXES.items():
            right = count = 0
            for path in glob.glob(os.path.join(
                    self.top, pattern.replace('%d', '*'), '*')) + glob.glob(
                    os.path.join(self.top, pattern.split('/')[0],
                                 'otherwise', 'new', '*')):
                with open(path, 'rb') as file:
                    text = file.read()
                at = text.find(b'pc-') + 3
                number = int(text[at:at + digits])
                count += 1
                right += (pattern % number) in path
            found[name] = '%d of %d' % (right, count)
        return found
