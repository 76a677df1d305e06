#!/usr/bin/env python3
"""tocsin-deliver as MTAs run it: the real program, a spool of its own for each
check, and every trap that Postfix, Exim and OpenSMTPD set."""

import fcntl
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

BUILD = os.environ.get("BUILD", "build")
NOBODY = 65534
IS_ROOT = os.geteuid() == 0
MIB = 1024 * 1024
WAIT = 180              # seconds: then it never comes
MESSAGE_MAX = 64 * MIB
MAIL = b"Received: by mx; date\nSubject: alert\n\nA device was seen.\n"
BORDER = re.compile(rb"Received: \(tocsin-deliver (whole|short)\) by "
                    rb"[A-Za-z0-9._-]+ id [!-~]+; "
                    rb"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} "
                    rb"\d\d:\d\d:\d\d \+0000\n")
TO = ["-f", "a@b.example", "--", "c@d.example"]

if not os.path.exists(os.path.join(BUILD, "tocsin-deliver")):
    sys.exit("Bail out! no tocsin-deliver in %s" % BUILD)
work = tempfile.mkdtemp(prefix="tocsin-deliver-test-")
os.chmod(work, 0o755)
# A copy that an unprivileged user can reach, wherever the build is.
program = shutil.copy(os.path.join(BUILD, "tocsin-deliver"), work)
count = failures = 0
complaints = []
# Not while another program traces or limits it: leaks cannot be searched then.
os.environ["ASAN_OPTIONS"] = "detect_leaks=0"


def report(good, name, note=""):
    global count, failures
    count += 1
    failures += not good
    print("%s %d - %s%s" % ("ok" if good else "not ok", count, name, note),
          flush=True)
    return good


def ok(good, name, *details):
    if not report(bool(good), name):
        for detail in details:
            print("# %r" % (detail,))


def equal(got, want, name):
    ok(got == want, name, ("got", got), ("want", want))


def skip(name, why):
    report(True, name, " # SKIP " + why)


def new_spool():
    return tempfile.mkdtemp(prefix="spool-", dir=work)


def base_environment(**more):
    """Little, as MTAs do: no HOME, two directories in PATH."""
    return {"PATH": "/usr/bin:/bin", "LANG": "C",
            "ASAN_OPTIONS": "detect_leaks=0", **more}


class Result:
    def __init__(self, status, out, err, broken):
        self.status, self.out, self.err = status, out, err
        self.broken = broken    # the writer met a closed pipe


def feed(process, pieces):
    try:
        for piece in pieces:
            process.stdin.write(piece)
            process.stdin.flush()
        process.stdin.close()
    except BrokenPipeError:
        return True
    return False


def run(arguments, mail=MAIL, spool=None, command=None, **options):
    """Run the program with `mail` (octets or a list of them) on a pipe."""
    options.setdefault("env", base_environment())
    options.setdefault("cwd", "/")
    if spool is not None:
        arguments = ["-s", spool] + arguments
    process = subprocess.Popen((command or [program]) + arguments,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, **options)
    broken = feed(process, [mail] if isinstance(mail, bytes) else mail)
    process.stdin = None
    out, err = process.communicate(timeout=WAIT)
    if process.returncode == 75:
        complaints.append(err)
    return Result(process.returncode, out, err, broken)


def files(spool, directory="new"):
    path = os.path.join(spool, directory)
    return sorted(os.listdir(path)) if os.path.isdir(path) else []


def stored(spool):
    """The only message in the spool."""
    names = files(spool)
    if len(names) != 1:
        return b"(%d messages)" % len(names)
    with open(os.path.join(spool, "new", names[0]), "rb") as file:
        return file.read()


def split(content):
    """Envelope lines, border, message."""
    match = BORDER.search(content)
    if not match:
        return content, b"", b""
    return content[:match.start()], match.group(), content[match.end():]


def delivers(name, arguments=None, mail=MAIL, want=None, envelope=None,
             **options):
    """Status 0, nothing said, one file, and what is in it."""
    spool = new_spool()
    result = run(TO if arguments is None else arguments, mail, spool,
                 **options)
    lines, border, message = split(stored(spool))
    if want is None:
        want = mail if isinstance(mail, bytes) else b"".join(mail)
    ok(result.status == 0 and not result.out + result.err and border and
       message == want and not files(spool, "tmp") and
       envelope in (None, lines), name, result.status, result.err, lines,
       border, message[:200])
    shutil.rmtree(spool)


