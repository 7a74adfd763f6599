"""A server on Python's `websockets`: echoes each message, and does what a message asks for.

Prints its port, ends with its standard input. Messages that ask: `close CODE REASON`, `cut`, `ping`,
`fragments COUNT` (one message in so many pieces), `subprotocol`.
"""

import asyncio
import contextlib
import sys

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed


async def handle(connection):
    with contextlib.suppress(ConnectionClosed):
        await answer(connection)


async def answer(connection):
    async for message in connection:
        command, _, rest = message.partition(" ") if isinstance(message, str) else ("", "", "")
        if command == "close":
            code, _, reason = rest.partition(" ")
            await connection.close(int(code), reason)
        elif command == "cut":
            connection.transport.abort()
        elif command == "ping":
            latency = await (await connection.ping())
            await connection.send("pong" if latency >= 0 else "")
        elif command == "fragments":
            await connection.send(f"{piece} " for piece in range(int(rest)))
        elif command == "subprotocol":
            await connection.send(connection.subprotocol or "")
        else:
            await connection.send(message)


def choose(_connection, offered):
    return "chat" if "chat" in offered else None


async def main():
    settings = {"select_subprotocol": choose, "max_size": 2**26, "ping_interval": None}
    async with serve(handle, "127.0.0.1", 0, **settings) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
