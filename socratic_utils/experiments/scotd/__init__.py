"""The experiments of SCoTD (Li et al., 2023), each a list of arms and its table.

many_chains               students of 1, 2, ... chains per problem; filters; votes
few_shot_or_supervised    chains and labels, with and without gold answers
data_size                 students of a share of the training problems
prompted_student          before training, and on tasks it was never trained on
checkpoints               what choosing a checkpoint on the reported split is worth

>>> [arm.name for arm in many_chains.arms(settings)]         # doctest: +SKIP
['chains_01', 'chains_02', 'pool_balanced']
"""
