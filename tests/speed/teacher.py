"""The teacher client against plain `openai` clients.  By hand:

    python tests/speed/teacher.py [--requests 640] [--latency 1.0] [--at-once 64]

One run, one server (in a process of its own, so that it does not share our lock):
replies per second of `openai.OpenAI` in a thread pool, of `openai.AsyncOpenAI` in one
loop, and of ours, with every reply on disk, as a share of the ideal rate; then the
replay of what is cached, real chains from the package's recording, with the memory that
20,000 of them take.
"""

import argparse
import asyncio
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parents[2]))
from quick_server import serve

from socratic_utils.problems import Problem, read_rows
from socratic_utils.teacher.cache import shipped_recordings
from socratic_utils.teacher.teacher import Teacher


def problems(count: int) -> list[Problem]:
    return [
        Problem(f"toy-train-{i:05d}", "toy", "train", f"Story{i:05d}. How many?", "48")
        for i in range(count)
    ]


def threads(url: str, bodies: list[dict], at_once: int) -> float:
    """Seconds of `openai.OpenAI` in a thread pool; nothing is kept."""
    import openai

    client = openai.OpenAI(api_key="none", base_url=url)
    client.chat.completions.create(**bodies[0])
    start = time.perf_counter()
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(lambda body: client.chat.completions.create(**body), bodies))
    return time.perf_counter() - start


def loop(url: str, bodies: list[dict], at_once: int) -> float:
    """Seconds of `openai.AsyncOpenAI` in one event loop; nothing is kept."""
    import openai

    async def all_of_them() -> float:
        slots = asyncio.Semaphore(at_once)

        async def one(body: dict) -> None:
            async with slots:
                await client.chat.completions.create(**body)

        async with openai.AsyncOpenAI(api_key="none", base_url=url) as client:
            await one(bodies[0])
            start = time.perf_counter()
            await asyncio.gather(*map(one, bodies))
            return time.perf_counter() - start

    return asyncio.run(all_of_them())


def start_server(latency: float) -> tuple[multiprocessing.Process, str]:
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(latency, theirs))
    server.start()
    return server, ours.recv()


def alone(url: str, latency: float) -> float:
    """Seconds of one request with nothing beside it, the mean over two seconds."""
    where = urlsplit(url)
    connection = HTTPConnection(where.hostname, where.port)

    def post() -> None:
        connection.request("POST", "/v1/chat/completions", b"{}")
        connection.getresponse().read()

    post()
    count = max(1, round(2 / latency))
    start = time.perf_counter()
    for _ in range(count):
        post()
    return (time.perf_counter() - start) / count


def memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=640)
    parser.add_argument("--latency", type=float, default=1.0)
    parser.add_argument("--at-once", type=int, default=64)
    parser.add_argument("--cached", type=int, default=20_000)
    options = parser.parse_args()
    os.environ["OPENAI_API_KEY"] = "none"
    server, url = start_server(options.latency)
    wait, took = options.latency, alone(url, options.latency)
    # Until one request alone takes the latency that is asked for: timers come late.
    while took > 1.002 * options.latency:
        server.terminate()
        wait -= max(took - options.latency, 0.0002)
        server, url = start_server(wait)
        took = alone(url, options.latency)
    print(f"one request alone: {1000 * took:.2f} ms")
    ideal = options.at_once / took
    with tempfile.TemporaryDirectory() as folder:
        teacher = Teacher("toy", url, folder, recorded=(), concurrency=options.at_once)
        asked = problems(options.requests + 1)
        bodies = [teacher.request(p, "cot", 0.0, 0) for p in asked[1:]]
        peers = {
            peer.__name__: len(bodies) / peer(url, bodies, options.at_once)
            for peer in (threads, loop)
        }
        teacher.sample(asked[:1], "cot")
        jobs = teacher._jobs(asked[1:], "cot", 0.0, 0)
        start = time.perf_counter()
        teacher._ask(jobs, "teacher")
        rate = options.requests / (time.perf_counter() - start)
        print(f"ideal {ideal:.0f} replies/s; ours {rate:.1f}, {rate / ideal:.1%} of it")
        for name, peer in peers.items():
            print(f"openai, {name}: {peer:.1f} replies/s; ours {rate / peer:.2f}x")
    server.terminate()
    with tempfile.TemporaryDirectory() as folder:
        # The cache filled without a server: recorded chains under other problems.
        rows = [row for path in shipped_recordings() for _, row in read_rows(path)]
        rows = [row for row in rows if row["style"] == "cot"]
        teacher = Teacher("toy", None, folder, recorded=())
        many = problems(options.cached)
        jobs = teacher._jobs(many, "cot", 0.0, 0)
        teacher.store.add(
            {**rows[i % len(rows)], "model": "toy", "key": job.keys[0],
             "problem_id": job.stubs[0]["problem_id"]}
            for i, job in enumerate(jobs)
        )  # fmt: skip
        print(f"{len(rows)} recorded chains, in turn")
        before = memory_mb()
        for name in ("replayed", "replayed again"):
            again = Teacher("toy", None, folder, recorded=())
            start = time.perf_counter()
            chains = again.sample(many, "cot")
            seconds = time.perf_counter() - start
            print(
                f"{name}: {len(chains)} chains in {seconds:.1f} s, which took "
                f"{memory_mb() - before:.0f} MB more, {memory_mb():.0f} MB in all"
            )
            del chains, again


if __name__ == "__main__":
    main()
