"""The store: SQLite or PostgreSQL through SQLAlchemy Core. One file of queries per aggregate."""
