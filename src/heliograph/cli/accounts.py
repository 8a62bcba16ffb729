"""`heliograph api-users`."""

import sys
from typing import Annotated, Any

import typer

from heliograph.actions import accounts as actions
from heliograph.actions.accounts import NewAccount
from heliograph.cli import opening, screen
from heliograph.cli.choosing import JsonOption, ProjectOption, chosen_project
from heliograph.domain.glue import Right
from heliograph.storage.accounts import Account

accounts = typer.Typer(
    name="api-users",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="Names and passwords for the Glue API, the interface of Spryker's push notifications.",
)

StdinOption = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input; random, if left out.")
]


def _as_json(account: Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "project": account.project_id,
        "name": account.name,
        "rights": list(account.rights),
        "created_at": account.created_at,
        "revoked_at": account.revoked_at,
    }


@accounts.command()
def create(
    name: Annotated[str, typer.Argument(help="The name to log in with, such as an e-mail address.")],
    *,
    right: Annotated[
        list[Right] | None,
        typer.Option(help="What it may do beside reading providers; give several if need be. All, if left out."),
    ] = None,
    password_stdin: StdinOption = False,
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make an account with which a Spryker client gets tokens, and show its password once.

    The project gets a provider `web-push-php` unless it has one.

    Example: heliograph api-users create richard@spryker.example --right subscribe
    """
    chosen = _from_stdin() if password_stdin else None

    async def work() -> NewAccount:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.begin() as tx:
            found = await chosen_project(tx, project)
            return await actions.create(
                tx,
                heliograph.context(),
                project_id=found.id,
                name=name,
                rights=right or tuple(Right),
                password=chosen,
            )

    _show(opening.run(work()), is_own=password_stdin, as_json=as_json)


def _from_stdin() -> str:
    return sys.stdin.readline().rstrip("\n")


def _show(made: NewAccount, *, is_own: bool, as_json: bool) -> None:
    """Show an account with its password, unless that is the operator's own."""
    account = made.account
    shown = {} if is_own else {"password": made.password}
    if as_json:
        screen.write_json(_as_json(account) | shown)
        return
    facts = {"Id": account.id, "Name": account.name, "Rights": account.rights}
    facts |= {"Password": made.password} if shown else {}
    note = "The password is shown this once." if shown else "The password is the one that you gave."
    screen.console().print(screen.secrets_panel("API user", facts, note))


@accounts.command("list")
def list_(project: ProjectOption = None, as_json: JsonOption = False) -> None:
    """List accounts, without their passwords: they are stored as hashes.

    Example: heliograph api-users list
    """

    async def work() -> list[Account]:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.read() as tx:
            return await actions.listing(tx, project_id=(await chosen_project(tx, project)).id)

    found = opening.run(work())
    if as_json:
        screen.write_json([_as_json(account) for account in found])
        return
    columns = ("id", "name", "rights", "made", "revoked")
    rows = ((one.id, one.name, one.rights, one.created_at, one.revoked_at) for one in found)
    screen.console().print(screen.table(None, columns, rows))


@accounts.command()
def password(
    account: Annotated[str, typer.Argument(help="The account's id or name.")],
    *,
    password_stdin: StdinOption = False,
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give an account another password, and show it once; the tokens that it has end at once.

    Example: heliograph api-users password richard@spryker.example
    """
    wanted = _from_stdin() if password_stdin else None

    async def work() -> NewAccount:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.begin() as tx:
            found = await chosen_project(tx, project)
            return await actions.change_password(
                tx, heliograph.context(), project_id=found.id, wanted=account, password=wanted
            )

    _show(opening.run(work()), is_own=password_stdin, as_json=as_json)


@accounts.command()
def revoke(
    account: Annotated[str, typer.Argument(help="The account's id or name.")], project: ProjectOption = None
) -> None:
    """End an account and its tokens at once. Its name cannot be given again.

    Example: heliograph api-users revoke richard@spryker.example
    """

    async def work() -> Account:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.begin() as tx:
            found = await chosen_project(tx, project)
            return await actions.revoke(tx, heliograph.context(), project_id=found.id, wanted=account)

    typer.echo(f"{opening.run(work()).name} opens nothing any more.")