def defers(name, arguments=None, mail=MAIL, spool=None, **options):
    """Status 75, one line, the whole mail read, nothing left in the spool."""
    own = spool or new_spool()
    result = run(TO if arguments is None else arguments, mail, own, **options)
    ok(result.status == 75 and not result.broken and not result.out and
       len(result.err.splitlines()) == 1 and not files(own, "tmp") and
       not files(own), name, result.status, result.err, result.broken,
       files(own, "tmp"), files(own))


def envelope(sender, *recipients):
    return b"".join([b"Return-Path: <%s>\n" % sender] +
                    [b"Delivered-To: %s\n" % r for r in recipients])


def test_storing():
    spool = new_spool()
    result = run(TO, MAIL, spool)
    equal(result.status, 0, "a mail is taken with status 0")
    equal(result.out + result.err, b"", "without a word")
    equal(files(spool), [f for f in files(spool)
                         if re.fullmatch(r"\d+\.M\d{3}P\d+R[0-9a-f]{16}\..+",
                                         f)],
          "under a name that no other delivery can choose")
    equal(files(spool, "tmp"), [], "nothing stays in tmp")
    lines, border, message = split(stored(spool))
    equal(lines, envelope(b"a@b.example", b"c@d.example"),
          "with the envelope on top")
    ok(border.startswith(b"Received: (tocsin-deliver whole)"),
       "then the border, which says that the message is whole", border)
    equal(message, MAIL, "then the message, byte for byte")
    modes = [os.stat(os.path.join(spool, p)).st_mode & 0o777
             for p in ("tmp", "new", "new/" + files(spool)[0])]
    equal(modes, [0o700, 0o700, 0o640],
          "tmp and new are for the owner only, in a shared spool the file is "
          "for the daemon's group as well")
    equal(run(TO, MAIL, spool).status, 0, "the second run of one mail is 0")
    second = os.path.join(spool, "new", files(spool)[1])
    with open(second, "rb") as file:
        equal(split(file.read())[2], message,
              "and its message is the same octets, for the digest")


def test_messages():
    for name, mail in [
            ("an empty mail", b""),
            ("one octet", b"x"),
            ("a mail without a final newline", b"Subject: x\n\nend"),
            ("NUL octets", b"Subject: a\0b\n\n\0\0\n\0"),
            ("line ends of CR LF", b"Subject: x\r\n\r\nhello\r\n"),
            ("bare CR", b"Subject: x\n\na\rb\r\rc\n"),
            ("lines of 50,000 octets",
             b"Subject: " + b"s" * 50000 + b"\n\n" + b"y" * 50000 + b"\n"),
            ("8-bit octets", bytes(range(128, 256)) * 10),
            ("no header at all", b"only text\n"),
            ("no blank line", b"Subject: x\nTo: y\n"),
            ("a blank line first", b"\n\nSubject: x\n"),
            ("an unfinished word at the start", b"Fro"),
            ("a mail of 63 kB", b"x" * 64999 + b"\n"),
            ("a mail of one buffer", b"x" * MIB),
            ("a mail of one buffer and one octet", b"x" * (MIB + 1)),
    ]:
        delivers("%s: stored byte for byte" % name, mail=mail)
    delivers("a mail that comes octet by octet is stored whole",
             mail=[bytes([b]) for b in MAIL])
    delivers("a mail of 50 MB is stored whole",
             mail=[b"Subject: big\n\n"] + [b"z" * 999999 + b"\n"] * 50)


def test_from_line():
    for name, line in [
            ("the From line of mbox", b"From a@b Sat Nov 21 23:39:28 2026\n"),
            ("a From line of 2 MB", b"From " + b"x" * (2 * MIB) + b"\n"),
            ("a From line that ends at the buffer's end",
             b"From " + b"x" * (MIB - 6) + b"\n"),
            ("a From line with CR LF", b"From x\r\n")]:
        delivers("%s is dropped" % name, mail=line + MAIL, want=MAIL)
    delivers("a mail of nothing but half a From line becomes empty",
             mail=b"From nobody", want=b"")
    for mail in (b"From: a@b\n\nx\n", b"Subject: x\n\nFrom here on\n",
                 b">From x\nSubject: y\n"):
        delivers("%r is no From line" % mail[:20], mail=mail)


