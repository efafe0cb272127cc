"""Train the 600-token tokenizer of the `tiny` student on the embedded problems.

    python tools/make_tiny_tokenizer.py

Writes socratic_utils/students/tiny/tokenizer.json; deterministic.
"""

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from socratic_utils.benchmarks import load_problems
from socratic_utils.files import project_root
from socratic_utils.problems import gold_chain
from socratic_utils.students.transcript import segments


def main() -> None:
    problems = load_problems("gradeschool", "train")
    lines = [s.text for p in problems for s in segments(p, gold_chain(p))]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=["<end>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(lines, trainer)
    path = project_root() / "socratic_utils" / "students" / "tiny" / "tokenizer.json"
    tokenizer.save(str(path))
    print(f"{tokenizer.get_vocab_size()} tokens in {path}")


if __name__ == "__main__":
    main()
