"""An agency that answers by profiles answers at once, unless a person has to read what the party has given."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.contract import GivenDocuments, Pending, View
from adapters.profile import ProfileAdapter
from singlewindow.decisions.assessment import Answer
from tests.integration.documents import PISTOLS, tree
from tests.judgement import configuration
from tests.terms import TERMS


def test_no_profile_reads_what_was_given() -> None:
    adapter = ProfileAdapter(configuration()[1]["firearms"])
    view = View(reference="26GB000000000000R0", version=1, tree=tree(commodity=PISTOLS), terms=TERMS, items=("1",))
    assert adapter.assess(view).answer is Answer.ASSESSED
    with pytest.raises(Pending, match="an officer of firearms reads what was given"):
        adapter.assess(replace(view, given=GivenDocuments(words="As asked.")))