def test_forged_envelope():
    forged = (envelope(b"evil@x", b"victim@y") +
              b"Received: (tocsin-deliver whole) by h id i; date\n")
    for name, top in [
            ("Delivered-To", b"Delivered-To: victim@y\n"),
            ("Return-Path and Delivered-To of OpenSMTPD",
             b"Return-Path: <x@y>\nDelivered-To: victim@y\n"),
            ("X-Original-To and Envelope-to",
             b"X-Original-To: victim@y\nEnvelope-to: victim@y\n"),
            ("a folded line", b" Delivered-To: victim@y\n"),
            ("a whole block of ours", forged),
            ("a From line and a whole block", b"From x\n" + forged)]:
        want = top[7:] if top.startswith(b"From") else top
        delivers("%s on top of the mail stays below the border" % name,
                 mail=top + MAIL, want=want + MAIL,
                 envelope=envelope(b"a@b.example", b"c@d.example"))
    defers("a From line above a block makes no file to replay", [],
           mail=b"From x\n" + forged + MAIL)
    defers("the Received line that an MTA writes makes no file to replay", [],
           mail=b"Return-Path: <x@y>\nReceived: by mx; date\n" + forged)


def test_arguments():
    def case(name, arguments, sender, *recipients, **variables):
        delivers(name, arguments, envelope=envelope(sender, *recipients),
                 env=base_environment(**variables))

    case("several recipients, in their order", ["-f", "s@x", "--", "b@x",
         "a@x"], b"s@x", b"b@x", b"a@x")
    case("a recipient with a dash behind --", ["-f", "s@x", "--",
         "-rf@x", "--help"], b"s@x", b"-rf@x", b"--help")
    case("a sender with a dash", ["-f", "-s@x", "--", "r@x"], b"-s@x", b"r@x")
    case("-f and its argument in one word", ["-fs@x", "r@x"], b"s@x", b"r@x")
    for sender in ("", "<>", "MAILER-DAEMON", "mailer-daemon"):
        case("sender %r is the null sender" % sender,
             ["-f", sender, "--", "r@x"], b"", b"r@x")
    case("a null sender that vanished from the command line",
         ["-f", "--", "-r@x"], b"", b"-r@x")
    case("no sender at all is the null sender", ["r@x"], b"", b"r@x")
    case("angle brackets are taken off", ["-f", "<s@x>", "<r@x>"], b"s@x",
         b"r@x")
    case("quoted local parts", ["-f", '"a b"@x', "--", 'c d@x', '"e\\"f"@x'],
         b'"a b"@x', b"c d@x", b'"e\\"f"@x')
    case("addresses in UTF-8", ["-f", "é@x", "--", "日本@x"],
         "é@x".encode(), "日本@x".encode())
    case("octets that are no UTF-8 are kept", ["-f", b"\xff@x", "--", b"\xfe"],
         b"\xff@x", b"\xfe")
    case("shell characters are only characters",
         ["-f", "`id`@x", "--", "$(id)|%s%n{}'@x"], b"`id`@x",
         b"$(id)|%s%n{}'@x")
    case("an address with line ends adds no line",
         ["-f", "s@x>\nX-Evil: 1", "--", "r@x\nDelivered-To: victim@y\r\x7f"],
         b"s@x>?X-Evil: 1", b"r@x?Delivered-To: victim@y??")
    case("an endless address is cut", ["-f", "s" * 5000, "--", "r" * 5000],
         b"s" * 900, b"r" * 900)
    case("an empty recipient is left out", ["--", "", "r@x", ""], b"", b"r@x")
    case("1000 recipients", ["--"] + ["r%d@x" % i for i in range(1000)], b"",
         *[b"r%d@x" % i for i in range(1000)])


