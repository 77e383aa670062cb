"""Commands for the auditor: verify the event trail and measure release times."""
