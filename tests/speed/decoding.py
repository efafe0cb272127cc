"""What the growing cache is worth against `transformers.DynamicCache`.  By hand:

    python tests/speed/decoding.py [--student SmolLM2-135M-Instruct] [--rows 100]

Both read the same prompts and write the same number of tokens, in turns, in one run;
the ratio is of the best of three.
"""

import argparse
import time

import torch
from transformers import DynamicCache

from socratic_utils.benchmarks import load_problems
from socratic_utils.students.base_models import load_pretrained
from socratic_utils.students.decoding import incremental
from socratic_utils.students.decoding.incremental import IncrementalDecoder
from socratic_utils.students.decoding.kv_cache import growing_cache
from socratic_utils.students.transcript import prompt_ids

CACHES = {
    "DynamicCache": lambda config: DynamicCache(config=config),
    "growing_cache": growing_cache,
}


def seconds(make_cache, model, tokenizer, prompts, tokens: int) -> float:
    """Time to decode `tokens` tokens in every row, without reading the prompts."""
    incremental.growing_cache = make_cache
    writer = IncrementalDecoder(model, tokenizer)
    writer.stops = writer.stops[:0]  # no row stops early
    writer.start(prompts)
    writer.write(1)
    start = time.perf_counter()
    writer.write(tokens)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--student", default="SmolLM2-135M-Instruct")
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--tokens", type=int, default=24)
    options = parser.parse_args()
    model, tokenizer = load_pretrained(options.student)
    model = model.to(torch.float32).eval()
    problems = load_problems("gradeschool", "test", options.rows)
    prompts = [prompt_ids(tokenizer, problem) for problem in problems]
    best = dict.fromkeys(CACHES, float("inf"))
    for _ in range(3):
        for name, make in CACHES.items():
            spent = seconds(make, model, tokenizer, prompts, options.tokens)
            best[name] = min(best[name], spent)
    for name, spent in best.items():
        rate = options.rows * options.tokens / spent
        print(f"{name}: {rate:.0f} tokens/s, {spent / best['growing_cache']:.2f}x")


if __name__ == "__main__":
    main()