def test_environment():
    def case(name, arguments, sender, recipient, **variables):
        delivers(name, arguments, envelope=envelope(sender, recipient),
                 env=base_environment(**variables))

    case("sender and recipient from the environment (Exim)", [], b"s@x",
         b"r@x", SENDER="s@x", RECIPIENT="r@x", LOCAL_PART="no", DOMAIN="no")
    case("an empty SENDER is the null sender", [], b"", b"r@x", SENDER="",
         RECIPIENT="r@x")
    case("arguments come before the environment", TO, b"a@b.example",
         b"c@d.example", SENDER="s@x", RECIPIENT="r@x")
    case("an empty -f comes before SENDER", ["-f", "", "--", "r@x"], b"",
         b"r@x", SENDER="s@x")
    case("SENDER completes recipients that are arguments", ["r@x"], b"s@x",
         b"r@x", SENDER="s@x")
    case("ORIGINAL_RECIPIENT where RECIPIENT is missing", [], b"", b"o@x",
         ORIGINAL_RECIPIENT="o@x")
    case("RECIPIENT comes before ORIGINAL_RECIPIENT", [], b"", b"r@x",
         ORIGINAL_RECIPIENT="o@x", RECIPIENT="r@x")
    case("DOMAIN completes a RECIPIENT without one", [], b"", b"r@x",
         RECIPIENT="r", DOMAIN="x")
    case("LOCAL_PART, EXTENSION and DOMAIN are the last resort", [], b"",
         b"l+e@x", LOCAL_PART="l", EXTENSION="e", DOMAIN="x")
    case("a RECIPIENT with line ends adds no line", [], b"s?@x", b"r?X: y",
         SENDER="s\n@x", RECIPIENT="r\nX: y")
    defers("no recipient anywhere waits for somebody to mend it", [])
    defers("an empty RECIPIENT is none", [],
           env=base_environment(RECIPIENT="", LOCAL_PART=""))
    defers("DOMAIN alone is no recipient", [],
           env=base_environment(DOMAIN="x", EXTENSION="e", SENDER="s@x"))


def test_process():
    delivers("from the root directory, without HOME, with PATH only",
             env={"PATH": "/bin", "ASAN_OPTIONS": "detect_leaks=0"})
    delivers("with an empty environment", env={})
    delivers("with a hostile time zone and locale",
             env=base_environment(TZ=work, LC_ALL="xx_XX.nothing"))
    delivers("with umask 0", umask=0)
    delivers("with umask 0777", umask=0o777)
    gone = tempfile.mkdtemp(dir=work)
    delivers("from a directory that is gone", cwd="/",
             preexec_fn=lambda: (os.chdir(gone), os.rmdir(gone)))
    relative = tempfile.mkdtemp(dir=work)
    equal(run(["-s", "."] + TO, cwd=relative).status, 0,
          "a relative spool is seen from the working directory")
    ok(split(stored(relative))[1], "and the mail is in it")
    delivers("without standard output and error",
             preexec_fn=lambda: (os.close(1), os.close(2)))
    result = run(TO, spool="/nonexistent",
                 preexec_fn=lambda: (os.close(1), os.close(2)))
    complaints.remove(b"")
    equal(result.status, 75, "nobody to complain to: 75 all the same")
    no_input = new_spool()
    result = run(TO, b"", no_input, preexec_fn=lambda: os.close(0))
    equal((result.status, files(no_input), files(no_input, "tmp")),
          (75, [], []), "no standard input is not an empty mail")
    result = subprocess.run([program, "-s", no_input] + TO,
                            stdin=os.open("/", os.O_RDONLY),
                            stderr=subprocess.PIPE, env=base_environment())
    complaints.append(result.stderr)
    equal((result.returncode, files(no_input), files(no_input, "tmp")),
          (75, [], []), "input that cannot be read is no mail")


def test_nonblocking_input():
    spool = new_spool()
    read_end, write_end = os.pipe()
    flags = fcntl.fcntl(read_end, fcntl.F_GETFL)
    fcntl.fcntl(read_end, fcntl.F_SETFL, flags | os.O_NONBLOCK)
    process = subprocess.Popen([program, "-s", spool] + TO, stdin=read_end,
                               env=base_environment())
    os.close(read_end)
    os.write(write_end, MAIL[:10])
    time.sleep(0.1)
    os.write(write_end, MAIL[10:])
    os.close(write_end)
    equal((process.wait(WAIT), split(stored(spool))[2]), (0, MAIL),
          "standard input that does not block is waited for")


