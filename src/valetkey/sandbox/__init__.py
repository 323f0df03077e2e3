"""The agent's side: how a run's credentials reach an SDK, and nothing else.

It exports no names here on purpose: `credential_process` passes through this file on every start
of every AWS command line, and importing the room's other modules would cost it tens of
milliseconds. Import from the modules.
"""
