"""The teacher client against a plain `openai` client in a thread pool.  By hand:

    python tests/speed/teacher.py [--requests 2000] [--latency 0.05] [--at-once 64]

One run, one test server (a process of its own, so that it does not share our lock):
replies a second from both, and of the ideal rate; then the replay of what is cached,
with the memory that 20,000 cached chains take.
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
from teacher_server import TeacherServer

from socratic_utils.problems import Problem
from socratic_utils.teacher import Teacher


def serve(latency: float, pipe) -> None:
    with TeacherServer(latency=latency) as server:
        pipe.send(server.url)
        pipe.recv()


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
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(options.latency, theirs))
    server.start()
    url = ours.recv()
    ideal = options.at_once / options.latency
    with tempfile.TemporaryDirectory() as folder:
        teacher = Teacher("toy", url, folder, recorded=(), concurrency=options.at_once)
        asked = problems(options.requests + 1)
        bodies = [teacher.request(p, "cot", 0.0, 0) for p in asked[1:]]
        peer = options.requests / plain(url, bodies, options.at_once)
        teacher.sample(asked[:1], "cot")
        start = time.perf_counter()
        teacher.sample(asked[1:], "cot")
        rate = options.requests / (time.perf_counter() - start)
        print(f"ideal {ideal:.0f} replies/s; openai in a pool {peer:.0f}; ours "
              f"{rate:.0f}, {rate / peer:.2f}x the pool, {rate / ideal:.0%} of ideal")
        # The cache filled without a server: the same rows under other problems.
        row = teacher.replies(asked[:1])[0]
        many = problems(options.cached)
        jobs = [teacher._job(p, "cot", 0.0, [0]) for p in many]
        teacher.store.add(
            {**row, "key": job.keys[0], "problem_id": job.problem_id} for job in jobs
        )
        before = memory_mb()
        again = Teacher("toy", None, folder, recorded=())
        start = time.perf_counter()
        chains = again.sample(many, "cot")
        rate = len(chains) / (time.perf_counter() - start)
        print(f"replay: {rate:.0f} chains/s; {len(chains)} chains took "
              f"{memory_mb() - before:.0f} MB more, {memory_mb():.0f} MB in all")
    ours.send("over")
    server.join()


if __name__ == "__main__":
    main()
