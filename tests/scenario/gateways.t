#!/usr/bin/env python3
"""What mail gateways make of links is read with any formats file, also one that
was written before there was a word for it; the operator's own word goes
first."""
import json
import os
import re
import sys
import urllib.parse

sys.path.insert(0, 'tests/lib')
from relay import MAIN, Relay, mail, same, done   # noqa: E402

TENANT = '72f988bf-86f1-41af-91ab-2d7cd011db47'
LINK = 'https://security.microsoft.com/incident2/4711/overview?tid=' + TENANT
QUOTED = urllib.parse.quote(LINK, safe='')
SEVERAL = {
    'Safe Links': 'https://eur01.safelinks.protection.outlook.com/?url=' +
                  QUOTED,
    'Proofpoint': 'https://urldefense.com/v3/__%s__;!!AB12!cd34$' % LINK,
    'Barracuda': 'https://linkprotect.cudasvc.com/url?a=%s&c=E,1' % QUOTED,
    'Cisco': 'https://secure-web.cisco.com/1x2y/' + QUOTED,
}
MIMECAST = 'https://protect-eu.mimecast.com/s/abc'


def old_formats():
    """The shipped ones, as of before the gateways."""
    with open('rules/formats.rules', encoding='utf-8') as file:
        text = file.read()
    text = text[:text.index('# ---', text.index('portal.azure.com/#@'))]
    assert not re.search(r'^(unwrap|decode|opaque)', text, re.M)
    return text


def read(relay, link):
    """Tenant and incident that a mail with that link is about."""
    message = mail().replace(LINK.encode(), link.encode())
    assert link.encode() in message
    with open(relay.path('mail.eml'), 'wb') as file:
        file.write(message)
    status, out, err = relay.command(
        'explain', '--json', '--to', 'contoso@relay.mssp.example',
        relay.path('mail.eml'))
    alert = json.loads(out.splitlines()[0])['alert']
    return alert.get('tenant'), alert.get('incident')


with Relay(main=MAIN.replace('%(top)s/rules/', '')) as relay:
    relay.write('formats.rules', old_formats())
    for name, link in SEVERAL.items():
        same(read(relay, link), (TENANT, '4711'),
             name + ': the link is read with formats that do not know it')
    same(read(relay, MIMECAST), (None, None), 'Mimecast: nobody can tell')
    relay.write('formats.rules', old_formats() +
                '\nopaque "linkprotect.cudasvc.com/*"\n'
                'unwrap "*.mimecast.com/*" to\n')
    same(read(relay, SEVERAL['Barracuda']), (None, None),
         'what the configuration says of a gateway goes first')
    same(read(relay, MIMECAST + '?to=' + QUOTED), (TENANT, '4711'),
         'whatever the built-in word is')
    same(read(relay, SEVERAL['Cisco']), (TENANT, '4711'),
         'and is about that gateway alone')
    os.remove(relay.path('formats.rules'))
    relay.write('formats.rules', 'unwrap "*.mimecast.com/*" to\n')
    same(read(relay, MIMECAST + '?to=' + QUOTED), (TENANT, '4711'),
         'so it does where the formats are the built-in ones')
done()
