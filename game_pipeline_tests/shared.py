"""Where the real captures lie: beside the checkout, never in it. Tests that need them are skipped without them."""

from __future__ import annotations

from pathlib import Path

import pytest

__all__ = ["SAMPLES", "SHARED", "needs_shared"]

SHARED = Path(__file__).resolve().parents[2] / "shared"
SAMPLES = SHARED / "samples"

needs_shared = pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"real captures are not at {SAMPLES}")
