"""A command whose options are given once each, but for those that take several: the library would take the last silently."""

from collections import Counter
from typing import Any

import typer
from typer.core import TyperCommand, TyperOption


class Once(TyperCommand):
    """Refuses an option that is given again with a value."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # its context is the library's own type
        """As the library does; raises typer.BadParameter first."""
        _, _, given = self.make_parser(ctx).parse_args(args=list(args))
        for option, times in Counter(given).items():
            if times > 1 and isinstance(option, TyperOption) and not (option.multiple or option.is_flag):
                raise typer.BadParameter(f"was given {times} times; give it once", ctx, option)
        return super().parse_args(ctx, args)
