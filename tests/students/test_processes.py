"""One training in one process and in two: the same batches, the same losses.

Of all weights, and of adapters.
"""

import json
import os
import subprocess
import sys

import pytest

from socratic_utils.files import project_root
from socratic_utils.students.base_models import load_pretrained
from socratic_utils.students.training.trainer import ByLength, blank, share_of_step

TRAIN = """
import sys
from socratic_utils.benchmarks import load_problems
from socratic_utils.config import Training
from socratic_utils.problems import gold_chain
from socratic_utils.students import train_student
from socratic_utils.students.supervision import SUPERVISIONS

pairs = [(p, gold_chain(p)) for p in load_problems("gradeschool", "train", 78)]
training = Training(epochs=1.0, batch_size=4, learning_rate=1e-3)
for name, how in (("gt_steps", training), ("answer_only", training.with_lora(8))):
    train_student(sys.argv[2], pairs, SUPERVISIONS[name], how, sys.argv[1])
"""


@pytest.mark.parametrize(("batch", "processes", "share"),
                         [(4, 1, 4), (32, 1, 32), (32, 4, 8), (7, 1, 7)])  # fmt: skip
def test_processes_share_an_optimizer_step(batch, processes, share):
    assert share_of_step(batch, processes) == share


@pytest.mark.parametrize(("batch", "processes"), [(4, 3), (2, 4)])
def test_a_batch_that_cannot_be_divided_is_refused(batch, processes):
    with pytest.raises(ValueError, match=f"batch of {batch} cannot be divided among"):
        share_of_step(batch, processes)


def test_the_order_follows_from_seed_and_epoch_alone():
    examples = [{"input_ids": [0] * n, "labels": [0] * n}
                for n in (i % 7 + 1 for i in range(40))]  # fmt: skip
    one, other = ByLength(examples, 4, seed=3), ByLength(examples, 4, seed=3)
    first = list(one)
    assert first == list(other) and sorted(first) == list(range(40))
    one.set_epoch(1)
    assert list(one) != first
    one.set_epoch(0)
    assert list(one) == first
    assert list(ByLength(examples, 4, seed=4)) != first
    filled = ByLength([*examples, blank(examples[0])], 4, seed=3)
    assert list(filled) == [*first, 40] and len(filled) == 41


def test_batches_have_similar_lengths_and_no_order():
    lengths = [5 * i % 42 + 1 for i in range(42)]  # 1 to 42
    examples = [{"input_ids": [0] * n, "labels": [0] * n} for n in lengths]
    order = [lengths[i] for i in ByLength(examples, 4, seed=0)]
    *batches, last = (order[i : i + 4] for i in range(0, 42, 4))
    assert len(last) == 2 and sorted(order) == sorted(lengths)
    assert max(max(batch) - min(batch) for batch in batches) <= 5
    firsts = [batch[0] for batch in batches]
    assert firsts not in (sorted(firsts), sorted(firsts, reverse=True))


def losses(folder, processes, name):
    [path] = folder.glob(f"{name}-*/training.json")
    record = json.loads(path.read_text("utf-8"))
    assert record["processes"] == processes
    return [row["loss"] for row in record["losses"]]


def test_twenty_steps_in_one_process_and_in_two(tmp_path):
    model, tokenizer = load_pretrained("tiny")
    for name in ("resid_pdrop", "embd_pdrop", "attn_pdrop"):
        setattr(model.config, name, 0.0)  # every process draws its own
    model.save_pretrained(tmp_path / "base")
    tokenizer.save_pretrained(tmp_path / "base")
    script = tmp_path / "train.py"
    script.write_text(TRAIN, "utf-8")
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
        "PYTHONPATH": str(project_root()),
    }
    alone = [sys.executable]
    # Its --cpu knows one process only; what it starts for GPUs finds no GPU here.
    both = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu",
            "--num_machines", "1", "--num_processes", "2", "--mixed_precision", "no",
            "--dynamo_backend", "no", "--main_process_port", "0"]  # fmt: skip
    for name, command in {"one": alone, "two": both}.items():
        done = subprocess.run(
            [*command, str(script), str(tmp_path / name), str(tmp_path / "base")],
            env=environment, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        # Two trainings, whatever the number of processes.
        assert done.stdout.count(": 20 steps in ") == 2
    # The second: LoRA, whose higher learning rate makes more of rounding.
    for name, error in (("gt_steps", 1e-4), ("answer_only", 1e-3)):
        one, two = losses(tmp_path / "one", 1, name), losses(tmp_path / "two", 2, name)
        assert len(one) == 10  # a line for every second step
        assert one[0] > one[-1]  # it did learn
        assert two == pytest.approx(one, rel=error)
