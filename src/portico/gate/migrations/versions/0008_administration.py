"""What people are found by, for the administration's lists."""

from __future__ import annotations

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

BATCH = 2000


def upgrade() -> None:
    """Give each person the text that a search looks at, beside the address by which the list is ordered."""
    op.add_column("person", sa.Column("found_by", sa.String(400), nullable=False, server_default=""))
    _fill(op.get_bind())
    op.create_index("ix_person_directory", "person", ["email", "found_by", "active", "email_verified"])


def _fill(connection: sa.Connection) -> None:
    person = sa.table(
        "person", *(sa.column(name, sa.String()) for name in ("email", "name", "found_by")), sa.column("id")
    )
    change = (
        sa.update(person)
        .where(person.c.id == sa.bindparam("number"))
        .values(found_by=sa.bindparam("words", type_=sa.String()))
    )
    last = 0
    while True:
        query = sa.select(person.c.id, person.c.email, person.c.name).where(person.c.id > last)
        rows = connection.execute(query.order_by(person.c.id).limit(BATCH)).all()
        if not rows:
            return
        last = rows[-1].id
        connection.execute(change, [{"number": r.id, "words": _found_by(r.email, r.name)} for r in rows])


def _found_by(email: str, name: str) -> str:
    """As models/people.py had it when this revision was written."""
    plain = unicodedata.normalize("NFKD", f"{email} {name}".casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))[:400]


def downgrade() -> None:
    """Forget it again."""
    op.drop_index("ix_person_directory", "person")
    with op.batch_alter_table("person", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.drop_column("found_by")
