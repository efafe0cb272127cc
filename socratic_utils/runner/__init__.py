"""What `run_all.sh` calls: options, headless notebooks, plans, jobs.

./run_all.sh smoke                 -> cli.main(["smoke"])
./run_all.sh paper --dry-run       -> the plan of Table 2 of Socratic CoT, 27 runs
python -m socratic_utils.runner.jobs paper --model qg    -> one training of a run
"""
