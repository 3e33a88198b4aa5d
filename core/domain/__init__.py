"""Pure decisions: no network, no database, no clock."""
