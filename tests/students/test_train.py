"""Training: the loss, the mask, resuming after a kill, nothing trained twice."""

import shutil
from dataclasses import replace
from functools import partial

import pytest
import torch
from transformers import TrainerCallback

from socratic_utils.benchmarks import load_problems
from socratic_utils.config import Training
from socratic_utils.files import content_hash
from socratic_utils.problems import gold_chain
from socratic_utils.students.base_models import load_pretrained, tiny
from socratic_utils.students.supervision import SUPERVISIONS
from socratic_utils.students.training import hardware, trainer
from socratic_utils.students.training import train as students
from socratic_utils.students.training.train import (
    load_student,
    make_examples,
    train_student,
    training_record,
)
from socratic_utils.students.training.trainer import collate, masked_loss
from socratic_utils.students.transcript import IGNORED, tokenize
from tests.helpers.killed import Killed, kill_once

PAIRS = [(p, gold_chain(p)) for p in load_problems("gradeschool", "train", 8)]
TRAINING = Training(epochs=2, batch_size=4, learning_rate=1e-3)
UNIFIED = SUPERVISIONS["socratic_unified"]


def batch():
    model, tokenizer = tiny()
    model.eval()  # no dropout: losses are to be compared
    examples, _ = make_examples(PAIRS[:4], tokenizer, UNIFIED, 512)
    return model, collate(tokenizer)(examples)


def test_masked_loss_equals_the_models_own_loss():
    model, inputs = batch()
    loss, logits = masked_loss(model, **inputs)
    assert torch.isclose(loss, model(**inputs).loss, rtol=1e-5)
    assert len(logits) == int((inputs["labels"] != IGNORED).sum())


def test_the_problem_is_read_but_not_learnt():
    """Logits for the trained tokens only, and none of them belongs to the problem."""
    model, inputs = batch()
    first_trained = int((inputs["labels"][0] != IGNORED).nonzero()[0])
    text = tiny()[1].decode(inputs["input_ids"][0, :first_trained])
    assert text == f"Problem: {PAIRS[0][0].text}\n"
    loss = masked_loss(model, **inputs)[0]
    changed = {**inputs, "input_ids": inputs["input_ids"].clone()}
    changed["input_ids"][:, 1] = 7  # read: another problem, another loss
    assert masked_loss(model, **changed)[0] != loss


def test_bf16_autocast_reaches_the_loss(tmp_path, monkeypatch):
    seen = []
    plain = trainer.masked_loss

    def spy(*args, **kwargs):
        loss, logits = plain(*args, **kwargs)
        seen.append(logits.dtype)
        return loss, logits

    monkeypatch.setattr(trainer, "masked_loss", spy)
    monkeypatch.setattr(students, "autocast", lambda: "bfloat16")
    train_student("tiny", PAIRS[:4], UNIFIED, Training(batch_size=4), tmp_path)
    assert set(seen) == {torch.bfloat16}


def test_no_forward_is_patched_by_us():
    """The loss is a module around the model, whose own forward still gives logits."""
    model, inputs = batch()
    (loss,) = trainer.MaskedLoss(model)(**inputs)
    assert torch.isclose(loss, model(**inputs).loss, rtol=1e-5)
    assert "forward" not in vars(model)


def test_an_incomplete_checkpoint_is_ignored(tmp_path):
    for step, whole in ((10, True), (20, False)):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        if whole:
            (folder / "trainer_state.json").write_text("{}")
    assert students.last_checkpoint(tmp_path) == str(tmp_path / "checkpoint-10")
    assert students.last_checkpoint(tmp_path / "none") is None


def test_padding_does_not_change_the_loss():
    model, inputs = batch()
    padded = {
        "input_ids": torch.nn.functional.pad(inputs["input_ids"], (0, 7)),
        "attention_mask": torch.nn.functional.pad(inputs["attention_mask"], (0, 7)),
        "labels": torch.nn.functional.pad(inputs["labels"], (0, 7), value=IGNORED),
    }
    assert torch.isclose(
        masked_loss(model, **inputs)[0], masked_loss(model, **padded)[0]
    )


def test_too_long_transcripts_are_dropped_and_counted():
    _, tokenizer = tiny()
    lengths = [len(tokenize(tokenizer, *pair, UNIFIED)["input_ids"]) for pair in PAIRS]
    examples, left_out = make_examples(PAIRS, tokenizer, UNIFIED, max(lengths) - 1)
    assert left_out == lengths.count(max(lengths)) and len(examples) + left_out == 8


def test_a_trained_student_is_saved_reloaded_and_not_trained_again(tmp_path):
    folder = train_student("tiny", PAIRS, UNIFIED, TRAINING, tmp_path)
    record = training_record(folder)
    assert record["problems"] == 8 and record["losses"][-1]["loss"] > 0
    assert record["made_from"]["autocast"] in ("none", "bfloat16")
    assert folder.name == f"socratic_unified-{content_hash(record['made_from'])}"
    assert not (folder / "checkpoints").exists()
    written = (folder / "model.safetensors").stat().st_mtime_ns
    assert train_student("tiny", PAIRS, UNIFIED, TRAINING, tmp_path) == folder
    assert (folder / "model.safetensors").stat().st_mtime_ns == written
    model, tokenizer = load_student(folder)
    assert not model.training and tokenizer.eos_token == "<end>"


