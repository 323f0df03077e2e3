"""Compose the program: `serving` is the broker as a process, `in_process` the one inside a command.

It exports no names: each of the two imports only what it needs.
"""
