#!/usr/bin/env python3
"""An alert written by an enemy: its text reaches a subject, a page, JSON, the
log and a terminal, and none of them obeys it."""
import html
import html.parser
import json
import os
import re
import sys

sys.path.insert(0, 'tests/lib')
from relay import Relay, mail, ok, same, done           # noqa: E402
from smtp_server import SmtpServer                      # noqa: E402
from stage import faults_of_log                         # noqa: E402
from cloud import (Cloud, alert as cloud_alert,         # noqa: E402
                   answer as cloud_answer)

CONTOSO = 'contoso@relay.mssp.example'
# Times what an ordinary mail costs: for one that was made to cost much.
EFFORT_MOST = 200
ESC = '\x1b]0;owned\x07\x1b[2J\x9b31m'
FORGED = '\nevent=forged code=1 " event=forged code=2'
TURN = '\u202e\u2066'
TITLE = ('Evil</td><script>alert(1)</script>' + ESC + TURN +
         '\r\nBcc: everybody@evil.example\r\n{{words}} '
         '"\'><img src=x onerror=y>' + FORGED)
DEVICE = '../../etc/`id`' + ESC + '{{{raw}}}<b>'
COMMANDS = re.compile('[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f'
                      '\u2028-\u202e\u2066-\u2069\ufffd]')


def evil_mail(**fields):
    """As Microsoft writes such a title: escaped, whatever it is."""
    write = [html.escape(text).replace('\r', '&#13;').replace('\n', '&#10;')
             for text in (TITLE, DEVICE)]
    return mail(title=write[0], device=write[1], **fields)


def harmless(name, text):
    found = COMMANDS.search(text.replace('\r\n', '\n'))
    ok(not found, name, found and ascii(text[max(0, found.start() - 60):
                                             found.end() + 20]))


def log_is_honest(relay, name):
    text = relay.read_log()
    harmless(name + ' has nothing of the kind', text)
    # What is wrong with the rules is shown as `tocsin check` shows it.
    text = re.sub(r'(?m)^(/.*: (error|warning): .*| +\d* \| .*)\n', '', text)
    same(faults_of_log(text), [], name + ' is one readable line an event')
    ok(not re.search('^event=forged', text, re.M),
       name + ' has no event of somebody else', text)


