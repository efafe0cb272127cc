"""Training: mask the loss, fine-tune, name the student by what made it.

Socratic CoT, section 3.2 (Eq. 1), and SCoTD, section 2.2; neither paper reports the
whole recipe, so the defaults of `config.Training` are ours.
"""
