"""One module for each `safar` command. Each imports what it needs when it runs, so that `safar --help` is instant."""
