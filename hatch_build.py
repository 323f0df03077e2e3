"""Hatchling's hook: a wheel for the target in VALETKEY_TARGET carries the static program.

Without the variable the wheel is for every platform and has the Python program alone.
"""

import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).resolve().parent))

from native.build import SCRATCH, TARGETS, build

VARIABLE = "VALETKEY_TARGET"


class StaticProgram(BuildHookInterface[Any]):
    """Compiles the program and puts it beside the Python one."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Return what the build needs besides Hatchling: the compiler, where it is to compile."""
        return ["ziglang>=0.16"] if os.environ.get(VARIABLE) else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the program and its platform's tag to the wheel that is built.

        Raises SystemExit where VALETKEY_TARGET names no target or the compiler is not there.
        """
        target = os.environ.get(VARIABLE)
        if not target or version == "editable":
            return
        program = build(target, SCRATCH / target / "credential-process")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{TARGETS[target].wheel_platform}"
        build_data["force_include"][str(program)] = "valetkey/sandbox/credential-process"
