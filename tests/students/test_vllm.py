"""A served student gives the rows that the loaded one gives."""

import pytest

from socratic_utils.benchmarks import load_problems
from socratic_utils.config import SERVERS_VARIABLE, Decoding, Training
from socratic_utils.problems import gold_chain
from socratic_utils.students.decoding import vllm
from socratic_utils.students.decoding.incremental import IncrementalDecoder
from socratic_utils.students.decoding.loop import prediction_row, solve
from socratic_utils.students.supervision import STUDENTS, SUPERVISIONS
from socratic_utils.students.training.train import load_student, train_student
from tests.helpers.completion_server import serve

ROW = ("id", "output", "extracted", "correct", "truncated", "tokens")
PROBLEMS = load_problems("gradeschool", "test", 6)
DECODING = Decoding(max_tokens=60, line_tokens=24, max_steps=3)


@pytest.fixture(scope="module")
def train(tmp_path_factory):
    """The folders of a student's models, trained once."""
    pairs = [(p, gold_chain(p)) for p in load_problems("gradeschool", "train", 8)]
    folder = tmp_path_factory.mktemp("students")
    recipe = Training(epochs=2, batch_size=4, learning_rate=1e-3)
    return lambda student: [
        train_student("tiny", pairs, SUPERVISIONS[name], recipe, folder)
        for name in STUDENTS[student].supervisions
    ]


def rows(decoders):
    found = [
        prediction_row(solution, DECODING)
        for solution in solve(PROBLEMS, *decoders, decoding=DECODING)
    ]
    return [{name: row[name] for name in ROW} for row in found]


@pytest.mark.parametrize("student", ["gt_steps", "socratic_iterative"])
def test_the_same_rows_as_the_loaded_student(train, monkeypatch, student):
    folders = train(student)
    loaded = rows([IncrementalDecoder(*load_student(folder)) for folder in folders])
    with serve(folders) as (url, asked):
        monkeypatch.setenv(SERVERS_VARIABLE, url)
        served = rows(vllm.served_decoders(folders))
    assert served == loaded
    assert asked and all(isinstance(request["prompt"][0], int) for request in asked)
    if student == "gt_steps":  # one request per problem
        assert len(asked) == len(PROBLEMS)


def test_without_token_ids_the_stop_string_separates_line_and_end(train):
    [folder] = train("gt_steps")
    problem = PROBLEMS[0]
    with serve([folder], token_ids=False) as (url, asked):
        [decoder] = vllm.served_decoders([folder], url)
        [solution] = solve([problem], decoder, decoding=DECODING)
    assert asked[0]["include_stop_str_in_output"]
    assert 0 < solution.tokens <= DECODING.max_tokens

    mute = vllm.ServedDecoder(decoder.tokenizer, decoder.client, "m")

    class Reply:
        token_ids, logprobs = None, None

        def __init__(self, text, finish_reason):
            self.text, self.finish_reason = text, finish_reason

    with pytest.raises(vllm.ServerError, match="neither token ids nor the stop"):
        mute._check_stops([Reply("Q: How many?", "stop")])
    mute._check_stops([Reply("Q: and", "length"), Reply("Q: How?\n", "stop")])
    mute._check_stops([Reply("The answer is 5.", "stop")])  # it has shown a stop string
    end, new_line = decoder.end, decoder.tokenizer("\n").input_ids[-1]
    assert decoder._ids(Reply("A: 5.\n", "stop"), True)[-1] == new_line
    assert decoder._ids(Reply("The answer is 5.", "stop"), True)[-1] == end
    assert decoder._ids(Reply("A: and so", "length"), True)[-1] not in (end, new_line)


def test_a_student_that_is_not_served_is_named(train):
    folders = train("socratic_iterative")
    with (
        serve(folders[:1]) as (url, _),
        pytest.raises(vllm.ServerError, match=f"{folders[1].name} is not served: "),
    ):
        vllm.served_decoders(folders, url)


def test_a_failing_or_absent_server_is_named(train):
    [folder] = train("gt_steps")
    with serve([folder], broken=True) as (url, _):
        [decoder] = vllm.served_decoders([folder], url)
        decoder.start([[1, 2]])
        with pytest.raises(vllm.ServerError, match="failed .*out of memory"):
            decoder.write(4)
    with pytest.raises(vllm.ServerError, match="no student's server at http"):
        vllm.served_decoders([folder], url)