def test_spool():
    defers("no spool: the mail stays with the MTA", spool="/nonexistent/spool")
    ok(not os.path.exists("/nonexistent"), "and the spool is not invented")
    defers("5 MB for no spool: read to the end all the same",
           mail=b"x" * (5 * MIB), spool="/nonexistent/spool")
    plain = os.path.join(work, "file")
    with open(plain, "w"):
        pass
    defers("a spool that is a file", spool=plain)
    defers("a spool with a name of 10,000 octets", spool="/" + "x" * 10000)
    defers("a spool whose name would colour the log",
           spool="/\x1b[31m\n5.7.1 no")
    odd = new_spool()
    with open(os.path.join(odd, "new"), "w"):
        pass
    result = run(TO, spool=odd)
    equal(result.status, 75, "a file in the place of new")
    half = new_spool()
    os.mkdir(os.path.join(half, "new"))
    equal((run(TO, spool=half).status, len(files(half))), (0, 1),
          "a missing tmp alone is made")
    defers("1001 recipients at once",
           ["--"] + ["r%d@x" % i for i in range(1001)])


def test_users():
    if not IS_ROOT:
        skip("a spool that may not be written", "not root")
        return
    be_nobody = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY),
                 "--clear-groups", "--", program]
    spool = new_spool()
    os.chmod(spool, 0o755)
    defers("a spool that may not be written", command=be_nobody, spool=spool)
    os.mkdir(os.path.join(spool, "new"))
    os.mkdir(os.path.join(spool, "tmp"), 0o700)
    defers("a tmp that may not be written", command=be_nobody, spool=spool)
    os.chmod(os.path.join(spool, "tmp"), 0o777)
    os.chmod(os.path.join(spool, "new"), 0o755)
    defers("a new that may not be written", command=be_nobody, spool=spool)
    owned = new_spool()
    os.chown(owned, NOBODY, NOBODY)
    equal(run(TO, spool=owned).status, 0, "root may deliver")
    owners = {os.stat(os.path.join(owned, p)).st_uid
              for p in ("tmp", "new", "new/" + "".join(files(owned)))}
    equal(owners, {NOBODY}, "but acts as the owner of the spool")


def in_small_disk(name, options, mail):
    """In a mount namespace of its own, so nothing stays mounted."""
    spool = new_spool()
    script = ("mount -t tmpfs -o %s tmpfs %s || exit 99; %s -s %s r@x; s=$?;"
              " find %s -type f; exit $s"
              % (options, spool, program, spool, spool))
    result = run([], mail, command=["unshare", "-m", "sh", "-c", script])
    if result.status == 99:
        skip(name, "no mount")
        return
    ok(result.status == 75 and not result.broken and not result.out, name,
       result.status, result.out, result.err)


def test_full_disk():
    for name, options, mail in [
            ("a disk with less than 16 MiB counts as full", "size=8m", MAIL),
            ("a disk with few files left counts as full",
             "size=64m,nr_inodes=20", MAIL),
            ("a disk that fills up under the mail: nothing stays",
             "size=20m", b"x" * (30 * MIB))]:
        if IS_ROOT and not subprocess.run(["unshare", "-m", "true"],
                                          stderr=subprocess.DEVNULL
                                          ).returncode:
            in_small_disk(name, options, mail)
        else:
            skip(name, "no mounts of our own")


def limit(what, value):
    return lambda: resource.setrlimit(what, (value, value))


def test_limits():
    def ignore_and_limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        limit(resource.RLIMIT_FSIZE, 4096)()

    defers("RLIMIT_FSIZE: an error, not a signal", mail=b"x" * 100000,
           preexec_fn=limit(resource.RLIMIT_FSIZE, 4096))
    defers("RLIMIT_FSIZE with SIGXFSZ handed down ignored",
           mail=b"x" * 100000, preexec_fn=ignore_and_limit)
    defers("RLIMIT_FSIZE in the middle of a long mail", mail=b"x" * 5 * MIB,
           preexec_fn=limit(resource.RLIMIT_FSIZE, 2 * MIB))
    # Less, and the system could not even start a program.
    defers("RLIMIT_NOFILE: no file can be opened",
           preexec_fn=limit(resource.RLIMIT_NOFILE, 4))
    delivers("RLIMIT_CORE 0 and RLIMIT_NPROC 0 do not matter",
             preexec_fn=lambda: (limit(resource.RLIMIT_CORE, 0)(),
                                 limit(resource.RLIMIT_NPROC, 0)()))


