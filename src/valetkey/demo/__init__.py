"""The main job on one machine: two people's agents, really signed tokens, an AWS that says no."""

from valetkey.demo.story import Demo, Report

__all__ = ["Demo", "Report"]
