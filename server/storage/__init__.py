"""Storage behind `server/ports.py`: SQLite through SQLAlchemy."""