def test_too_long():
    spool = new_spool()
    big = b"y" * MIB
    result = run(TO, [b"S: x\n\n"] + [big] * 65, spool)
    equal((result.status, result.broken), (0, False),
          "a mail over the limit is taken, and read to its end")
    lines, border, message = split(stored(spool))
    equal((len(message), message[:6]), (MESSAGE_MAX, b"S: x\n\n"),
          "it is cut: an alert that is cut is better than one that is lost")
    ok(b"(tocsin-deliver short)" in border, "and the border says so", border)
    again = new_spool()
    path = os.path.join(spool, "new", files(spool)[0])
    with open(path, "rb") as file:
        status = subprocess.run([program, "-s", again], stdin=file,
                                env=base_environment()).returncode
        file.seek(0)
        ok(status == 0 and stored(again) == file.read(),
           "a replay keeps it as it is", status)


SIGNALS = [signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM,
           signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE, signal.SIGALRM,
           signal.SIGXFSZ, signal.SIGXCPU, signal.SIGVTALRM, signal.SIGPROF,
           signal.SIGTSTP, signal.SIGIO, signal.SIGRTMIN]


def wait_until_firm(pid):
    """Until the program has blocked SIGTERM; then it reads."""
    for _ in range(100 * WAIT):
        with open("/proc/%d/status" % pid) as file:
            blocked = re.search(r"SigBlk:\s+(\w+)", file.read()).group(1)
        if int(blocked, 16) & 1 << (signal.SIGTERM - 1):
            return
        time.sleep(0.01)


def deliver_under_signals(name, signals, **options):
    spool = new_spool()
    process = subprocess.Popen([program, "-s", spool] + TO,
                               stdin=subprocess.PIPE, env=base_environment(),
                               **options)
    process.stdin.write(MAIL[:10])
    process.stdin.flush()
    wait_until_firm(process.pid)
    for number in signals:
        process.send_signal(number)
    time.sleep(0.02)
    feed(process, [MAIL[10:]])
    equal((process.wait(WAIT), split(stored(spool))[2]), (0, MAIL), name)


def test_signals():
    deliver_under_signals("every signal during the read: finished, and 0",
                          SIGNALS)
    ignored = [signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGUSR1,
               signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD]
    deliver_under_signals(
        "signals handed down ignored (Exim, Postfix): the same",
        SIGNALS, restore_signals=False,
        preexec_fn=lambda: [signal.signal(s, signal.SIG_IGN)
                            for s in ignored])
    deliver_under_signals(
        "signals handed down blocked: the same", SIGNALS,
        preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS))

    spool = new_spool()
    process = subprocess.Popen([program, "-s", spool] + TO,
                               stdin=subprocess.PIPE, env=base_environment())
    process.stdin.write(MAIL)
    process.stdin.flush()
    wait_until_firm(process.pid)
    process.kill()
    process.wait()
    feed(process, [])
    equal(files(spool), [], "killed during the read: nothing arrives in new")


def test_usage():
    for name, arguments in [
            ("an unknown option", ["-x"]),
            ("an unknown long option", ["--bogus", "r@x"]),
            ("-f without its argument", ["-f"]),
            ("an empty spool", ["-s", "", "r@x"]),
            ("--help", ["--help"]),
            ("--version", ["--version"])]:
        result = run(arguments, MAIL * 10000)
        ok(result.status == 75 and not result.broken and not result.out and
           len(result.err.splitlines()) == 1,
           "%s with mail on standard input: 75, the mail stays" % name,
           result.status, result.err, result.out)
    for arguments in (["--help"], ["--version"]):
        result = run(arguments, b"")
        ok(result.status == 0 and result.out and not result.err,
           "%s without mail: printed, 0" % arguments[0], result.status)
    silent, end = os.pipe()
    equal(subprocess.run([program, "--version"], stdin=silent,
                         stdout=subprocess.DEVNULL, timeout=WAIT,
                         env=base_environment()).returncode, 0,
          "--version does not wait for a pipe that stays silent")
    os.close(end)


def at_terminal(arguments):
    master, slave = os.openpty()
    process = subprocess.Popen([program] + arguments, stdin=slave,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=base_environment())
    os.close(slave)
    out, err = process.communicate(timeout=WAIT)
    os.close(master)
    return process.returncode, out, err


