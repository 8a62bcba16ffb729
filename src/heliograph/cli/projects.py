"""`heliograph projects`."""

from typing import Annotated, Any

import typer

from heliograph.actions import projects as actions
from heliograph.cli import opening, screen
from heliograph.cli.choosing import JsonOption, ProjectOption, all_projects, chosen_project
from heliograph.cli.exits import CommandError, Exit
from heliograph.domain.rate import ALL
from heliograph.storage.projects import Project

projects = typer.Typer(
    name="projects",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="Tenants of this installation: each with its own keys, origins and people.",
)


_NONE = "none"


def _as_json(project: Project) -> dict[str, Any]:
    return {
        "id": project.id,
        "name": project.name,
        "origins": list(project.origins),
        "contact": project.vapid_subject,
        "plaintext_budget": project.plaintext_budget,
        "rate": project.rates.get(ALL),
        "push_service_rates": {name: rate for name, rate in project.rates.items() if name != ALL},
        "created_at": project.created_at,
    }


def _show(project: Project, *, as_json: bool) -> None:
    if as_json:
        screen.write_json(_as_json(project))
    else:
        screen.console().print(screen.facts(_as_json(project)))


@projects.command("list")
def list_(as_json: JsonOption = False) -> None:
    """List all projects.

    Example: heliograph projects list --json
    """

    async def work() -> list[Project]:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.read() as tx:
            return await all_projects(tx)

    found = opening.run(work())
    if as_json:
        screen.write_json([_as_json(item) for item in found])
    else:
        rows = ((item.id, item.name, item.origins, item.vapid_subject) for item in found)
        screen.console().print(screen.table(None, ("id", "name", "origins", "contact"), rows))


@projects.command()
def create(
    name: Annotated[str, typer.Argument(help="What you call it.")],
    contact: Annotated[
        str, typer.Option(help="mailto: or https: address that push services may write to about your messages.")
    ],
    origin: Annotated[
        list[str] | None,
        typer.Option(help="Origin of a site that may subscribe its visitors; give several if need be."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a project with its keys, and show the keys once.

    Example: heliograph projects create Shop --contact mailto:you@example.com --origin https://shop.example
    """

    async def work() -> actions.CreatedProject:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.begin() as tx:
            context = heliograph.context()
            return await actions.create(tx, context, name=name, origins=origin or (), vapid_subject=contact)

    made = opening.run(work())
    tokens = {"publishable_key": made.publishable_key.token, "secret_key": made.secret_key.token}
    if as_json:
        screen.write_json(_as_json(made.project) | tokens)
        return
    shown = {
        "Project": made.project.id,
        "Publishable key": f"{tokens['publishable_key']}   (for pages)",
        "Secret key": f"{tokens['secret_key']}   (for your servers)",
    }
    screen.console().print(screen.secrets_panel(f"Project {name}", shown, "The secret key is shown this once."))


@projects.command()
def show(project: ProjectOption = None, as_json: JsonOption = False) -> None:
    """Show one project.

    Example: heliograph projects show --project Shop
    """

    async def work() -> Project:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.read() as tx:
            return await chosen_project(tx, project)

    _show(opening.run(work()), as_json=as_json)


@projects.command()
def change(
    *,
    project: ProjectOption = None,
    name: Annotated[str | None, typer.Option(help="New name.")] = None,
    contact: Annotated[str | None, typer.Option(help="New mailto: or https: address for push services.")] = None,
    origin: Annotated[
        list[str] | None, typer.Option(help="Origins that may subscribe; replaces the list, give all of them.")
    ] = None,
    rate: Annotated[
        str | None,
        typer.Option(help="Messages per second or minute of all its sends together, such as 100/s; or none."),
    ] = None,
    service_rate: Annotated[
        list[str] | None,
        typer.Option(help="The same for one push service, such as fcm=500/s; or none. Give all that shall hold."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Change a project's name, contact, origins or rates.

    Example: heliograph projects change --rate 6000/m --service-rate fcm=500/s
    """
    if name is None and contact is None and rate is None and not origin and not service_rate:
        raise CommandError("Say what to change: --name, --contact, --origin, --rate or --service-rate.", Exit.USAGE)
    service_rates = _service_rates(service_rate or [])

    async def work() -> Project:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.begin() as tx:
            found = await chosen_project(tx, project)
            return await actions.change(
                tx,
                heliograph.context(),
                project_id=found.id,
                name=name,
                vapid_subject=contact,
                origins=origin or None,
                rate=None if rate == _NONE else rate,
                clear_rate=rate == _NONE,
                push_service_rates=service_rates,
            )

    _show(opening.run(work()), as_json=as_json)


def _service_rates(given: list[str]) -> dict[str, str] | None:
    if not given:
        return None
    rates = dict(text.partition("=")[::2] for text in given if text != _NONE)
    if not all(rates.values()) or len(rates) != len([text for text in given if text != _NONE]):
        raise CommandError("Write --service-rate as fcm=500/s, each push service once; or none.", Exit.USAGE)
    return rates


@projects.command()
def origins(
    project: ProjectOption = None,
    add: Annotated[list[str] | None, typer.Option(help="Allow this origin too.")] = None,
    remove: Annotated[list[str] | None, typer.Option(help="Allow this origin no more.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show, add or remove the origins whose pages may subscribe their visitors.

    Example: heliograph projects origins --add https://shop.example
    """

    async def work() -> list[str]:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.begin() as tx:
            found = await chosen_project(tx, project)
            unknown = set(remove or ()) - set(found.origins)
            if unknown:
                raise CommandError(f"{', '.join(sorted(unknown))} is not among the origins.", Exit.USAGE)
            wanted = [item for item in (*found.origins, *(add or ())) if item not in (remove or ())]
            if wanted != list(found.origins):
                context = heliograph.context()
                found = await actions.change(tx, context, project_id=found.id, origins=wanted)
            return list(found.origins)

    allowed = opening.run(work())
    if as_json:
        screen.write_json(allowed)
    else:
        typer.echo("\n".join(allowed) or "No origin is allowed: no page can subscribe. Add one with --add.")


@projects.command("identity-secret")
def identity_secret(project: ProjectOption = None, as_json: JsonOption = False) -> None:
    """Make a new secret with which your server proves who a page's visitor is, and show it once.

    Signatures made with the old one count no more.

    Example: heliograph projects identity-secret
    """

    async def work() -> str:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.begin() as tx:
            found = await chosen_project(tx, project)
            return await actions.rotate_identity_secret(tx, heliograph.context(), project_id=found.id)

    secret = opening.run(work())
    if as_json:
        screen.write_json({"identity_secret": secret})
    else:
        facts = {"Identity secret": secret}
        screen.console().print(screen.secrets_panel("Identity", facts, "The secret is shown this once."))
