"""The process that serves one app: `python -m portico.serve.runner`, told what to do by PORTICO_RUNNER."""
