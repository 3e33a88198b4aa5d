"""The local database: the only SQL and the only user of DuckDB. Start at `store.Store`."""
