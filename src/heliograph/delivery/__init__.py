"""What the machine does with a notification: plan → fanout → send → record → retry, prune. Steps meet only as jobs."""