def test_terminal():
    for arguments in (["-x"], ["-f"], []):
        status, out, err = at_terminal(arguments)
        ok(status == 64 and not out and b"--help" in err,
           "wrong usage %s at a terminal: 64" % arguments, status, out, err)
    status, out, err = at_terminal(["--help"])
    ok(status == 0 and out.startswith(b"usage: tocsin-deliver") and not err,
       "--help at a terminal: 0", status, err)
    with open("man/tocsin-deliver.8") as file:
        page = file.read()
    for option in re.findall(r"^  (-\S+)", out.decode(), re.M):
        ok(".It Fl " + option[1:].replace("--", "Fl -") in page,
           "the manual has the option %s" % option)
    ok(at_terminal(["--version"])[1].startswith(b"tocsin-deliver "),
       "--version says the version")


def test_replay():
    spool, again = new_spool(), new_spool()
    run(["-f", "s@x", "--", "a@x", "b@x"], MAIL, spool)
    path = os.path.join(spool, "new", files(spool)[0])
    with open(path, "rb") as file:
        status = subprocess.run([program, "-s", again], stdin=file,
                                env=base_environment(SENDER="t@x")).returncode
    equal((status, stored(again)), (0, stored(spool)),
          "a file of the inbox on standard input is stored again as it is")
    other = new_spool()
    content = stored(spool)
    run(["-f", "t@x", "--", "c@x"], content, other)
    lines, _, message = split(stored(other))
    equal((lines, message), (envelope(b"t@x", b"c@x"), content),
          "with arguments it is a message like any other")
    for name, mail in [("a plain mail", MAIL), ("nothing", b""),
                       ("half a block", content[:60])]:
        defers("%s without an envelope is no file to replay" % name, [], mail)


def test_order():
    names = ["the file is synced, then moved, then the directory is synced",
             "an ordinary mail is one write", "no child is started"]
    if not shutil.which("strace"):
        for name in names:
            skip(name, "no strace")
        return
    spool, trace = new_spool(), os.path.join(work, "trace")
    run(TO, spool=spool)                # tmp and new exist
    command = ["strace", "-f", "-y", "-o", trace, "-e",
               "trace=openat,write,fsync,close,renameat,unlink,%process",
               program]
    result = run(TO, spool=spool, command=command)
    with open(trace) as file:
        lines = [line for line in file if spool in line or "fork" in line
                 or "clone" in line]
    steps = [re.match(r"\d+\s+(\w+)\((?:\d+<%s/(\w+))?" % re.escape(spool),
                      line).groups() for line in lines if "exec" not in line]
    want = [("openat", None), ("openat", None), ("write", "tmp"),
            ("fsync", "tmp"), ("close", "tmp"), ("renameat", None),
            ("fsync", "new"), ("close", "new")]
    if result.status != 0:
        for name in names:
            skip(name, "strace does not work here")
        return
    equal([s for s in steps if s[0] != "write"],
          [s for s in want if s[0] != "write"], names[0])
    equal(steps.count(("write", "tmp")), 1, names[1])
    ok(not [s for s in steps if s[0] in ("fork", "vfork", "clone", "clone3")],
       names[2], steps)


def test_crowd():
    spool = new_spool()
    crowd = [subprocess.Popen([program, "-s", spool] + TO,
                              stdin=subprocess.PIPE, env=base_environment())
             for _ in range(20)]
    for process in crowd:
        feed(process, [MAIL])
    equal({process.wait(WAIT) for process in crowd}, {0},
          "twenty deliveries at once into a spool without tmp and new")
    equal((len(files(spool)), files(spool, "tmp")), (20, []),
          "make twenty files")


def test_complaints():
    bad = [c for c in complaints
           if not re.fullmatch(rb"[A-Za-z][ -~]{1,197}\n", c)
           or re.search(rb"\A\d\.\d+\.\d+", c)]
    equal(bad, [], "each of %d complaints was one short line that begins "
          "with a letter" % len(complaints))


def main():
    tests = [value for name, value in globals().items()
             if name.startswith("test_") and name != "test_complaints"]
    try:
        for test in tests + [test_complaints]:
            test()
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print("1..%d" % count)
    return 1 if failures else 0


sys.exit(main())
