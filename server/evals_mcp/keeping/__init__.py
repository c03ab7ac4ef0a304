"""Backups of databases: made, checked and restored. `store.removal` has what deletes."""
