"""Students from the hub: the real client libraries, and a server of ours as the hub."""

import pytest

from tests.helpers.hub_content import gpt2, opt

GPT2, OPT = "openai-community/gpt2", "facebook/opt-125m"
LOAD = """
from socratic_utils.students.base_models import base_revision, load_pretrained
model, tokenizer = load_pretrained({!r})
total = sum(float(p.double().sum()) for p in model.parameters())
print(type(model).__name__, f"{{total:.6f}}", len(tokenizer))
print(tokenizer("Ann has 3 pens").input_ids, tokenizer.eos_token, tokenizer.pad_token)
print(model.config.pad_token_id, model.dtype, base_revision({!r}))
"""
IMPORTS = """
from transformers import AutoTokenizer, GPT2LMHeadModel, OPTForCausalLM
from socratic_utils.students import base_models
"""


def load(name):
    return LOAD.format(name, name)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    return {GPT2: gpt2(folder / "gpt2"), OPT: opt(folder / "opt")}


@pytest.fixture
def hub(hub_server, files):
    """Both models at their first commits, no faults."""
    hub_server.faults.clear()
    hub_server.commits.clear()
    for name, own in files.items():
        hub_server.add(name, own)
    hub_server.requests.clear()
    return hub_server


@pytest.mark.parametrize("name", [GPT2, OPT])
def test_a_student_of_the_hub_is_the_one_in_the_folder(
    name, hub, online, files, tmp_path
):
    for file, data in files[name].items():
        if "/" not in file:
            (tmp_path / file).write_bytes(data)
    here = online.run(load(str(tmp_path))).out.splitlines()
    found = online.run(load(name))
    assert not found.error
    there = found.out.splitlines()
    assert there[:2] == here[:2]
    commit = next(iter(hub.commits[name]))
    assert there[2].endswith(f"torch.float32 {name}@{commit}")


def test_only_what_is_read_is_downloaded_once(hub, online):
    for name, weights in {GPT2: "model.safetensors", OPT: "pytorch_model.bin"}.items():
        assert not online.run(load(name)).error
        texts = ["config.json", "merges.txt", "tokenizer_config.json", "vocab.json"]
        own = [file for file in hub.commits[name][next(iter(hub.commits[name]))]
               if file == "generation_config.json"]  # fmt: skip
        assert sorted(hub.contents(name)) == sorted([*texts, *own, weights])
        hub.requests.clear()
        assert not online.run(load(name)).error
        assert hub.requests == []


def test_opt_reads_its_own_special_tokens(hub, online):
    """Without `tokenizer_config.json` its texts would not begin with `</s>` (2)."""
    (ids,) = [line for line in online.run(load(OPT)).out.splitlines() if line[0] == "["]
    assert ids.startswith("[2, ") and ids.endswith("] </s> <pad>")


@pytest.mark.parametrize("name", [GPT2, OPT])
def test_offline_after_a_download_it_is_the_same_student(name, hub, online, offline):
    first = online.run(load(name))
    hub.requests.clear()
    assert offline.run(load(name)) == first and not first.error
    assert hub.requests == []


def test_a_branch_that_moves_on_changes_no_student(hub, online, files):
    first = online.run(load(GPT2))
    hub.add(GPT2, {**files[GPT2], "config.json": b"{}"})
    assert online.run(load(GPT2)) == first and not first.error


def test_offline_without_a_download_is_refused_in_a_sentence(hub, online, offline):
    said = offline.run(load(GPT2)).error
    assert said.startswith(f"FileNotFoundError: {GPT2} cannot be downloaded (")
    assert said.endswith(
        "choose another --student, a folder, or connect to the network"
    )
    assert said.count("\n") == 0 and hub.requests == []


@pytest.mark.parametrize("file", ["config.json", "tokenizer_config", "safetensors"])
@pytest.mark.parametrize("fault", ["cut", "429", "hang"])
def test_a_passing_fault_changes_no_student(fault, file, hub, online):
    whole = online.run(load(GPT2))
    online.forget()
    hub.requests.clear()
    hub.faults[f"/{file}" if file == "config.json" else file] = [fault]
    assert online.run(load(GPT2)) == whole and not whole.error
    assert not any(hub.faults.values())


@pytest.mark.parametrize(
    ("fault", "file"),
    [("cut", "bin"), ("503", "bin"), ("503", "tokenizer_config"),
     ("503", "/config.json"), ("html", "vocab.json")],
)  # fmt: skip
def test_a_fault_that_stays_is_refused_in_a_sentence(fault, file, hub, online, offline):
    hub.faults[file] = [fault, "always"]
    said = online.run(load(OPT)).error
    assert said.startswith(f"FileNotFoundError: {OPT} cannot be downloaded (")
    assert said.count("\n") == 0
    assert "cannot be downloaded" in offline.run(load(OPT)).error  # half is not enough
    hub.faults.clear()
    found = online.run(load(OPT))
    assert offline.run(load(OPT)) == found and not found.error


@pytest.mark.parametrize("name", ["openai-community/none", "three/parts/too-many"])
def test_a_model_that_does_not_exist_is_refused_at_once(name, hub, online):
    said = online.run(load(name)).error
    assert said.startswith(f"FileNotFoundError: {name} cannot be downloaded (")
    assert said.count("\n") == 0 and len(hub.requests) < 4


@pytest.mark.parametrize("missing", ["vocab.json", "model.safetensors", "config.json"])
def test_a_repository_that_is_no_whole_student_is_refused_in_a_sentence(
    missing, hub, online, files
):
    parts = {
        n: d for n, d in files[GPT2].items() if n not in (missing, "pytorch_model.bin")
    }
    hub.add(GPT2, parts)
    said = online.run(load(GPT2)).error
    assert said.startswith(f"ValueError: student '{GPT2}' cannot be loaded as a ca")
    assert said.count("\n") == 0


def test_damaged_weights_are_refused_in_a_sentence(hub, online):
    hub.faults["safetensors"] = ["garbled"]
    said = online.run(load(GPT2)).error
    assert (
        "cannot be loaded as a causal language model" in said and said.count("\n") == 0
    )
