"""What `run_all.sh` calls: options, headless notebooks, plans, jobs.

- `./run_all.sh smoke` calls `cli.main(["smoke"])`
- `python -m socratic_utils.runner.jobs paper --model qg` is one training of a run
"""
