"""The trade single window: one declaration in, every border agency asked, one release-or-inspect decision out."""

__version__ = "0.1.0"
