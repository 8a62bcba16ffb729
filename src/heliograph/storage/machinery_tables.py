"""Tables of the machinery itself: its work, who leads, what was done and what was answered."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, PrimaryKeyConstraint, String, Table, Text, text

from heliograph.storage.schema import ID, metadata
from heliograph.storage.types import Instant, Json

jobs = Table(
    "jobs",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", String(40), nullable=False),
    Column("args", Json, nullable=False),
    Column("priority", Integer, nullable=False),  # 0 goes first
    Column("run_at", Instant, nullable=False),
    Column("state", String(8), nullable=False),  # ready | running | dead
    Column("attempts", Integer, nullable=False),
    Column("claimed_by", String(128)),  # a worker's name: the machine's, which has up to 64 characters, and more
    Column("lease_until", Instant),
    Column("last_error", Text),
    Column("dedupe_key", String(128), unique=True),
    Column("created_at", Instant, nullable=False),
    Index(
        "ix_jobs_ready",
        "priority",
        "run_at",
        "id",
        sqlite_where=text("state = 'ready'"),
        postgresql_where=text("state = 'ready'"),
    ),
    Index("ix_jobs_dead", "id", sqlite_where=text("state = 'dead'"), postgresql_where=text("state = 'dead'")),
    Index(
        "ix_jobs_lease",
        "lease_until",
        sqlite_where=text("state = 'running'"),
        postgresql_where=text("state = 'running'"),
    ),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(40), primary_key=True),  # one leader per name, such as the clock
    Column("holder", String(128), nullable=False),  # a worker's name
    Column("until", Instant, nullable=False),
)

idempotency_keys = Table(
    "idempotency_keys",  # what was answered first, written in the transaction of the effect
    metadata,
    Column("scope", ID, nullable=False),  # the caller's project, or "installation"
    Column("key", String(255), nullable=False),  # the caller's own
    Column("fingerprint", LargeBinary, nullable=False),  # SHA-256 of route and body
    Column("status", Integer, nullable=False),
    Column("answer", LargeBinary, nullable=False),  # sealed: it may hold a secret that is shown once
    Column("expires_at", Instant, nullable=False),
    PrimaryKeyConstraint("scope", "key"),
    Index(None, "expires_at"),
)

audit_log = Table(
    "audit_log",  # administrative acts, written in the transaction of the act; never holds a secret
    metadata,
    Column("id", ID, primary_key=True),
    Column("project_id", ID),  # no foreign key: the log outlives the project
    Column("actor_kind", String(16), nullable=False),  # key | account | cli | machine
    Column("actor_id", Text),  # the API key's identifier, or the login name of who ran the command
    Column("act", String(40), nullable=False),
    Column("subject_id", Text),
    Column("details", Json, nullable=False),
    Column("request_id", String(64)),
    Column("at", Instant, nullable=False),
    Index(None, "project_id", "id"),
)

rate_buckets = Table(
    "rate_buckets",  # of domain.rate; a row whose instant has passed says the same as no row
    metadata,
    Column("scope", String(80).with_variant(String(80, collation="C"), "postgresql"), primary_key=True),
    Column("free_at", BigInteger, nullable=False),  # nanoseconds since 1970: its next free slot
    Index(None, "free_at"),
)
