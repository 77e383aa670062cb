"""Realistic declarations in any number: seeded, by the distributions of real ones, valid under the GB profile."""

from tests.generator.declarations import Generator

__all__ = ["Generator"]