def test_clipping_and_epsilon_reach_the_optimizer(tmp_path):
    seen = {}

    class Look(TrainerCallback):
        def on_step_end(self, args, state, control, optimizer=None, **kwargs):
            seen["clip"] = args.max_grad_norm
            seen["eps"] = optimizer.param_groups[0]["eps"]

    for training, wanted in (
        (Training(epochs=1, batch_size=8), {"clip": 1.0, "eps": 1e-8}),
        (
            Training(epochs=1, batch_size=8, max_grad_norm=0.5, adam_epsilon=1e-5),
            {"clip": 0.5, "eps": 1e-5},
        ),
    ):
        train_student("tiny", PAIRS, UNIFIED, training, tmp_path, callbacks=[Look()])
        assert seen == wanted


@pytest.mark.parametrize(
    "batch, epochs, minutes, resumes_at",
    [(4, 12, 5, 12),  # 24 steps, a checkpoint at the half
     (1, 3, 5, 12),  # which may be inside an epoch
     (1, 3, 1e-9, 14)],  # and one whenever its time has come: here after each step
)  # fmt: skip
def test_a_killed_training_resumes_and_ends_like_an_unbroken_one(
    tmp_path, monkeypatch, batch, epochs, minutes, resumes_at
):
    training = replace(TRAINING, epochs=epochs, batch_size=batch)
    whole = train_student("tiny", PAIRS, UNIFIED, training, tmp_path / "whole")
    monkeypatch.setattr(students, "SAVE_MINUTES", minutes)
    seen = kill_once(monkeypatch, 15)
    with pytest.raises(Killed):
        train_student("tiny", PAIRS, UNIFIED, training, tmp_path / "cut")
    resumed = train_student("tiny", PAIRS, UNIFIED, training, tmp_path / "cut")
    assert seen[15] == resumes_at, "it started again from nothing"
    left, right = (load_student(f)[0].state_dict() for f in (whole, resumed))
    for key in left:
        assert torch.allclose(left[key], right[key], atol=1e-5), key


def test_the_loss_falls_and_the_end_mark_is_learnt(tmp_path):
    """Overfit two problems: the student must write the answer and then stop."""
    from socratic_utils.config import Decoding
    from socratic_utils.students.decoding.incremental import IncrementalDecoder
    from socratic_utils.students.decoding.loop import solve

    training = Training(epochs=150, batch_size=2, learning_rate=5e-3)
    folder = train_student(
        "tiny", PAIRS[:2], SUPERVISIONS["answer_only"], training, tmp_path
    )
    decoder = IncrementalDecoder(*load_student(folder))
    solutions = solve([p for p, _ in PAIRS[:2]], decoder, decoding=Decoding())
    assert [s.output for s in solutions] == [
        f"The answer is {p.answer}." for p, _ in PAIRS[:2]
    ]
    assert not any(s.truncated for s in solutions)


def test_a_missing_chain_or_model_is_named_in_one_sentence(tmp_path):
    with pytest.raises(ValueError, match="no chain to learn from"):
        train_student("tiny", [], UNIFIED, TRAINING, tmp_path)
    with pytest.raises(FileNotFoundError, match="cannot be downloaded"):
        load_pretrained(str(tmp_path / "nothing-here"))


def test_bf16_is_chosen_by_measurement_once_per_machine(monkeypatch, tmp_path):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for fast, slow, expected in [
        (1.0, 2.0, True),
        (2.0, 1.0, False),
        (1.0, 1.0, False),
    ]:
        monkeypatch.setenv("SOCRATIC_OUTPUTS", str(tmp_path / f"{fast}-{slow}"))
        seconds = {torch.bfloat16: fast, torch.float32: slow}
        measured = partial(lambda of, kind, _: of[kind], seconds)
        monkeypatch.setattr(hardware, "_matmul_seconds", measured)
        for _ in range(2):  # the second process does not measure
            hardware.bf16_is_faster.cache_clear()
            assert (hardware.autocast() == "bfloat16") is expected
            seconds[torch.bfloat16], seconds[torch.float32] = slow, fast
    hardware.bf16_is_faster.cache_clear()


def test_a_half_made_student_is_trained_again(tmp_path):
    folder = train_student("tiny", PAIRS, UNIFIED, TRAINING, tmp_path)
    (folder / "training.json").unlink()
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    assert train_student("tiny", PAIRS, UNIFIED, TRAINING, tmp_path) == folder
    assert (folder / "training.json").exists()


def test_test_problems_are_never_trained_on(tmp_path):
    held_out = load_problems("gradeschool", "test", 2)
    pairs = [(p, gold_chain(p)) for p in held_out]
    with pytest.raises(ValueError, match="problems of test are for scoring"):
        train_student("tiny", pairs, UNIFIED, TRAINING, tmp_path)
