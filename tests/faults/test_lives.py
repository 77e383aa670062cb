"""Row FD5: commands on one declaration race pairwise, many times, on both databases; none is lost, none counts twice."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import combinations, count
from typing import Any, Final

import pytest
from sqlalchemy import event

from singlewindow.agencies.agency import Agency
from singlewindow.bootstrap.context import build_context
