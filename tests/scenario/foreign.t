#!/usr/bin/env python3
"""Nobody outside a customer's recipients gets its data: also when that was
allowed a moment ago, and when a person releases a mail for the wrong one."""
import email
import signal
import sys

sys.path.insert(0, 'tests/lib')
from relay import Relay, mail, ok, same, done           # noqa: E402
from smtp_server import SmtpServer                      # noqa: E402

CONTOSO = 'contoso@relay.mssp.example'
NARROW = '''
customer contoso "Contoso GmbH" {
    tenant        72f988bf-86f1-41af-91ab-2d7cd011db47
    mailbox       contoso@relay.mssp.example
    recipients    archive@mssp.example
    otherwise notify archive
}
customer fabrikam "Fabrikam" {
    mailbox       fabrikam@relay.mssp.example
    recipients    bob@mssp.example
    otherwise notify bob
}
'''


def told(server):
    return sorted(r for m in server.mails for r in m.recipients)


with SmtpServer(faults={'rcpt ana@mssp.example': ['450 4.2.0 later'],
                        'rcpt bob@mssp.example': ['450 4.2.0 later']}
                ) as server:
    with Relay(relay='relay r { smtp 127.0.0.1:%d tls none }' %
               server.port) as relay:
        relay.start()
        relay.deliver(mail(), CONTOSO)
        relay.wait_log('event=retry', 2)
        same(told(server), ['archive@mssp.example'],
             'two of three cannot be told now')

        relay.write('customers/contoso.rules', NARROW)
        relay.daemon.send_signal(signal.SIGHUP)
        relay.wait_log('event=reloaded')
        relay.command('queue', 'retry', *[str(row[0]) for row in relay.rows(
            "select id from delivery where state = 'retry'")])
        relay.wait_log('event=refused', 2)
        relay.wait_rows([('failed', 2), ('sent', 3)], 'select state, count(*) '
                        'from delivery group by state order by state')
        same(told(server), ['archive@mssp.example', 'soc@mssp.example',
                            'soc@mssp.example'],
             'meanwhile they are no recipients any more: they are not told, '
             'and the catch-all is, once for each')
        notice = [email.message_from_bytes(m.content).as_string()
                  for m in server.mails
                  if m.recipients == ['soc@mssp.example']][0]
        ok('Not delivered' in notice and 'Malware' in notice,
           'which may know of every alert, and reads which one it is', notice)
        status, out, err = relay.command('queue')
        ok('do not allow' in out, 'and queue says why', out, err)

        # A mail of one customer in the mailbox of the other.
        server.mails.clear()
        relay.deliver(mail(id='2'), 'fabrikam@relay.mssp.example')
        relay.wait_rows([(1,)], "select count(*) from held")
        code, = relay.rows('select i.code from held h join item i '
                           'on i.id = h.item')[0]
        relay.wait_rows([(4,)], "select count(*) from delivery "
                        "where state = 'sent'")
        same(told(server), ['soc@mssp.example'],
             'a mail of two customers is told to the catch-all alone')
        relay.command('held', 'release', code)
        relay.wait_rows([(5,)], "select count(*) from delivery "
                        "where state = 'sent'")
        same(told(server), ['soc@mssp.example', 'soc@mssp.example'],
             'released for nobody, it stays with the catch-all')

        server.mails.clear()
        relay.deliver(mail(id='3'), 'fabrikam@relay.mssp.example')
        relay.wait_rows([(1,)], "select count(*) from held "
                        "where state = 'held'")
        code, = relay.rows("select i.code from held h join item i "
                           "on i.id = h.item where h.state = 'held'")[0]
        relay.command('held', 'release', code, '--customer', 'contoso')
        relay.wait_rows([(7,)], "select count(*) from delivery "
                        "where state = 'sent'")
        same(told(server), ['archive@mssp.example', 'soc@mssp.example'],
             "released for one of them, it goes to that one's recipients only")

done()
