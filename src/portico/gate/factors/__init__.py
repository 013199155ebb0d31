"""What a person proves with beside the password: codes of an authenticator app, passkeys, recovery codes."""
