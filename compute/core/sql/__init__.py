"""The rooms' database: transactions, migrations, rows as records."""
