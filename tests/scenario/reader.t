#!/usr/bin/env python3
"""tocsin-reader, the real program: what it says of mail, and its cage."""

import os
import socket
import struct
import subprocess
import sys
import tempfile

BUILD = os.environ.get("BUILD", "build")
READER = os.path.join(BUILD, "tocsin-reader")
GOLDEN = "tests/mail/parse"
GREETING = b"TLR4"

count = failures = 0


def ok(good, name, details=""):
    global count, failures
    count += 1
    failures += not good
    print(f"{'ok' if good else 'not ok'} {count} - {name}", flush=True)
    if not good:
        for line in str(details).splitlines()[:40]:
            print("#  " + line)


def run(*arguments):
    return subprocess.run([READER, *arguments], capture_output=True,
                          stdin=subprocess.DEVNULL)


def show(mail):
    with tempfile.NamedTemporaryFile() as file:
        file.write(mail)
        file.flush()
        return run("--print", file.name)


def is_sanitized():
    """A build with sanitizers has no filter, and is slow."""
    with open(READER, "rb") as file:
        return b"__asan_init" in file.read()


# --- What it says ---

def check_golden():
    for name in sorted(os.listdir(GOLDEN)):
        if not name.endswith(".eml"):
            continue
        path = os.path.join(GOLDEN, name)
        with open(path[:-4] + ".txt", "rb") as file:
            want = file.read()
        done = run("--print", path)
        ok(done.returncode == 0 and done.stdout == want,
           f"{name} says what {name[:-4]}.txt says",
           done.stdout.decode() + done.stderr.decode())


def check_usage():
    done = run("--help")
    ok(done.returncode == 0 and b"--print FILE" in done.stdout, "--help")
    done = run("--version")
    ok(done.returncode == 0 and done.stdout.startswith(b"tocsin-reader "),
       "--version")
    for arguments in ([], ["--nonsense"], ["--print"]):
        done = run(*arguments)
        ok(done.returncode == 64 and done.stderr,
           f"wrong usage is 64: {arguments}", done.stderr)
    done = run("--print", "/nonexistent")
    ok(done.returncode == 66 and b"/nonexistent" in done.stderr,
       "a file that is not there is named")
    done = run("--no-seccomp", "--print", f"{GOLDEN}/broken.eml")
    ok(done.returncode == 0 and done.stdout, "--no-seccomp parses as well")


# --- Bad input ---

HEADER = b"Subject: here\n"
TEXT = b"\nSeverity: High\n"
MULTIPART = b"Content-Type: multipart/mixed; boundary=b\n\n"
HTML = b"Content-Type: text/html\n\n<p>Severity: High</p>"

BAD_INPUT = [
    ("an empty mail", b"", None),
    ("a mail of NUL octets", b"\0" * 100000, None),
    ("a mail of 50 MB",
     HEADER + MULTIPART + b"--b\n" + TEXT +
     b"--b\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\n" +
     (b"QUFB" * 18 + b"\n") * 720000, b"larger than 8 MiB"),
    ("a line of 50 MB", HEADER + TEXT + b"x" * 50000000, b"too much text"),
    ("100,000 header fields", HEADER + b"X-A: b\n" * 100000 + TEXT,
     b"header fields"),
    ("10,000 nested parts",
     HEADER + b"Content-Type: multipart/mixed; boundary=b0x\n\n--b0x\n" +
     TEXT +
     b"".join(b"--b%dx\nContent-Type: multipart/mixed; boundary=b%dx\n\n" %
              (i, i + 1) for i in range(10000)), b"too many nested parts"),
    ("30,000 messages in messages",
     HEADER + TEXT.strip() + b"\n" +
     b"Content-Type: message/rfc822\n\n" * 30000, b"too many attached"),
    ("a boundary that never ends",
     HEADER + MULTIPART + b"--b\n" + TEXT + b"--c\n" * 100000, None),
    ("base64 cut in the middle",
     HEADER + b"Content-Transfer-Encoding: base64\n\n"
     b"U2V2ZXJpdHk6IEhpZ2gKV", b'"Severity" "High"'),
    ("a wrong charset name",
     HEADER + b"Content-Type: text/plain; charset=klingon\n" + TEXT, None),
    ("the boundary that crashes libetpan",
     HEADER + b'Content-Type: multipart/mixed; boundary="\\""\n' + TEXT,
     b"backslash"),
    ("quoted-printable that ends in one digit",
     HEADER + b"Content-Transfer-Encoding: quoted-printable\n" + TEXT + b"=A",
     None),
    ("HTML with a million tags", HEADER + HTML + b"<b>" * 1000000,
     b"nested too deeply"),
    ("HTML with a million entities", HEADER + HTML + b"&lt;" * 1000000,
     b"too much HTML"),
    ("HTML with 100,000 unclosed tables",
     HEADER + HTML + b"<table><tr><td>" * 100000, b"nested too deeply"),
    ("HTML with 100,000 attributes",
     HEADER + HTML + b"<b " + b" ".join(b"a%d" % i for i in range(100000)),
     b"too many attributes"),
    ("a subject of 100 KB", b"Subject: here" + b"x" * 100000 + b"\n" + TEXT,
     None),
]


