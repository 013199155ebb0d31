"""People and their accounts: the actions that change them, and the pages on which they do it themselves."""
