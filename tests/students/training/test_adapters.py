"""LoRA: what is trained and saved, and that a merged student is the trained one."""

import shutil
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from socratic_utils import config
from socratic_utils.benchmarks import load_problems
from socratic_utils.config import Decoding, Training
from socratic_utils.experiments.socratic_cot import ablations
from socratic_utils.experiments.trainings import trainings_of
from socratic_utils.problems import gold_chain
from socratic_utils.runner import cli, jobs
from socratic_utils.runner.plan import gpu
from socratic_utils.students.base_models import SIZES, load_pretrained, tiny
from socratic_utils.students.decoding import vllm
from socratic_utils.students.decoding.incremental import IncrementalDecoder
from socratic_utils.students.decoding.loop import solve
from socratic_utils.students.supervision import SUPERVISIONS
from socratic_utils.students.training import adapters, hardware, memory, train
from socratic_utils.students.training.train import (
    load_student,
    train_student,
    training_record,
)
from socratic_utils.students.training.trainer import KeepModels, collate, masked_loss
from tests.helpers.architectures import EXAMPLES, PROBLEMS, TOKENIZER, tiny_model
from tests.helpers.completion_server import serve
from tests.helpers.killed import Killed, kill_once
from tests.students.training.test_devices import model_of, saved_bytes

PAIRS = [(p, gold_chain(p)) for p in PROBLEMS]
UNIFIED, RANK = SUPERVISIONS["socratic_unified"], 4
FULL = Training(epochs=2, batch_size=4, learning_rate=1e-3)
LORA = FULL.with_lora(RANK)
KINDS = ("gpt2", "opt", "llama", "qwen2")


@pytest.fixture
def base(tmp_path):
    """`base(kind)`: the folder of a tiny random model without dropout."""

    def save(kind):
        model, folder = tiny_model(kind), tmp_path / kind
        for name in ("resid_pdrop", "embd_pdrop", "attn_pdrop", "dropout"):
            if hasattr(model.config, name):
                setattr(model.config, name, 0.0)
        for whole in (model, TOKENIZER):
            whole.save_pretrained(folder)
        return str(folder)

    return save


@torch.no_grad()
def logits(model):
    ids = torch.tensor([EXAMPLES[0]["input_ids"]])
    return model(input_ids=ids, use_cache=False).logits


def with_adapters(name, folder):
    """A base with the adapters of a student's folder beside its weights."""
    model, _ = load_pretrained(name)
    adapters.add_adapters(model, name, RANK, seed=0)
    assert torch.equal(logits(model.eval()), logits(load_pretrained(name)[0].eval()))
    adapters.load_adapters(model, folder)
    return model.eval()


# --- what is trained, saved and merged ----------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_merged_student_has_the_logits_of_its_adapters(kind, base, tmp_path):
    name = base(kind)
    folder = train_student(name, PAIRS, UNIFIED, LORA, tmp_path)
    model, tokenizer = load_student(folder)
    before, _ = load_pretrained(name)
    torch.testing.assert_close(
        logits(model), logits(with_adapters(name, folder)), rtol=1e-4, atol=1e-4
    )
    assert (logits(model) - logits(before.eval())).abs().max() > 0.01
    weights, changed = dict(before.named_parameters()), {}
    for key, weight in model.named_parameters():
        difference = (weight - weights.pop(key)).detach()
        if difference.any():
            changed[key] = int(torch.linalg.matrix_rank(difference, rtol=1e-3))
    assert not weights and set(changed.values()) == {RANK}
    head = before.get_output_embeddings()
    linear = [name for name, m in before.named_modules() if m is not head
              and type(m).__name__ in ("Linear", "Conv1D")]  # fmt: skip
    assert sorted(changed) == sorted(f"{name}.weight" for name in linear)
    assert len(linear) == 2 * {"gpt2": 4, "opt": 6, "llama": 7, "qwen2": 7}[kind]
    assert tokenizer.eos_token == "<end>"


