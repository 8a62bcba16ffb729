"""The schema's history, one file per revision, run by `storage/migrate.py` through Alembic."""
