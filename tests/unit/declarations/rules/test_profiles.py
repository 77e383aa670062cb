"""A mistake in a country profile is refused at start, with the file and the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from singlewindow.declarations.rules import ProfileError, load_rulebooks

HEAD = 'country = "NO"\ntitle = "Norway"\ncurrency = "NOK"\ntariff_scheme = "TSP"\n'


def written(folder: Path, text: str, country: str = "NO") -> Path:
    profile = folder / "countries" / country / "profile.toml"
    profile.parent.mkdir(parents=True)
    profile.write_text(text, encoding="utf-8")
    return folder


def test_a_new_country_needs_a_profile_only(tmp_path: Path) -> None:
    books = load_rulebooks(written(tmp_path, HEAD + "[rules.NO-LRN-LENGTH]\nlongest = 20\n"), home="NO")
    assert "NO-LRN-LENGTH" in {bound.rule_id for bound in books.rulebook_for("NO").rules}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("country = ", "Invalid value"),
        (HEAD + "colour = 1\n", "unknown field `colour`"),
        ('title = "Norway"\ncurrency = "NOK"\ntariff_scheme = "TSP"\n', "missing required field `country`"),
        (
            'country = "SE"\ntitle = "Sweden"\ncurrency = "SEK"\ntariff_scheme = "TSP"\n',
            "country is 'SE' in the folder 'NO'",
        ),
        (HEAD + "[rules.NO-NOTHING]\n", "no national rule 'NO-NOTHING'"),
        (HEAD + "[rules.GB-LRN-LENGTH]\nlongest = 22\n", "no national rule 'GB-LRN-LENGTH'"),
        (HEAD + "[rules.NO-LRN-LENGTH]\n", "rules.NO-LRN-LENGTH: Object missing required field `longest`"),
        (HEAD + "[rules.NO-LRN-LENGTH]\nlongest = 'x'\n", "rules.NO-LRN-LENGTH: Expected `int`"),
        (HEAD + "[rules.NO-LRN-LENGTH]\nlongest = 1\nodd = 2\n", "unknown field `odd`"),
        (HEAD + "[rules.NO-PARTY-ID-FORM]\npattern = '['\n", "rules.NO-PARTY-ID-FORM"),
        (HEAD + "[rules.NO-EXIT-OFFICE-KNOWN]\noffices = []\npatterns = ['(']\n", "rules.NO-EXIT-OFFICE-KNOWN"),
        ('strict = ["WCO-NOTHING"]\n' + HEAD, "'WCO-NOTHING', which is not a WCO rule"),
    ],
)
def test_a_mistake_is_refused_with_file_and_reason(text: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(ProfileError) as refused:
        load_rulebooks(written(tmp_path, text), home="NO")
    assert reason in str(refused.value)
    assert str(tmp_path / "countries" / "NO" / "profile.toml") in str(refused.value)


def test_a_folder_without_countries_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="is not a folder"):
        load_rulebooks(tmp_path)