class Page(html.parser.HTMLParser):
    """What a browser makes of it: elements, and where links lead."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.links, self.handlers = set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.links += [v for n, v in attributes if n in ('href', 'src')]
        self.handlers += [n for n, v in attributes if n.startswith('on')]


with Relay() as relay:
    evil = evil_mail()
    relay.start()
    relay.deliver(evil, CONTOSO, sender='x' + ESC + '@y')
    sent = relay.outbox(3)
    same(len(sent), 3, 'a hostile alert is told like any other')
    for message in sent:
        to = message['Delivered-To']
        same(sorted(message.keys()), sorted(set(message.keys())),
             to + ': no header is there twice')
        same(message['Bcc'], None, to + ': none came from the title')
        harmless(to + ': the subject obeys nobody', message['Subject'])
        harmless(to + ': nor the text',
                 message.get_body(('plain',)).get_content())
        page = message.get_body(('html',)).get_content()
        harmless(to + ': nor the page', page)
        page = Page(page)
        same((page.tags & {'script', 'img', 'b', 'iframe', 'form'},
              page.handlers), (set(), []), to + ': no element of its own')
        same([l for l in page.links if not l.startswith(
              'https://security.microsoft.com/')], [],
             to + ': every link leads to the portal')
    code = sent[0]['X-Tocsin-Code']

    # A name that is a link: whoever can name a device could otherwise have
    # every alert about it held, for speaking of two tenants.
    path = relay.path('link.eml')
    with open(path, 'wb') as file:
        file.write(mail(title='https://security.microsoft.com/alerts/da1_1?'
                        'tid=00000000-1111-2222-3333-444444444444'))
    status, out, err = relay.command('explain', '--to', CONTOSO, path)
    ok('decision: notify by high' in out, 'a link in a title changes nothing',
       out, err)

    # Mails that are small and cost much: the others wait for each.
    usual = relay.effort('explain', '--to', CONTOSO, path)[-1]
    for what, text in [
            ('a value that is found at every octet',
             'a' * 60000 + '\n' + ('Title: %s\n' % ('a' * 40)) * 4900),
            ('a thousand descriptions', '\n'.join(
                'Description: %s%d' % ('x' * 300, i) for i in range(5000))),
            ('ten thousand devices', '\n'.join(
                'Device: d%d.x.example, e%d.x.example' % (i, i)
                for i in range(5000))),
            ('links in links', ('https://x.safelinks.protection.outlook.com/'
                                '?url=' * 40 + '\n') * 300)]:
        with open(path, 'wb') as file:
            file.write(b'From: defender-noreply@microsoft.com\nSubject: '
                       b'Microsoft 365 Defender has detected a security '
                       b'threat\n\n' + text.encode())
        status, out, err, effort = relay.effort('explain', '--to', CONTOSO,
                                                path)
        print('# the effort of %.0f ordinary ones' % (effort / usual))
        ok(status == 0 and effort < EFFORT_MOST * usual,
           '%s: decided soon' % what, effort, usual, err)

    # A mail that is held, from a customer nobody knows.
    relay.deliver(evil_mail(id='2', tenant='00000000-1111-2222-3333-'
                            '444444444444'), CONTOSO,
                  sender='x' + ESC + '@y')
    relay.wait_rows([(1,)], 'select count(*) from held')
    held, = relay.rows('select i.code from held h join item i '
                       'on i.id = h.item')[0]
    harmless('the notice of a held mail obeys nobody', '\n'.join(
        m.get_body(('plain',)).get_content() for m in relay.outbox(4)))

    # A file in the spool with a name of its author's choice.
    name = relay.path('spool', 'new', '1' + ESC + 'evil')
    os.mkdir(name)
    relay.wait_log('event=trouble')
    path = relay.path('evil' + ESC + '.eml')
    with open(path, 'wb') as file:
        file.write(evil)
    relay.write('customers/evil' + ESC + '.rules', 'customer {\n')

    for words in ['why', code], ['held'], ['held', 'show', held], \
            ['queue', '--all'], ['explain', path], \
            ['explain', '--render', path], ['explain', '--json', path], \
            ['explain', name], ['check'], ['why', ESC], ['queue', 'show', ESC]:
        broken = words[0] in ('check',)
        if not broken:
            os.rename(relay.path('customers', 'evil' + ESC + '.rules'),
                      relay.path('aside'))
        status, out, err = relay.command(*words)
        if not broken:
            os.rename(relay.path('aside'),
                      relay.path('customers', 'evil' + ESC + '.rules'))
        harmless('`tocsin %s` prints nothing that a terminal obeys' %
                 ascii(' '.join(words[:2]))[1:20], out + err)
        if words[0] == 'check':
            ok('evil' in err and status == 1, 'and does print it', err)
        if '--json' in words:
            alert = json.loads(out)['alert']
            ok('\x1b' not in alert['title'] and '<script>' in alert['title'],
               'JSON says what the title was', alert['title'])
    os.rmdir(name)
    log_is_honest(relay, 'the log')
    ok('forged' in relay.read_log(), 'and does say what was tried',
       relay.read_log())

# A server that answers with more than words.
with SmtpServer(faults={'rcpt ana@mssp.example': '550 5.1.1 no\x1b[2J\x9b '
                        'user "\u202e event=forged code=3'}) as server:
    with Relay(relay='relay r { smtp 127.0.0.1:%d tls none }' %
               server.port) as relay:
        relay.start()
        relay.deliver(mail(), CONTOSO)
        relay.wait_rows([(1,)], "select count(*) from delivery "
                        "where state = 'failed'")
        log_is_honest(relay, "the log with a server's reply")
        for words in ['queue'], ['queue', 'show', '%d' % relay.rows(
                "select id from delivery where state = 'failed'")[0]]:
            status, out, err = relay.command(*words)
            ok('no' in out and not status, 'it is shown', out, err)
            harmless('and harmless in `%s`' % ' '.join(words), out + err)
        relay.wait_rows([(3,)], "select count(*) from delivery "
                        "where state = 'sent'")
        told = [m for m in server.mails if b'Subject: Not delivered ['
                in m.content]
        ok(told, 'the catch-all is told of it')


# ---- who writes rules, and who answers for an API ----

FOUL = ESC + TURN + FORGED
MILD = '\x9b31m' + TURN          # what a file may hold
RULES = """
customer contoso "Contoso FOUL" {
    tenant       72f988bf-86f1-41af-91ab-2d7cd011db47
                 poll graph using reader every 1h
    mailbox      contoso@relay.mssp.example
    organization "Contoso FOUL GmbH"
    recipients   @mssp.example
    rule noise "for FOUL"
        when title contains "FOUL"
        drop owner ana reason "because FOUL" always
    rule high when severity at least high notify primary using urgent
    otherwise notify soc-desk
}
test "a test of FOUL" {
    given alert { customer contoso  severity low  title "x FOUL" }
    expect notify ana@mssp.example by high
}
"""
# A mistake on a line with more.
BROKEN = """customer other "FOUL" { sevrity "FOUL" } # FOUL
person "FOUL" { mail "FOUL"  language "FOUL"  timezone "FOUL" }
"FOUL" FOUL
"""


def foul(text):
    return text.replace('FOUL', FOUL)


def print_nothing(relay, *commands):
    """Of each command, what it printed."""
    for words in commands:
        status, out, err = relay.command(*words)
        harmless('`tocsin %s` obeys no configuration and no API' %
                 ascii(' '.join(words[:2]))[1:20], out + err)
        yield out + err


with Relay() as relay, Cloud(relay.folder) as cloud:
    with open(relay.conf, 'a') as file:
        file.write('include "app.rules"\n')
    relay.write('app.rules', cloud.app())
    relay.write('customers/contoso.rules', foul(RULES))
    list(print_nothing(relay, ['check'], ['check', '--json'], ['test']))
    relay.write('customers/contoso.rules', RULES.replace('FOUL', MILD))
    os.environ['SUDO_USER'] = 'root' + FOUL
    tenant = cloud.tenant('72f988bf-86f1-41af-91ab-2d7cd011db47')
    alert = dict(title='Evil' + FOUL, category=FOUL, status=FOUL,
                 serviceSource=FOUL, device='d' + FOUL,
                 alertWebUrl='https://security.microsoft.com/' + FOUL)
    tenant.add(cloud_alert('a' + FOUL, **alert))
    texts = list(print_nothing(
        relay, ['check'], ['check', '--json'], ['test'], ['test', '--cover'],
        ['show', 'contoso'], ['customers'],
        ['poll', '--dry-run', '--since', '2020-01-01T00:00:00Z', 'contoso'],
        ['poll', '--once', '--since', '2020-01-01T00:00:00Z', 'contoso'],
        ['customers', 'contoso'], ['onboard', 'contoso'],
        ['show', FOUL], ['poll', FOUL], ['onboard', FOUL],
        ['customers', FOUL], ['test', FOUL], [FOUL], ['-' + FOUL],
        ['check', '-' + FOUL]))
    for index, word in (2, 'a test of'), (4, 'because'), (6, 'Evil'):
        ok(word in texts[index], 'and prints the rest of it', texts[index])
    code, = relay.rows('select code from item')[0]
    list(print_nothing(relay, ['why', code]))

    for answer_of in (cloud_answer(401, {'error': FOUL, 'error_description':
                                         'AADSTS7000222: ' + FOUL}),
                      cloud_answer(500, raw=FOUL.encode())):
        tenant.token_script.append(answer_of)
        cloud.tokens.clear()
        list(print_nothing(relay, ['poll', '--once', 'contoso'],
                           ['customers', 'contoso']))
    for answer_of in (cloud_answer(403, {'error': {'code': FOUL,
                                                   'message': FOUL}}),
                      cloud_answer(400, raw=FOUL.encode()),
                      cloud_answer(200, {'value': FOUL}),
                      cloud_answer(429, headers={'Retry-After': 'x\x1b[2J'})):
        tenant.script.append(answer_of)
        list(print_nothing(relay, ['poll', '--once', 'contoso'],
                           ['customers', 'contoso']))

    # A person's own words, which others read.
    relay.start()
    relay.deliver(mail(tenant='00000000-1111-2222-3333-444444444444'), CONTOSO)
    relay.wait_rows([(1,)], 'select count(*) from held')
    code, = relay.rows('select code from held join item on id = item')[0]
    list(print_nothing(relay, ['held', 'release', code, '--customer',
                               'contoso' + FOUL],
                       ['held', 'release', code, '--note', FOUL]))
    relay.wait_rows([], "select 1 from held where state <> 'done'")
    relay.write('customers/other.rules', foul(BROKEN))
    relay.daemon.send_signal(1)
    relay.wait_log('event=kept')
    relay.stop()
    list(print_nothing(relay, ['why', code], ['held'],
                       ['queue', '--all'], ['check'], ['check', '--json']))
    log_is_honest(relay, 'the log with rules and an API')

done()
