"""Signing in with an account elsewhere: OpenID Connect providers, an LDAP directory, a proxy's header."""
