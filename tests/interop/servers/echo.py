"""The server of Python's `websockets`, with a part for each path. `echo.mjs` has the same parts.

Called with a certificate, its key, and a CA of clients. It listens on ports of the system's choice, says
on a line which they are, that of `ws`, that of `wss` and that of `wss` for clients with a certificate,
and ends with its standard input.
"""

import asyncio
import http
import logging
import os
import ssl
import sys
import urllib.parse

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

MAX_MESSAGE = 16 * 1024 * 1024
SUBPROTOCOLS = ["chat.v2", "chat.v1"]

# What each connection that has an id came to, once it has ended.
outcomes: dict[str, asyncio.Future[str]] = {}


def outcome(id: str) -> asyncio.Future[str]:
    return outcomes.setdefault(id, asyncio.get_running_loop().create_future())


async def echo(ws, query):
    async for message in ws:
        await ws.send(message)


async def fragments(ws, query):
    async for message in ws:

        async def pieces():
            half = len(message) // 2
            yield message[:half]
            await ws.ping(b"between")
            yield message[half:]

        await ws.send(pieces())


async def ping(ws, query):
    ponged = await ws.ping(b"are you there?")
    await ponged
    await ws.send("ponged")


async def headers(ws, query):
    lines = sorted(f"{name.lower()}: {value}" for name, value in ws.request.headers.raw_items())
    await ws.send("\n".join(lines))


async def big(ws, query):
    await ws.send(b"x" * int(query["size"]))


async def close(ws, query):
    if "code" in query:
        await ws.close(int(query["code"]), query.get("reason", ""))
    else:
        async with ws.send_context():
            ws.protocol.send_close()


async def cut(ws, query):
    ws.transport.abort()


async def seen(ws, query):
    await ws.send(await outcome(query["of"]))


PARTS = {part.__name__: part for part in [echo, fragments, ping, headers, big, close, cut, seen]}


def read(path):
    uri = urllib.parse.urlsplit(path)
    return uri.path.strip("/"), dict(urllib.parse.parse_qsl(uri.query))


async def serve_one(ws):
    path, query = read(ws.request.path)
    try:
        await PARTS[path](ws, query)
    except ConnectionClosed:
        pass
    await ws.wait_closed()
    if "id" in query:
        outcome(query["id"]).set_result(f"{ws.close_code} {ws.close_reason}".strip())


def refuse(connection, request):
    if read(request.path)[0] == "refuse":
        response = connection.respond(http.HTTPStatus.UNAUTHORIZED, "who are you?")
        response.headers["WWW-Authenticate"] = "Bearer"
        return response


def choose(connection, offered):
    return next((name for name in SUBPROTOCOLS if name in offered), None)


async def main():
    logging.getLogger("websockets").addHandler(logging.NullHandler())
    logging.getLogger("websockets").propagate = False
    tls, mutual = (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for _ in range(2))
    for context in [tls, mutual]:
        context.load_cert_chain(sys.argv[1], sys.argv[2])
    mutual.verify_mode = ssl.CERT_REQUIRED
    mutual.load_verify_locations(sys.argv[3])
    common = dict(max_size=MAX_MESSAGE, process_request=refuse, select_subprotocol=choose)
    contexts = [None, tls, mutual]
    servers = [await serve(serve_one, "127.0.0.1", 0, ssl=one, **common) for one in contexts]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
    # Nobody is there who would wait for a close.
    os._exit(0)


asyncio.run(main())
