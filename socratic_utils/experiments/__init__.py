"""Stage 4: experiments.  An experiment is a list of arms; an arm is a line of a table.

data, corpus     the problems and the teacher of a run; what students learn from
arms, trainings  what an arm is; a model of it: its pairs, recipe and folder
stages, saved    `score`: train what is missing, decode, save rows; what is on disk
claims           what the rows of all seeds say to the papers' claims
socratic_cot, scotd, human_judgement   the experiments beside the main table

>>> rows = stages.score(settings, arms.main_arm("cot"))   # doctest: +SKIP
"""