def test_a_students_folder_has_its_adapters_only(tmp_path):
    folder = train_student("tiny", PAIRS, UNIFIED, LORA, tmp_path)
    assert {path.name for path in folder.iterdir()} == {
        "adapter_config.json", "adapter_model.safetensors", "generation_config.json",
        "tokenizer.json", "tokenizer_config.json", "training.json",
    }  # fmt: skip
    saved = load_file(folder / "adapter_model.safetensors")
    record, whole = training_record(folder), tiny()[0].num_parameters()
    assert sum(t.numel() for t in saved.values()) == record["trained_parameters"]
    assert record["trained_parameters"] == 2 * 16 * 48 * RANK < whole / 10
    full = train_student("tiny", PAIRS, UNIFIED, FULL, tmp_path)
    assert training_record(full)["trained_parameters"] == whole
    assert record["steps"] == training_record(full)["steps"] == 4
    assert train_student("tiny", PAIRS, UNIFIED, LORA, tmp_path) == folder


def test_a_student_with_adapters_is_decoded_served_and_kept_like_others(tmp_path):
    keep = [KeepModels(2, tmp_path / "kept")]
    folder = train_student("tiny", PAIRS, UNIFIED, LORA, tmp_path, callbacks=keep)
    model, tokenizer = load_student(folder)
    given = {"decoding": Decoding(max_tokens=24)}
    wanted = solve(PROBLEMS[:2], IncrementalDecoder(model, tokenizer), **given)
    whole = tmp_path / "merged" / folder.name
    for part in (model, tokenizer):
        part.save_pretrained(whole)
    with serve([whole]) as (url, _):
        served = solve(PROBLEMS[:2], *vllm.served_decoders([folder], url), **given)
    assert [s.output for s in served] == [s.output for s in wanted]
    kept = sorted((tmp_path / "kept").iterdir())
    assert [path.name for path in kept] == ["step-00002", "step-00004"]
    for path in kept:
        shutil.copy(folder / "training.json", path.parent)
    early, last = (load_student(path)[0] for path in kept)
    assert torch.equal(logits(last), logits(model))
    assert not torch.equal(logits(early), logits(model))


def test_the_loss_falls_and_other_answers_are_learnt(tmp_path):
    """Overfit two problems, and then, with adapters, each with the other's answer."""
    folder, training = "tiny", Training(epochs=100, batch_size=2, learning_rate=5e-3)
    (one, own), (two, other) = PAIRS[:2]
    for pairs, rank in ((PAIRS[:2], 0), ([(one, other), (two, own)], 8)):
        how = SUPERVISIONS["answer_only"], replace(training, lora_rank=rank)
        folder = train_student(str(folder), pairs, *how, tmp_path)
        losses = [row["loss"] for row in training_record(folder)["losses"]]
        assert losses[-1] < 0.1 * losses[0]
        solutions = solve([one, two], IncrementalDecoder(*load_student(folder)))
        wanted = [f"The answer is {chain.answer}." for _, chain in pairs]
        assert [s.output for s in solutions] == wanted


def test_a_killed_training_of_adapters_resumes(tmp_path, monkeypatch):
    training = replace(LORA, epochs=12)  # 24 steps, a checkpoint at 12
    whole = train_student("tiny", PAIRS, UNIFIED, training, tmp_path / "whole")
    steps = kill_once(monkeypatch, 15)
    with pytest.raises(Killed):
        train_student("tiny", PAIRS, UNIFIED, training, tmp_path / "cut")
    [saved] = (tmp_path / "cut").glob("*/checkpoints/*/adapter_model.safetensors")
    assert not saved.with_name("model.safetensors").exists()
    resumed = train_student("tiny", PAIRS, UNIFIED, training, tmp_path / "cut")
    assert steps[15] == 12, "it started again from nothing"
    left, right = (load_file(f / saved.name) for f in (whole, resumed))
    torch.testing.assert_close(left, right, rtol=0, atol=1e-5)


@pytest.mark.parametrize("rank", [-1, 48, 64])
def test_a_rank_that_saves_nothing_is_refused(rank, tmp_path):
    with pytest.raises(ValueError, match=f"above 0 and below 48, .* not {rank}$"):
        train_student("tiny", PAIRS, UNIFIED, replace(FULL, lora_rank=rank), tmp_path)


def test_it_is_refused_before_anything_is_asked_or_trained(settings, capsys):
    assert cli.main(["smoke", "--lora-rank", "48"]) == 2
    said = capsys.readouterr().err
    assert "lora_rank must be above 0 and below 48" in said and said.count("\n") == 1


