"""One HTTP or WebSocket client of Python against a provider: prints one line of JSON."""
import asyncio, json, os, ssl, sys

client, prompt = sys.argv[1:3]
URL = "https://api.openai.com/v1/chat/completions"
BODY = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": prompt}]}
CONTEXT = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])


def say(status, text, version=None):
    print(json.dumps({"status": status, "text": text, "version": version}))


def answer(body):
    value = json.loads(body)
    return value["error"]["message"] if "error" in value else value["choices"][0]["message"]["content"]


def with_httpx(http2):
    import httpx

    with httpx.Client(http2=http2, verify=CONTEXT, timeout=15) as session:
        response = session.post(URL, json=BODY)
        say(response.status_code, answer(response.text), response.http_version)


def with_requests():
    import requests

    # Without a length: the body goes in chunks.
    pieces = iter([json.dumps(BODY).encode()[:10], json.dumps(BODY).encode()[10:]])
    response = requests.post(URL, data=pieces, headers={"content-type": "application/json"}, timeout=15)
    say(response.status_code, answer(response.text))


async def with_aiohttp():
    import aiohttp

    async with aiohttp.ClientSession(trust_env=True) as session:
        async with session.post(URL, json=BODY, ssl=CONTEXT, compress="deflate", expect100=True) as response:
            say(response.status, answer(await response.text()))


async def with_aiohttp_websocket():
    import aiohttp

    async with aiohttp.ClientSession(trust_env=True) as session:
        async with session.ws_connect("wss://api.openai.com/v1/responses", ssl=CONTEXT) as socket:
            await socket.send_json({"type": "response.create", "model": "gpt-4o-mini", "input": prompt})
            async for message in socket:
                event = message.json()
                if event["type"] == "error":
                    return say(event["status"], event["error"]["message"])
                if event["type"] == "response.completed":
                    return say(200, event["response"]["output"][0]["content"][0]["text"])


async def with_websockets():
    import websockets

    async with websockets.connect("wss://api.openai.com/v1/responses", ssl=CONTEXT) as socket:
        await socket.send(json.dumps({"type": "response.create", "model": "gpt-4o-mini", "input": prompt}))
        async for message in socket:
            event = json.loads(message)
            if event["type"] == "error":
                return say(event["status"], event["error"]["message"])
            if event["type"] == "response.completed":
                return say(200, event["response"]["output"][0]["content"][0]["text"])


{
    "httpx": lambda: with_httpx(False),
    "httpx-h2": lambda: with_httpx(True),
    "requests": with_requests,
    "aiohttp": lambda: asyncio.run(with_aiohttp()),
    "aiohttp-ws": lambda: asyncio.run(with_aiohttp_websocket()),
    "websockets": lambda: asyncio.run(with_websockets()),
}[client]()
