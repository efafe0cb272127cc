"""What a run would ask and take, before it is started: `--dry-run`."""