def test_adapters_need_the_base_that_they_were_trained_on(base, tmp_path):
    name = base("llama")
    folder = train_student(name, PAIRS, UNIFIED, LORA, tmp_path)
    kept = shutil.copytree(name, tmp_path / "kept")
    changed, _ = load_pretrained(name)
    changed.lm_head.weight.data += 1
    changed.save_pretrained(name)
    for found in ("files ", name):  # another one, and none
        sentence = f"of {folder.name} need its base .* not {found}.*: restore it"
        with pytest.raises(ValueError, match=sentence) as error:
            load_student(folder)
        assert "\n" not in str(error.value)
        shutil.rmtree(name, ignore_errors=True)
    shutil.copytree(kept, name)
    load_student(folder)


# --- precision and memory -----------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_frozen_matrices_in_half_precision_change_nothing_under_autocast(kind, base):
    """Autocast would round them; embeddings, norms and the head stay in float32."""
    name, found = base(kind), []
    batch = collate(TOKENIZER)(EXAMPLES[:2])
    for half in ("none", "bfloat16"):
        model, _ = load_pretrained(name)
        adapters.add_adapters(model, name, RANK, 0, half)
        trained = [p for p in model.parameters() if p.requires_grad]
        for weights in trained[1::2]:  # each B, which is 0 at first
            torch.nn.init.normal_(weights, std=0.1, generator=torch.manual_seed(1))
        with torch.autocast("cpu", torch.bfloat16):
            loss, _ = masked_loss(model.train(), **batch)
        found.append([loss, *torch.autograd.grad(loss, trained)])
        assert {p.dtype for p in trained} == {torch.float32}
    halves = [p for p in model.parameters() if p.dtype == torch.bfloat16]
    assert sum(p.dim() == 2 for p in halves) == len(trained) / 2
    assert model.get_input_embeddings().weight.dtype == torch.float32
    torch.testing.assert_close(*found, rtol=0, atol=0)


