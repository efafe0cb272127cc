"""The teacher client against a plain `openai` client in a thread pool.  By hand:

    python tests/speed/teacher.py [--requests 2000] [--latency 0.05] [--at-once 64]

One run, one server (a process of its own, so that it does not share our lock): replies
a second from both, and of the ideal rate, ours with every reply on disk; then the
replay of what is cached, real chains from the package's recording, with the memory that
20,000 of them take.
"""

import argparse
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
from quick_server import serve
from socratic_utils.teacher.transport import Transport

from socratic_utils.problems import Problem, read_rows
from socratic_utils.teacher.teacher import Teacher, shipped_recordings


def problems(count: int) -> list[Problem]:
    return [
        Problem(f"toy-train-{i:05d}", "toy", "train", f"Story{i:05d}. How many?", "48")
        for i in range(count)
    ]


def plain(url: str, bodies: list[dict], at_once: int) -> float:
    """Seconds of the peer: `openai` in a thread pool, nothing kept."""
    import openai

    client = openai.OpenAI(api_key="none", base_url=url)
    client.chat.completions.create(**bodies[0])
    start = time.perf_counter()
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(lambda body: client.chat.completions.create(**body), bodies))
    return time.perf_counter() - start


PEERS = 2000  # requests of the peer


def start_server(latency: float) -> tuple[multiprocessing.Process, str]:
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(latency, theirs))
    server.start()
    return server, ours.recv()


def alone(url: str, latency: float) -> float:
    """Seconds of one request with nothing beside it, the mean over two seconds."""
    transport = Transport(url, {"Content-Type": "application/json"}, 10.0)
    transport.post("/chat/completions", {})
    count = max(1, round(2 / latency))
    start = time.perf_counter()
    for _ in range(count):
        transport.post("/chat/completions", {})
    return (time.perf_counter() - start) / count


def memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--latency", type=float, default=0.05)
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
        part = bodies[:PEERS]  # it is slow, and its rate does not depend on it
        peer = len(part) / plain(url, part, options.at_once)
        teacher.sample(asked[:1], "cot")
        jobs = [teacher._job(problem, "cot", 0.0, [0]) for problem in asked[1:]]
        start = time.perf_counter()
        teacher._ask(jobs, "teacher")
        rate = options.requests / (time.perf_counter() - start)
        print(
            f"ideal {ideal:.0f} replies/s; openai in a pool {peer:.0f}; ours "
            f"{rate:.0f}, {rate / peer:.2f}x the pool, {rate / ideal:.1%} of ideal"
        )
    server.terminate()
    with tempfile.TemporaryDirectory() as folder:
        # The cache filled without a server: recorded chains under other problems.
        rows = [row for path in shipped_recordings() for _, row in read_rows(path)]
        rows = [row for row in rows if row["style"] == "cot"]
        teacher = Teacher("toy", None, folder, recorded=())
        many = problems(options.cached)
        jobs = [teacher._job(problem, "cot", 0.0, [0]) for problem in many]
        teacher.store.add(
            {**rows[i % len(rows)], "model": "toy", "key": job.keys[0],
             "problem_id": job.problem_id}
            for i, job in enumerate(jobs)
        )  # fmt: skip
        print(f"{len(rows)} recorded chains, in turn")
        before = memory_mb()
        for name in ("parsed for the first time", "replayed"):
            again = Teacher("toy", None, folder, recorded=())
            start = time.perf_counter()
            chains = again.sample(many, "cot")
            rate = len(chains) / (time.perf_counter() - start)
            print(
                f"{name}: {rate:.0f} chains/s; {len(chains)} chains took "
                f"{memory_mb() - before:.0f} MB more, {memory_mb():.0f} MB in all"
            )
            del chains, again


if __name__ == "__main__":
    main()
