"""Rows FA: the place for remote agencies that are slow, silent, wrong or contradictory.

They need the reference agency server (`tests/agency_server.py`): put the harness's proxy between it and the workers,
and let every row end with `here.verdict() == []`.
"""

from __future__ import annotations