def test_training_with_less_memory_trains_the_same_adapters(
    base, tmp_path, monkeypatch
):
    name, found = base("llama"), []
    monkeypatch.setattr(train, "autocast", lambda: "none")
    training = replace(LORA, adam_epsilon=1e-4)
    for free in (1e12, 0):  # gradient checkpointing, one sequence at once
        monkeypatch.setattr(train, "free_memory", lambda free=free: free)
        folder = train_student(name, PAIRS, UNIFIED, training, tmp_path / str(free))
        assert training_record(folder)["rows_at_once"] == (4 if free else 1)
        found.append(load_file(folder / "adapter_model.safetensors"))
    torch.testing.assert_close(*found, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("kind", ["gpt2", "opt", "llama"])
def test_adapters_take_the_memory_that_is_counted(kind):
    def per_row(layers):
        model = model_of(kind, layers)
        adapters.add_adapters(model, kind, 16, 0, "bfloat16")
        return (saved_bytes(model, 3) - saved_bytes(model, 1)) / 2

    found = (per_row(3) - per_row(1)) / 2 / 192 / 256  # per layer, unit and token
    assert 0.75 * memory.SAVED[kind] < found < 1.02 * memory.SAVED[kind]
    model = model_of(kind, 2)
    adapters.add_adapters(model, kind, 16, 0)
    count = model.num_parameters(only_trainable=True)
    assert count / 2 / 192 / 16 == pytest.approx(memory.ADAPTED, rel=0.12)


def test_a_student_of_3_b_fits_a_small_gpu_by_its_adapters():
    student = SIZES["Llama-3.2-3B"]
    need = (student, 400, 300, 32, 16e9)
    assert not memory.training_fit(*need).fits
    fit = memory.training_fit(*need, rank=16)
    # 2 bytes of 3,213 M parameters, 4 of 128,256 * 3072 embedded units, 18 of the 24.8
    # M of 28 layers' adapters; 57 * 28 * 3072 * 400 and 10 * 128,256 * 300 per row.
    assert fit.fits and not fit.checkpointing and fit.rows == 2
    assert fit.needed == pytest.approx(8.448e9 + 2 * 2.346e9, rel=1e-3)
    assert memory.training_fit(*need[:4], 1e15, False, 16).needed == pytest.approx(
        4 * 3213e6 + 16 * 24.8e6 + 32 * (1.5 * 1.961e9 + 0.3848e9), rel=1e-3
    )


def test_frozen_weights_take_less_time():
    model, _ = tiny()
    minutes = hardware.expected_minutes(model, 1e9)
    adapters.add_adapters(model, "tiny", 1, 0)
    assert hardware.expected_minutes(model, 1e9) < 0.9 * minutes
    hours = [gpu.training_hours(1e9, 1e9, "A100 40 GB", rank) for rank in (0, 16)]
    assert hours[1] == pytest.approx(hours[0] * 4 / 6)


# --- settings, plans and the ablation -----------------------------------------------


def test_adapters_have_a_higher_learning_rate_unless_one_is_given():
    scale, own = config.load("small").training, config.load("small", lora_rank=16)
    assert own.training == scale.with_lora(16) and own.name == "small-lora16"
    assert own.training.learning_rate == 10 * scale.learning_rate
    given = config.load("small", lora_rank=16, learning_rate=3e-4)
    assert given.training.learning_rate == 3e-4
    scotd = config.load("paper", dataset="commonsense_qa", lora_rank=8)
    assert scotd.training.learning_rate == 2e-4
    for wrong in (-1, 1.5, "16"):
        with pytest.raises(ValueError, match="lora_rank must be"):
            config.load("small", lora_rank=wrong)


def test_without_adapters_every_hash_is_what_it_was():
    assert "lora_rank" not in Training().meaning()
    assert Training(lora_rank=8).meaning()["lora_rank"] == 8
    one = config.load("small")
    assert config.load("small", lora_rank=0) == one
    assert one.hash != config.load("small", lora_rank=8, learning_rate=1e-4).hash
    made_from = train.ingredients("tiny", PAIRS, UNIFIED, FULL, 0)
    assert "lora_rank" not in made_from["training"]


def test_the_ablation_trains_adapters_for_as_many_steps(settings):
    arm, *others = [arm for arm in ablations.arms(settings) if arm.lora_rank]
    assert not others and arm.default == "gt_steps" and arm.slow
    [own] = trainings_of(settings, arm)
    [full] = trainings_of(settings, ablations.main_arm(arm.default))
    (pairs, recipe), (others, usual) = own.pairs_and_recipe, full.pairs_and_recipe
    assert pairs == others and recipe == usual.with_lora(arm.lora_rank)
    assert own.name != full.name
    found = {jobs.name_of(job): job for job in jobs.jobs_of({"scale": "smoke"})}
    assert found["gt_steps_lora"].name == own.name
    records = [training_record(job.run()) for job in (own, full)]
    assert records[0]["steps"] == records[1]["steps"]
    ran = config.load("smoke", lora_rank=8)  # where it would be its own default
    assert not any(arm.lora_rank for arm in ablations.arms(ran))


def test_a_dry_run_knows_adapters(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv(config.OUTPUTS_VARIABLE, str(tmp_path))
    words = ["--dataset", "gradeschool", "--teacher", "Qwen2.5-Coder-1.5B-Instruct",
             "--student", "meta-llama/Llama-3.2-3B", "--train-limit", "40"]  # fmt: skip
    assert cli.main(["paper", "--dry-run", *words]) == 0
    full = capsys.readouterr().out
    assert "lora_rank = 0" in full and full.count("of rank 16") == 1  # the ablation
    assert cli.main(["paper", "--dry-run", *words, "--lora-rank", "16"]) == 0
    said = capsys.readouterr().out
    assert "lora_rank = 16" in said and "learning_rate = 0.0005" in said
    assert "train cot, LoRA of rank 16" in said and "paper-gradeschool" in said

    def card(text):
        return next(line for line in text.splitlines() if "T4 16 GB" in line)

    assert "too large" in card(full) and "of 32 at once" in card(said)
    rows = [{row["what"]: row for row in gpu.gpu_plan(config.load("paper", **given))}
            for given in ({"train_limit": 40}, {"train_limit": 40, "lora_rank": 8})
            for given in ({"dataset": "gradeschool", **given},)]  # fmt: skip
    whole, own = rows[0]["train gt_steps"], rows[1]["train gt_steps, LoRA of rank 8"]
    assert own["gigabytes"] < whole["gigabytes"]
    assert own["A100 40 GB"] == pytest.approx(whole["A100 40 GB"] * 4 / 6)


def test_test_problems_are_never_trained_on(tmp_path):
    pairs = [(p, gold_chain(p)) for p in load_problems("gradeschool", "test", 2)]
    with pytest.raises(ValueError, match="problems of test are for scoring"):
        train_student("tiny", pairs, UNIFIED, LORA, tmp_path)
