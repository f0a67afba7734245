"""The checks of `knowledge.lint`, by what they look at: texts, wording, facts, finding. Imports `knowledge` only."""
