"""An OpenAI-compatible chat server for a teacher on a slow CPU.

    python tools/serve_int8.py FOLDER --name Qwen2.5-Coder-1.5B-Instruct --port 8000

`transformers serve` or vLLM do this job on a GPU.  On two old CPU cores the time goes
into matrix products and into reading the weights, so this server (1) multiplies in
dynamic int8 (`torch.ao`, per-channel weights), (2) answers waiting requests in one
batch, (3) reads the messages all requests share (instruction and exemplars) once, and
keeps their keys and values once for the whole batch, not once per request.
Chat completions only; `temperature`, `seed`, `max_tokens` and `logprobs` (of the chosen
tokens, before the temperature) are honoured, `n` is not.
"""

from __future__ import annotations

import argparse
import json
import queue
import threading
import time
from concurrent.futures import Future
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import torch
from transformers import (
    AttentionInterface,
    AttentionMaskInterface,
    AutoModelForCausalLM,
    AutoTokenizer,
    DynamicCache,
)
from transformers.masking_utils import sdpa_mask

SHARED = "shared_prefix"  # the name of `attend` in transformers
PREFIX: list[tuple] = []  # (keys, values) of each layer, [1, heads, length, size]


def attend(module, query, key, value, attention_mask, scaling, **_):
    """Attention to the shared prefix and to a row's own tokens, under one softmax.

    The queries of all rows meet the prefix in one matrix product; copying its keys to
    every row would take longer than all other products of a decoding step.
    """
    rows, heads, new, size = query.shape
    groups = key.shape[1]
    query = query.reshape(rows, groups, -1, size)  # [rows, groups, heads/groups*new]
    scores = query @ key.transpose(2, 3) * scaling
    if attention_mask is not None:
        own = attention_mask.expand(rows, heads // groups, new, -1)
        scores = scores.masked_fill(
            ~own.reshape(rows, 1, *scores.shape[2:]), -torch.inf
        )
    length = 0
    if PREFIX:
        keys, values = PREFIX[module.layer_idx]
        length = keys.shape[2]
        together = query.transpose(0, 1).reshape(groups, -1, size)
        far = (together @ keys[0].transpose(1, 2) * scaling).view(
            groups, rows, -1, length
        )
        scores = torch.cat([far.transpose(0, 1), scores], -1)
    weights = scores.softmax(-1, dtype=torch.float32).to(query.dtype)
    out = weights[..., length:] @ value
    if PREFIX:
        far = weights[..., :length].transpose(0, 1).reshape(groups, -1, length)
        out = out + (far @ values[0]).view(groups, rows, -1, size).transpose(0, 1)
    return out.reshape(rows, heads, new, size).transpose(1, 2), None


AttentionInterface.register(SHARED, attend)
AttentionMaskInterface.register(
    SHARED,
    lambda *args, **more: sdpa_mask(*args, **more | {"allow_is_causal_skip": False}),
)


class Batcher(threading.Thread):
    """Takes requests from a queue and answers those with a common prefix together."""

    def __init__(self, folder: str, batch: int, bf16: bool = False) -> None:
        super().__init__(daemon=True)
        self.tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
        dtype = torch.bfloat16 if bf16 else torch.float32
        model = AutoModelForCausalLM.from_pretrained(
            folder, dtype=dtype, attn_implementation=SHARED
        ).eval()
        config = torch.ao.quantization.per_channel_dynamic_qconfig
        self.model = (
            model
            if bf16
            else torch.ao.quantization.quantize_dynamic(
                model, {torch.nn.Linear: config}
            )
        )
        stop = model.generation_config.eos_token_id
        self.stop = torch.tensor(stop if isinstance(stop, list) else [stop])
        self.batch = batch
        self.waiting: queue.Queue = queue.Queue()
        self.prefixes: dict[str, list] = {}

    def ask(self, body: dict) -> dict:
        prefix, rest = self.split(body["messages"])  # here a bad request fails alone
        future: Future = Future()
        self.waiting.put((prefix, rest, body, future))
        return future.result()

    def run(self) -> None:
        while True:
            jobs = [self.waiting.get()]
            time.sleep(1.0)  # let the rest of a burst arrive
            while len(jobs) < self.batch and not self.waiting.empty():
                jobs.append(self.waiting.get())
            groups: dict[str, list] = {}
            for prefix, rest, body, future in jobs:
                groups.setdefault(prefix, []).append((rest, body, future))
            for prefix, group in groups.items():
                try:
                    self.answer(prefix, group)
                except Exception as error:  # the client gets it as HTTP 500
                    for _, _, future in group:
                        future.set_exception(error)

    def split(self, messages: list[dict]) -> tuple[str, str]:
        """The prompt's text, divided where the last message's content begins."""
        text = self.tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True
        )
        at = text.rindex(messages[-1]["content"])
        return text[:at], text[at:]

    def read_prefix(self, prefix: str) -> int:
        """Make a prefix the shared one; its length in tokens."""
        PREFIX.clear()
        if prefix not in self.prefixes:
            ids = self.tokenizer(prefix, return_tensors="pt").input_ids
            cache = DynamicCache(config=self.model.config)
            self.model(ids, past_key_values=cache, logits_to_keep=1)
            self.prefixes[prefix] = [(x.keys, x.values) for x in cache.layers]
        PREFIX.extend(self.prefixes[prefix])
        return PREFIX[0][0].shape[2]

    @torch.inference_mode()
    def answer(self, prefix: str, group: list) -> None:
        started = time.time()
        length, cache = self.read_prefix(prefix), DynamicCache(config=self.model.config)
        texts = [rest for rest, _, _ in group]
        batch = self.tokenizer(texts, return_tensors="pt", padding=True)
        rows = Rows(group, batch.attention_mask.sum(1) + length)
        mask = batch.attention_mask
        positions = (mask.cumsum(1) - 1).clamp(min=0) + length
        ids = batch.input_ids
        while True:
            out = self.model(
                ids, attention_mask=mask, position_ids=positions,
                past_key_values=cache, logits_to_keep=1,
            )  # fmt: skip
            ids = rows.choose(out.logits[:, -1])[:, None]
            alive = rows.record(ids[:, 0], self.stop)
            if not alive.any():
                break
            if alive.sum() < len(alive):
                cache.batch_select_indices(alive.nonzero()[:, 0])
                ids, mask = ids[alive], mask[alive]
                positions = positions[alive]
                rows.keep(alive)
            mask = torch.cat([mask, torch.ones(len(ids), 1, dtype=torch.long)], 1)
            positions = positions[:, -1:] + 1
        tokens = rows.finish(self.tokenizer)
        seconds = time.time() - started
        print(f"{len(group)} requests, {tokens / seconds:.1f} tokens/s", flush=True)


