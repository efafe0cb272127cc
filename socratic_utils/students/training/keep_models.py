"""Models kept during a training, to see what choosing a checkpoint is worth.

>>> even_steps(87, 4)
[22, 44, 65, 87]
"""

from pathlib import Path

from transformers import TrainerCallback


class KeepModels(TrainerCallback):
    """Saves `count` models during training, evenly spaced, in `step-00022` and so on.

    `folder` is the student's; each model can be loaded by `load_student`.
    """

    def __init__(self, count: int, folder: Path) -> None:
        self.count, self.folder = count, folder
        self.steps: set[int] = set()

    def on_train_begin(self, args, state, control, **kwargs) -> None:
        self.steps = set(even_steps(state.max_steps, self.count))

    def on_step_end(self, args, state, control, **kwargs) -> None:
        if state.global_step in self.steps and state.is_world_process_zero:
            target = self.folder / f"step-{state.global_step:05d}"
            kwargs["model"].save_pretrained(target)
            kwargs["processing_class"].save_pretrained(target)


def even_steps(last: int, count: int) -> list[int]:
    """Up to `count` different steps, evenly spaced, the last one among them."""
    return sorted({max(1, round(last * (i + 1) / count)) for i in range(count)})
