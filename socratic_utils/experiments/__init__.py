"""Stage 4: experiments.  An experiment is a list of arms; an arm is a line of a table.

data, corpus     the problems and the teacher of a run; what students learn from
arms             what an arm is; the main table's (Socratic CoT, Table 2)
trainings        a model of an arm: its pairs, recipe and folder
claims           what the rows of all seeds say to the papers' claims
stages           `score`: train what is missing, decode, save prediction rows
socratic_cot     its ablations (section 5) and prompting (Table 3)
scotd            the experiments of SCoTD
human_judgement  whose chains do people prefer?

>>> rows = stages.score(settings, arms.main_arm("cot"))   # doctest: +SKIP
"""