def check_bad_input():
    for name, mail, says in BAD_INPUT:
        done = show(mail)
        good = done.returncode == 0
        if mail.startswith(HEADER):
            good = good and b'subject "here"' in done.stdout
            good = good and b"Severity" in done.stdout
        if says:
            good = good and says in done.stdout
        ok(good, f"{name}: survived",
           f"status {done.returncode} {done.stdout[:1500]} {done.stderr}")


# --- The cage ---

class Reader:
    """What tocsin does, in Python."""

    def __init__(self, *arguments):
        self.socket, theirs = socket.socketpair()
        self.socket.settimeout(180)     # that it never answers
        self.process = subprocess.Popen([READER, *arguments], stdin=theirs,
                                        stderr=subprocess.PIPE)
        theirs.close()

    def receive(self, size):
        octets = b""
        while len(octets) < size:
            more = self.socket.recv(size - len(octets))
            if not more:
                break
            octets += more
        return octets

    def send(self, mail, offset=0):
        with tempfile.TemporaryFile() as file:
            file.write(mail)
            file.flush()
            socket.send_fds(self.socket, [struct.pack("<Q", offset)],
                            [file.fileno()])

    def answer(self):
        size = self.receive(4)
        return self.receive(struct.unpack("<I", size)[0]) if size else None

    def proc(self, name):
        with open(f"/proc/{self.process.pid}/{name}") as file:
            return file.read()

    def close(self):
        self.socket.close()
        self.process.stderr.read()
        self.process.stderr.close()
        return self.process.wait(30)


def check_serving():
    reader = Reader()
    ok(reader.receive(4) == GREETING, "it greets when it is ready")
    for i in range(20):
        reader.send(b"junkSubject: %d\n\nx" % i, 4)
    got = [reader.answer() for i in range(20)]
    ok(all(b"Subject\x01\x00\x00\x00%d" % i in got[i] or
           b"Subject\x02\x00\x00\x00%d" % i in got[i] for i in range(20)),
       "20 requests sent ahead are answered in order", got[:2])
    ok(reader.close() == 0, "it ends when its parent closes the socket")


def check_limits():
    reader = Reader()
    reader.receive(4)
    status, limits = reader.proc("status"), reader.proc("limits")
    if is_sanitized():
        ok(True, "limits # skip: a build with sanitizers")
    else:
        ok("Seccomp:\t2" in status, "a filter of system calls is on", status)
        ok("NoNewPrivs:\t1" in status, "no new privileges", status)
        rows = {line[:26].strip(): line[26:].split()
                for line in limits.splitlines()}
        ok(rows["Max address space"][0] == str(512 << 20) and
           rows["Max core file size"][0] == "0" and
           rows["Max file size"][0] == "0" and
           rows["Max open files"][0] == "16",
           "memory, cores, files and their size are limited", limits)
    ok(reader.close() == 0, "and it ends well")


def check_nonsense():
    reader = Reader()
    reader.receive(4)
    reader.socket.sendall(b"12345678")
    ok(reader.receive(4) == b"", "a request without a file ends it")
    ok(reader.close() == 76, "as a breach of the protocol")


def check_processor_time():
    """An attribute bomb behind a comment, which the guard does not see."""
    bomb = (HEADER + HTML + b'<!-- <a b="--><p c=">" ' +
            b" ".join(b"a%d" % i for i in range(250000)) + b">")
    reader = Reader()
    reader.receive(4)
    reader.send(bomb)
    got = reader.answer()
    status = reader.close()
    ok(got is None and status == -24,
       "a mail that burns processor time ends the process (SIGXCPU)",
       f"status {status}")


check_golden()
check_usage()
check_bad_input()
check_serving()
check_limits()
check_nonsense()
check_processor_time()
print(f"1..{count}")
sys.exit(failures > 0)
