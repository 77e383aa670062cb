"""The page about a declaration's life is what the state machine yields."""

from singlewindow.life_cycle.drawing import page
from tests.places import REPOSITORY


def test_the_page_is_what_the_machine_yields() -> None:
    assert (REPOSITORY / "docs" / "life-cycle.md").read_text(encoding="utf-8") == page()
