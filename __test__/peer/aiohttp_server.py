"""A server on Python's `aiohttp`; what it does and says is said in ws_server.js."""

import asyncio
import sys

from aiohttp import WSMsgType, web


async def handle(request):
    # Without autoping the pongs are told.
    ws = web.WebSocketResponse(max_msg_size=2**27, autoping=False)
    await ws.prepare(request)
    async for message in ws:
        if message.type == WSMsgType.PING:
            await ws.pong(message.data)
        elif message.type == WSMsgType.PONG:
            await ws.send_str("pong")
        elif message.type == WSMsgType.BINARY:
            await ws.send_bytes(message.data)
        else:
            await answer(ws, message.data)
    return ws


async def answer(ws, text):
    command, _, rest = text.partition(" ")
    if command == "close":
        code, _, reason = rest.partition(" ")
        await ws.close(code=int(code), message=reason.encode())
    elif command == "ping":
        await ws.ping()
    else:
        await ws.send_str(text)


async def main():
    app = web.Application()
    app.add_routes([web.get("/", handle)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, shutdown_timeout=1)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


asyncio.run(main())
