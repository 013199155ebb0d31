"""A verb that has verbs of its own, like `portico user`."""

from __future__ import annotations

import click


class Family(click.Group):
    """A group whose help shows the whole first sentence of each verb; click would cut it to one line."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The verbs, each with its sentence over as many lines as it needs."""
        verbs = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, verb.get_short_help_str(limit=1000)) for name, verb in verbs.items() if verb]
            )
