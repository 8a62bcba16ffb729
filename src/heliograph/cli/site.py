"""`heliograph site`."""

import textwrap
from pathlib import Path
from typing import Annotated

import typer

from heliograph.actions import site_checks, site_kit, windows
from heliograph.actions.site_facts import Reach
from heliograph.actions.site_kit import Kit
from heliograph.cli import opening, screen
from heliograph.cli.choosing import JsonOption, ProjectOption, chosen_project
from heliograph.cli.exits import CommandError, Exit
from heliograph.domain.site import Finding, Severity
from heliograph.domain.window import WindowSettings
from heliograph.kit.names import SYSTEM, parse_resolver
from heliograph.storage import windows as window_rows

site = typer.Typer(
    name="site",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="A customer's site: what to put on it, and whether all is in its place.",
)
PushHostOption = Annotated[
    str | None, typer.Option(help="The site's own name for Heliograph, such as push.shop.example.")
]
_MARKS = {Severity.OK: "ok", Severity.SKIPPED: "--", Severity.WARNING: "!", Severity.ERROR: "!!"}


def _resolvers(given: list[str]) -> tuple[str, ...]:
    try:
        for each in given:
            parse_resolver(each)
    except ValueError as error:
        raise CommandError(str(error), Exit.USAGE) from None
    return tuple(given) or (SYSTEM,)


@site.command()
def kit(
    *,
    out: Annotated[
        Path | None, typer.Option(help="Write the files below this directory, as they belong into the site's root.")
    ] = None,
    push_host: PushHostOption = None,
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what to put on a site, for exactly this project: files, script tag, link, policy, DNS record.

    Example: heliograph site kit --out ./site-root
    """

    async def work() -> Kit:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.read() as tx:
            found = await chosen_project(tx, project)
            context, url = heliograph.context(), heliograph.base_url
            host = push_host or await windows.known_host(tx, project_id=found.id)
            return await site_kit.kit(tx, context, project=found, base_url=url, push_host=host)

    made = opening.run(work())
    for file in made.files if out is not None else ():
        assert out is not None
        place = out / file.path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(file.text, encoding="utf-8")
    if as_json:
        screen.write_json(made)
    else:
        _show_kit(made, out)


def _show_kit(made: Kit, out: Path | None) -> None:
    for file in made.files:
        where = "" if out is None else f" (written to {out / file.path.lstrip('/')})"
        typer.echo(f"{file.path}{where}, on every domain, as {file.media_type}:\n\n{_indented(file.text)}\n")
    typer.echo(f"On every page, in the head:\n\n{_indented(made.head_link)}\n{_indented(made.script_tag)}\n")
    policy = "\n".join(f"{name} {source}" for name, source in made.policy.items())
    typer.echo(f"If the site has a Content Security Policy, add:\n\n{_indented(policy)}\n")
    if made.record is not None:
        typer.echo(f"In the DNS:\n\n{_indented(f'{made.record.name}. CNAME {made.record.target}.')}\n")
    typer.echo("Then: heliograph site check")


def _indented(text: str) -> str:
    return textwrap.indent(text.rstrip("\n"), "    ")


@site.command()
def window(
    *,
    push_host: PushHostOption = None,
    opener: Annotated[
        list[str] | None,
        typer.Option(help="Origin of a page that may open it, http ones too; replaces the list, give all of them."),
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Let no page open it any more.")] = False,
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show or set up the two-step window: a page on your push host that asks where the site itself may not.

    Example: heliograph site window --push-host push.shop.example --opener http://shop.example
    """

    async def work() -> WindowSettings | None:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.begin() as tx:
            found = await chosen_project(tx, project)
            if remove:
                await windows.remove(tx, heliograph.context(), project_id=found.id)
                return None
            if push_host is None and opener is None:
                return await windows.settings(tx, project_id=found.id)
            if push_host is None:
                known = await windows.settings(tx, project_id=found.id)
                return await windows.put(
                    tx, heliograph.context(), project_id=found.id, push_host=known.push_host, openers=opener or ()
                )
            before = await window_rows.read(tx, found.id)
            openers = opener if opener is not None else () if before is None else before.openers
            return await windows.put(
                tx, heliograph.context(), project_id=found.id, push_host=push_host, openers=openers
            )

    made = opening.run(work())
    if as_json:
        screen.write_json(made)
    elif made is None:
        typer.echo("There is no window any more.")
    else:
        shown = {"Push host": made.push_host, "Origin": made.origin, "Opened by": made.openers or "nobody yet"}
        screen.console().print(screen.facts(shown))


@site.command()
def check(
    pages: Annotated[
        list[str] | None,
        typer.Argument(help="A page of each of the site's domains; without any, the front pages of its origins."),
    ] = None,
    *,
    push_host: PushHostOption = None,
    resolver: Annotated[
        list[str] | None, typer.Option(help="A resolver to ask for that name, such as 1.1.1.1; may be repeated.")
    ] = None,
    inside: Annotated[bool, typer.Option("--inside", help="Look at addresses of your own network too.")] = False,
    ca_file: Annotated[
        Path | None, typer.Option(help="Certificates to trust instead of the public ones.", exists=True)
    ] = None,
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look at a site as a browser will, and say what would hinder push, and what to do. Changes nothing.

    Example: heliograph site check https://shop.example https://m.shop.example

    Exit status: 0 no error, though there may be warnings; 1 at least one error.
    """
    resolvers = _resolvers(resolver or [])

    async def work() -> list[Finding]:
        async with opening.opened(opening.load()) as heliograph:
            async with heliograph.store.read() as tx:
                found = await chosen_project(tx, project)
                wanted = site_checks.pages_of(found, pages or [])
                host = push_host or await windows.known_host(tx, project_id=found.id)
                expected, key = await site_checks.expect(
                    tx, heliograph.context(), project=found, base_url=heliograph.base_url, push_host=host
                )
            reach = Reach(heliograph.sender, resolvers, inside, None if ca_file is None else str(ca_file))
            return await site_checks.check(reach, expected, wanted, key)

    findings = opening.run(work())
    is_well = site_checks.is_in_order(findings)
    if as_json:
        screen.write_json({"ok": is_well, "findings": findings})
    else:
        _show(findings)
    if not is_well:
        raise typer.Exit(Exit.FAILED)


def _show(findings: list[Finding]) -> None:
    subject = ""
    for finding in sorted(findings, key=lambda one: one.subject):
        if finding.subject != subject:
            subject = finding.subject
            typer.echo(f"\n{subject}")
        typer.echo(f"{_MARKS[finding.severity]:<3} {finding.id:<26} {finding.sentence}")
        if finding.hint:
            typer.echo(f"{'':<30} → {finding.hint}")
