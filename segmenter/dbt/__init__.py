"""A model as a dbt package: rules as a seed, models, macros, tests, docs; and a plugin for dbt."""
