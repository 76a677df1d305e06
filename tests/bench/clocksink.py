#!/usr/bin/env python3
"""An SMTP server that says when it answered each mail with 250.

    clocksink.py PORT

One line on standard output for each mail: nanoseconds of the monotonic clock,
and its Subject.
"""
import asyncio
import email.header
import re
import sys
import time

SUBJECT = re.compile(rb'^Subject: ([^\r]*(?:\r\n[ \t][^\r]*)*)', re.M)


def subject_of(mail):
    found = SUBJECT.search(mail)
    text = found.group(1).decode('ascii', 'replace') if found else ''
    return ' '.join(str(email.header.make_header(
        email.header.decode_header(text))).split())


async def serve(reader, writer):
    async def say(text):
        writer.write(text + b'\r\n')
        await writer.drain()

    await say(b'220 sink')
    while line := await reader.readline():
        word = line[:4].upper()
        if word == b'EHLO':
            await say(b'250-sink\r\n250-PIPELINING\r\n250 8BITMIME')
        elif word == b'DATA':
            await say(b'354 go on')
            mail = await reader.readuntil(b'\r\n.\r\n')
            await say(b'250 taken')
            sys.stdout.write('%d %s\n' % (time.monotonic_ns(),
                                          subject_of(mail)))
            sys.stdout.flush()
        elif word == b'QUIT':
            await say(b'221 bye')
            break
        else:
            await say(b'250 so be it')
    writer.close()


async def main(port):
    server = await asyncio.start_server(serve, '127.0.0.1', port,
                                        limit=1 << 24)
    async with server:
        await server.serve_forever()


asyncio.run(main(int(sys.argv[1])))
