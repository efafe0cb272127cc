"""A training that is killed once."""

from transformers import Trainer


class Killed(RuntimeError):
    pass


def kill_once(monkeypatch, count: int) -> list[int]:
    """The `count`-th training step from now on dies; a list of all steps begun."""
    plain, steps = Trainer.training_step, []

    def training_step(self, *args, **kwargs):
        steps.append(self.state.global_step)
        if len(steps) == count:
            raise Killed
        return plain(self, *args, **kwargs)

    monkeypatch.setattr(Trainer, "training_step", training_step)
    return steps
