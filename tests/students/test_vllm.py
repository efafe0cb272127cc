"""A served student gives the rows that the loaded one gives."""

import pytest

from socratic_utils.experiments import stages as experiments
from socratic_utils.experiments.corpus import test_problems as problems_of
from socratic_utils.students.decoding import vllm
from socratic_utils.students.decoding.loop import solve
from tests.helpers.completion_server import serve

ROW = ("id", "output", "extracted", "correct", "truncated", "tokens")


def rows(settings, student, folders, speakers):
    asked = problems_of(settings)
    path = settings.folder / "predictions" / f"{speakers.__name__}.jsonl"
    labels = {"student": student, "teacher": "gold"}
    found = experiments.solved(
        settings, path, folders, asked, labels, speakers=speakers
    )
    return [{name: row[name] for name in ROW} for row in found]


@pytest.mark.parametrize("student", ["gt_steps", "socratic_iterative"])
def test_the_same_rows_as_the_loaded_student(settings, monkeypatch, student):
    folders = experiments.train(settings, student)
    loaded = rows(settings, student, folders, experiments.speakers_of)
    with serve(folders) as (url, asked):
        monkeypatch.setenv(vllm.VARIABLE, url)
        served = rows(settings, student, folders, experiments.served_or_loaded)
    assert served == loaded
    assert asked and all(isinstance(request["prompt"][0], int) for request in asked)
    if student == "gt_steps":  # one request a problem
        assert len(asked) == settings.test_limit


def test_without_token_ids_the_stop_string_separates_line_and_end(settings):
    [folder] = experiments.train(settings, "gt_steps")
    problem = problems_of(settings)[0]
    with serve([folder], token_ids=False) as (url, asked):
        [decoder] = vllm.served_decoders([folder], url)
        [solution] = solve([problem], decoder, decoding=settings.decoding)
    assert asked[0]["include_stop_str_in_output"]
    assert 0 < solution.tokens <= settings.decoding.max_tokens

    mute = vllm.ServedDecoder(decoder.tokenizer, decoder.client, "m")

    class Reply:
        token_ids, logprobs = None, None

        def __init__(self, text, finish_reason):
            self.text, self.finish_reason = text, finish_reason

    with pytest.raises(vllm.ServerError, match="neither token ids nor the stop"):
        mute._check_stops([Reply("Q: How many?", "stop")])
    mute._check_stops([Reply("Q: and", "length"), Reply("Q: How?\n", "stop")])
    mute._check_stops([Reply("The answer is 5.", "stop")])  # it has shown that it tells
    end, new_line = decoder.end, decoder.tokenizer("\n").input_ids[-1]
    assert decoder._ids(Reply("A: 5.\n", "stop"), True)[-1] == new_line
    assert decoder._ids(Reply("The answer is 5.", "stop"), True)[-1] == end
    assert decoder._ids(Reply("A: and so", "length"), True)[-1] not in (end, new_line)


def test_a_student_that_is_not_served_is_named(settings):
    folders = experiments.train(settings, "socratic_iterative")
    with (
        serve(folders[:1]) as (url, _),
        pytest.raises(vllm.ServerError, match=f"{folders[1].name} is not served: "),
    ):
        vllm.served_decoders(folders, url)


def test_a_failing_or_absent_server_is_named(settings):
    [folder] = experiments.train(settings, "gt_steps")
    with serve([folder], broken=True) as (url, _):
        [decoder] = vllm.served_decoders([folder], url)
        decoder.start([[1, 2]])
        with pytest.raises(vllm.ServerError, match="failed .*out of memory"):
            decoder.write(4)
    with pytest.raises(vllm.ServerError, match="no student's server at http"):
        vllm.served_decoders([folder], url)
