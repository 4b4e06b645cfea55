"""Names of signatures: their home is `nde.signatures`, and `nde` has them too."""

import nde


def test_the_root_has_every_name() -> None:
    assert all(getattr(nde, name) is getattr(nde.signatures, name) for name in nde.signatures.__all__)
