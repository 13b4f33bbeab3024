"""``python -m summitgraph``: the command line."""

from summitgraph.cli import main

if __name__ == "__main__":
    main(prog_name="summitgraph")
