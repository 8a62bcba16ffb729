"""Rows of accounts: names and passwords of programs that speak Spryker's Glue API."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.engine import Row

from heliograph.domain.glue import Right
from heliograph.storage.sql import insert_new
from heliograph.storage.store import Tx
from heliograph.storage.tables import accounts, projects


@dataclass(frozen=True, slots=True)
class Account:
    """One account. Its name is unique in the installation, since a token request names no project."""

    id: str
    project_id: str
    name: str
    password_hash: str = field(repr=False)
    rights: tuple[Right, ...]
    created_at: datetime
    revoked_at: datetime | None = None


def _account(row: Row[Any]) -> Account:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    return Account(**{**values, "rights": tuple(Right(right) for right in values["rights"])})


async def add(tx: Tx, account: Account) -> bool:
    """Write a new account; False if the installation has one of this name."""
    values = asdict(account) | {"rights": [str(right) for right in account.rights]}
    return bool(await insert_new(tx, accounts, [values], conflict=("name",), returning=("id",)))


async def _first(tx: Tx, condition: Any) -> Account | None:
    """Return an account, unless its project was deleted."""
    query = (
        select(*accounts.c)
        .join(projects, projects.c.id == accounts.c.project_id)
        .where(condition, projects.c.deleted_at.is_(None))
    )
    row = (await tx.execute(query)).first()
    return None if row is None else _account(row)


async def named(tx: Tx, name: str) -> Account | None:
    """Return the account of this name, revoked or not."""
    return await _first(tx, accounts.c.name == name)


async def get(tx: Tx, account_id: str) -> Account | None:
    """Return one account, revoked or not."""
    return await _first(tx, accounts.c.id == account_id)


async def of_project(tx: Tx, project_id: str) -> list[Account]:
    """Return the accounts of a project, oldest first, revoked ones included; there are few."""
    query = select(accounts).where(accounts.c.project_id == project_id).order_by(accounts.c.id)
    return [_account(row) for row in await tx.execute(query)]


async def set_password(tx: Tx, account_id: str, password_hash: str) -> None:
    """Replace what is stored of an account's password."""
    await tx.execute(update(accounts).where(accounts.c.id == account_id).values(password_hash=password_hash))


async def revoke(tx: Tx, account_id: str, *, at: datetime) -> None:
    """End an account."""
    statement = update(accounts).where(accounts.c.id == account_id, accounts.c.revoked_at.is_(None))
    await tx.execute(statement.values(revoked_at=at))
