"""Argon2id at its lowest cost, for tests in this process: a thousand sign-ins at the real cost take minutes.

Import it before anything that reads the cost. Sites that tests start hash as real ones do.
"""

from __future__ import annotations

from argon2 import PasswordHasher

from portico.gate.accounts import passwords

REAL = (passwords.TIME_COST, passwords.MEMORY_COST, passwords.PARALLELISM)
passwords.TIME_COST, passwords.MEMORY_COST = 1, 8
passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
