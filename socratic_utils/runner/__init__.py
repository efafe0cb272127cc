"""What `run_all.sh` calls: options, headless notebooks, plans, jobs."""
