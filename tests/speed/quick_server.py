"""A server that waits and answers, and costs little, so that the client is measured.

The server of the test suite has one thread per connection and notes every request; at
1,000 requests per second it would need more than a core.  This one answers each request
with the same chain, `latency` seconds after it came.
"""

import asyncio
import json

from tests.helpers.teacher_server import REPLY

TOKENS = {"prompt_tokens": 300, "completion_tokens": 40, "total_tokens": 340}
BODY = json.dumps(
    {
        "id": "x", "object": "chat.completion", "created": 0, "model": "toy",
        "choices": [{"index": 0, "finish_reason": "stop", "logprobs": None,
                     "message": {"role": "assistant",
                                 "content": REPLY.format(seed=0)}}],
        "usage": TOKENS,
    }
).encode()  # fmt: skip
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
ANSWER = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY


class Answers(asyncio.Protocol):
    latency = 0.05

    def connection_made(self, transport):
        self.transport, self.data = transport, b""

    def data_received(self, data):
        self.data += data
        while True:
            head, end, rest = self.data.partition(b"\r\n\r\n")
            if not end:
                return
            size = int(head.lower().partition(b"content-length:")[2].split()[0])
            if len(rest) < size:
                return
            self.data = rest[size:]
            loop = asyncio.get_running_loop()
            loop.call_later(self.latency, self.transport.write, ANSWER)


def serve(latency, pipe):
    """Run in a process of its own; the address goes through the pipe."""
    Answers.latency = latency

    async def main():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Answers, "127.0.0.1", 0)
        pipe.send(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1")
        await server.serve_forever()

    asyncio.run(main())
