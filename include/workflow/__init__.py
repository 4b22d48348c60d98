"""One use case a file: what the DAG, the command line and the backtest call, and nothing below it."""
