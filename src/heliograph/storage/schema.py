"""What all tables share: the metadata that they register with, and the type of identifiers."""

from sqlalchemy import MetaData, String

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# By bytes on PostgreSQL too, as on SQLite and in Python: ranges and pages are cut by comparing identifiers.
ID = String(40).with_variant(String(40, collation="C"), "postgresql")
