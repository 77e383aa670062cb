"""The machine of the fault tests: servers and processes to kill, a proxy to cut, a careful client, and the checker."""
