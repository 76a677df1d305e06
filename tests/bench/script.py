#!/usr/bin/env python3
"""The script that somebody writes in an hour: the mail on standard input goes
into the Maildir of the first rule that it meets.

    script.py RULES BOXES subject|body

RULES is JSON: for each rule the pieces that the subject or the body has, the
start of the device's name, and the name of the Maildir.
"""
import email
import email.policy
import json
import mailbox
import sys

with open(sys.argv[1], encoding='utf-8') as file:
    rules = json.load(file)
raw = sys.stdin.buffer.read()
mail = email.message_from_bytes(raw, policy=email.policy.default)
body = mail.get_body(('plain', 'html')).get_content()
where = str(mail['Subject']) if sys.argv[3] == 'subject' else body
box = 'otherwise'
for pieces, start, name in rules:
    if all(piece in where for piece in pieces) and start in body:
        box = name
        break
mailbox.Maildir(sys.argv[2] + '/' + box).add(raw)
