"""What can be seen in the database: its version, the queue, workers, keys, projects."""

from datetime import datetime

from heliograph.actions.condition import Condition
from heliograph.actions.keys import FIRST_CONTACT
from heliograph.cli.doctor.finding import Finding, error, ok, warning
from heliograph.protocols import vapid
from heliograph.storage.projects import Project
from heliograph.storage.survey import Server

OLDEST = {"postgresql": (14, 0), "sqlite": (3, 35)}
"""What our statements need: RETURNING in SQLite, and a PostgreSQL that still gets repairs."""


def database(server: Server) -> Finding:
    """Whether the database's server can do what is asked of it."""
    name = "database"
    shown = ".".join(str(part) for part in server.version[:2])
    if server.version < OLDEST[server.kind]:
        least = ".".join(str(part) for part in OLDEST[server.kind])
        return error(name, f"The database is {server.kind} {shown}.", f"Upgrade it to {least} or newer.")
    if server.encoding not in ("UTF8", "UTF-8"):
        hint = "Make a database WITH ENCODING 'UTF8' TEMPLATE template0, and move the data there."
        return error(name, f"The database keeps texts as {server.encoding}: names of people will be refused.", hint)
    return ok(name, f"The database is {server.kind} {shown}, in UTF-8.")


def schema(missing: list[str]) -> Finding:
    """Whether the tables are those of this version."""
    if missing:
        return error("schema", f"The database lacks the revisions {', '.join(missing)}.", "Run `heliograph migrate`.")
    return ok("schema", "The database has this version's tables.")


def queue(found: Condition) -> Finding:
    """Whether work that is due gets done."""
    minutes = int(found.waited.total_seconds() // 60)
    if found.is_stuck:
        sentence = f"Work has been due for {minutes} minutes, and nobody does it."
        return error(
            "queue_stuck", sentence, "Start a worker (`heliograph up` or `heliograph worker`), or read its log."
        )
    return ok("queue_stuck", f"{found.due} jobs are due, {found.running} are being done.")


def dead_jobs(found: Condition) -> Finding:
    """Whether something was given up."""
    if found.dead:
        hint = (
            "Find job_buried and job_failed in the worker's log; it says where in the code. "
            "What they left undone is counted as failed."
        )
        return warning("dead_jobs", f"{found.dead} jobs were set aside because they failed again and again.", hint)
    return ok("dead_jobs", "No job was set aside.")


def worker(found: Condition) -> Finding:
    """Whether any worker lives."""
    if not found.has_worker:
        hint = "Start `heliograph up`, or `heliograph worker` beside `heliograph serve`."
        return error("no_worker", "No worker showed itself in the last minute: nothing is sent.", hint)
    return ok("no_worker", "A worker is alive.")


def paused_keys(found: Condition, now: datetime) -> Finding:
    """Whether push services refuse a key."""
    if not found.paused_keys:
        return ok("key_paused", "No VAPID key is paused.")
    first = found.paused_keys[0]
    left = int((first.until - now).total_seconds() // 60) + 1
    return error(
        "key_paused",
        f"The VAPID key {first.id} is paused for {left} more minutes ({first.reason}); its deliveries wait.",
        f"Mend the contact or the clock, then `heliograph keys vapid resume {first.id}`.",
    )


def webhooks(found: Condition, now: datetime) -> Finding:
    """Whether receivers of webhooks take what they are told."""
    name = "webhook_failing"
    if not found.failing_webhooks:
        return ok(name, "No webhook's receiver fails.")
    off = [one for one in found.failing_webhooks if one.disabled_reason is not None]
    first = (off or found.failing_webhooks)[0]
    hours = int((now - first.since).total_seconds() // 3600)
    look = f"`heliograph webhooks messages {first.id} --project {first.project_id}` shows what it answers"
    if off:
        sentence = f"The webhook {first.id} was switched off because its receiver failed ({first.disabled_reason})."
        again = f"`heliograph webhooks change {first.id} --project {first.project_id} --on`"
        return error(name, sentence, f"{look}; mend the receiver, then {again}.")
    return warning(name, f"The receiver of the webhook {first.id} has been failing for {hours} hours.", f"{look}.")


def contacts(projects: list[Project]) -> Finding:
    """Whether push services would accept each project's contact."""
    for project in projects:
        try:
            vapid.check_subject(project.vapid_subject)
        except ValueError as fault:
            sentence = f"The contact of {project.name} will be refused: {fault}"
            return error("vapid_subject", sentence, _change_of_contact(project))
    # Only then, since what is an error must not hide behind what is none.
    for project in projects:
        if project.vapid_subject == FIRST_CONTACT:
            sentence = f"The project {project.name} still has the contact of the first start: nobody can write to you."
            return warning("vapid_subject", sentence, _change_of_contact(project))
    return ok("vapid_subject", "Every project has a contact that push services accept.")


def _change_of_contact(project: Project) -> str:
    return f"`heliograph projects change --project {project.id} --contact mailto:you@your-domain`."


def origins(projects: list[Project], *, public: bool) -> Finding:
    """Whether the pages that may subscribe can."""
    for project in projects:
        change = f"`heliograph projects origins --project {project.id}` shows, adds and removes them."
        if not project.origins:
            return warning("origins", f"No page may subscribe its visitors to {project.name}.", change)
        plain = [origin for origin in project.origins if not origin.startswith("https://")]
        if public and plain:
            return warning("origins", f"{project.name} allows {plain[0]}, which is not https.", change)
    return ok("origins", "Every project has pages that may subscribe.")
