"""One module per thing that can be measured."""
