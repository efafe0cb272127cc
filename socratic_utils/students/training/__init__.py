"""Training: tokenize the pairs, mask the loss, fine-tune, name the student by a hash.

Socratic CoT, section 3.2 (Eq. 1), and SCoTD, section 2.2; neither paper reports the
whole recipe, so the defaults of `config.Training` are ours.

    >>> from socratic_utils.students.training.train import train_student

Not covered: parameter-efficient training and more than one machine.
"""
