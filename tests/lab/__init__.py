"""Tests on real hosts."""
