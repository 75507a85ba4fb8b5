"""Speed and memory, measured against the ways in which the job is otherwise done."""