class Rows:
    """The requests of one batch: their random generators and what they have written."""

    def __init__(self, group: list, prompt_tokens: torch.Tensor) -> None:
        self.group = group
        self.prompt_tokens = prompt_tokens.tolist()
        self.written: list[list[int]] = [[] for _ in group]
        self.logprobs: list[list[float]] = [[] for _ in group]
        self.wants_logprobs = any(body.get("logprobs") for _, body, _ in group)
        self.latest: list[float] = []
        self.reasons = ["length"] * len(group)
        self.live = list(range(len(group)))
        self.generators = [
            torch.Generator().manual_seed(int(body.get("seed") or 0))
            for _, body, _ in group
        ]

    def choose(self, logits: torch.Tensor) -> torch.Tensor:
        """Greedy at temperature 0, else a draw by inverting the distribution."""
        chosen = logits.argmax(-1)
        heats = [self.group[i][1].get("temperature") or 0.0 for i in self.live]
        warm = torch.tensor([row for row, heat in enumerate(heats) if heat > 0])
        if len(warm):
            heat = torch.tensor(heats)[warm][:, None]
            sums = torch.softmax(logits[warm].float() / heat, -1).cumsum(-1)
            draws = [torch.rand(1, generator=self.generators[self.live[row]])
                     for row in warm.tolist()]  # fmt: skip
            drawn = torch.searchsorted(sums, torch.stack(draws) * sums[:, -1:])
            chosen[warm] = drawn[:, 0].clamp(max=logits.shape[-1] - 1)
        if self.wants_logprobs:
            found = torch.log_softmax(logits.float(), -1).gather(1, chosen[:, None])
            self.latest = found[:, 0].tolist()
        return chosen

    def record(self, chosen: torch.Tensor, stop: torch.Tensor) -> torch.Tensor:
        """Note each row's token; True for the rows that go on."""
        alive = []
        for row, (index, token) in enumerate(
            zip(self.live, chosen.tolist(), strict=True)
        ):
            ended = token in stop
            if ended:
                self.reasons[index] = "stop"
            else:
                self.written[index].append(token)
                self.logprobs[index] += self.latest[row : row + 1]
            limit = int(self.group[index][1].get("max_tokens") or 256)
            alive.append(not ended and len(self.written[index]) < limit)
        return torch.tensor(alive)

    def keep(self, alive: torch.Tensor) -> None:
        self.live = [i for i, go in zip(self.live, alive.tolist(), strict=True) if go]

    def finish(self, tokenizer: AutoTokenizer) -> int:
        for index, (_, body, future) in enumerate(self.group):
            text = tokenizer.decode(self.written[index], skip_special_tokens=True)
            prompt, written = self.prompt_tokens[index], len(self.written[index])
            usage = {
                "prompt_tokens": prompt,
                "completion_tokens": written,
                "total_tokens": prompt + written,
            }
            message = {"role": "assistant", "content": text}
            reason = self.reasons[index]
            choice = {"index": 0, "message": message, "finish_reason": reason}
            if body.get("logprobs"):
                pairs = zip(self.written[index], self.logprobs[index], strict=True)
                choice["logprobs"] = {
                    "content": [
                        {"token": tokenizer.decode([token]), "logprob": value,
                         "top_logprobs": []}
                        for token, value in pairs
                    ]
                }  # fmt: skip
            future.set_result({"choices": [choice], "usage": usage})
        return sum(map(len, self.written))


class Server(ThreadingHTTPServer):
    request_queue_size = 256  # a burst of requests waits instead of being refused


def handler(batcher: Batcher, name: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # 40 ms between headers and body otherwise

        def do_POST(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            try:
                body = json.loads(self.rfile.read(size))
                reply, status = batcher.ask(body), 200
                reply |= {"id": "chat", "object": "chat.completion", "model": name}
                reply["created"] = int(time.time())
            except (ValueError, KeyError) as error:
                reply, status = {"error": {"message": f"bad request: {error}"}}, 400
            except Exception as error:
                reply, status = {"error": {"message": str(error)}}, 500
            data = json.dumps(reply).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="a transformers model folder")
    parser.add_argument("--name", default="teacher")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--batch", type=int, default=48, help="requests at once")
    parser.add_argument("--bf16", action="store_true", help="instead of int8, half the "
                        "memory: for a processor with bf16 products")  # fmt: skip
    options = parser.parse_args()
    batcher = Batcher(options.folder, options.batch, options.bf16)
    batcher.start()
    server = Server(("127.0.0.1", options.port), handler(batcher, options.name))
    print(f"http://127.0.0.1:{options.port}/v1", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
